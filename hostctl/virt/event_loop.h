/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt's event loop: without it no answer of QEMU's monitor is read. One thread a process. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Starts it the first time; later calls do nothing. Also silences libvirt's own error printing. */
bool event_loop_start(GError **error);
