/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guests of a host, kept up to date by looking now and then, at a small cost. */
#pragma once

#include "hostctl/collect/qemu_process.h"

typedef struct QemuList QemuList;

/* Empty until the first look. `root` must outlive it. */
QemuList *qemu_list_new(const Sysroot *root);
void qemu_list_free(QemuList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuList, qemu_list_free)

/*
 * Looks who runs. Every tenth look reads everything; between them a process that has as many
 * threads as before is taken to have the same, and one that was no QEMU at two looks to be none
 * still. So a vCPU that was plugged in while one of QEMU's workers ended, or a QEMU that took the
 * place of a program which had run for a while, is found up to ten looks later; whoever follows a
 * vCPU sees its end at once (SCHED_GONE). Error: /proc cannot be read; the list is as it was then.
 */
bool qemu_list_look(QemuList *list, GError **error);

/* The next look reads everything: something is not as the list says. */
void qemu_list_doubt(QemuList *list);

/* QemuProcess, by name and then pid; valid until the next look. */
const GPtrArray *qemu_list_processes(const QemuList *list);
