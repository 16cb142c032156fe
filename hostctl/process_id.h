/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A process that can be recognised later: its pid may be somebody else's by then. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat of this machine; false when there is no such process. */
bool process_starttime(pid_t pid, uint64_t *ret_starttime);

/* A random text that is new at each boot of this machine. Free with g_free(). */
char *process_boot_id(void);

/* What the process was started as, on one line, made printable; NULL when it is gone. Free with
 * g_free(). */
char *process_command_line(pid_t pid);
