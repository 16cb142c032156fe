/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every QEMU of this host by its command line, whatever made it and whichever libvirt knows it.
 * For questions of safety: no process is left out because its threads cannot be told apart.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

typedef struct {
    pid_t pid;
    char *name;         /* -name guest=NAME; "process PID" when it has none */
    char *uuid;         /* -uuid; NULL when it has none */
    bool ours;          /* it has the probe's channel */
    char *command_line; /* arguments with blanks between */
} HostQemu;

void host_qemu_free(HostQemu *qemu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostQemu, host_qemu_free)

/* By pid (HostQemu). Free with g_ptr_array_unref(). */
bool host_qemu_list(const Sysroot *root, GPtrArray **ret_qemus, GError **error);

/*
 * Page sharing and other settings reach all guests of the host. False, naming them, when some are
 * not ours and `shared_host` is false; `action` says what is refused ("KSM is not changed").
 */
bool host_qemu_allow(const Sysroot *root, const char *action, bool shared_host, GError **error);

/* Ends the one of ours that has this uuid on the live machine; *ret_killed: there was one. */
bool host_qemu_kill(const char *uuid, bool *ret_killed, GError **error);
