/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the command line of a QEMU process says. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

/* The arguments of a process; NULL when it is gone or a kernel thread. Free with g_strfreev(). */
char **qemu_arguments_read(const Sysroot *root, pid_t pid);

/* The one behind the first `option`; NULL when there is none. Points into `arguments`. */
const char *qemu_argument_after(char **arguments, const char *option);

/* The file of the emulated counters that a guest of hostctl's shares with the host; NULL for a
 * guest without. Free with g_free(). */
char *qemu_counter_page(char **arguments);

/* The size in the argument of -m ("192", "size=196608k,slots=4"); MiB without a unit. */
bool qemu_memory_parse(const char *argument, uint64_t *ret_kib);

/* The guest's name out of the argument of -name ("guest=a,,b,debug-threads=on" is
 * "a,b"). */
char *qemu_name_parse(const char *argument);
