/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program that is started in two steps: a process that waits, so that counters can be attached
 * to it, and its exec(3). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    const char *const *argv; /* NULL-terminated; the program is looked for in PATH */
    const char *const *env;  /* "NAME=value", added to our own; NULL: none */
    bool detached;           /* own session, /dev/null as its input and output, ended when we end */
} ChildSpec;

typedef struct {
    pid_t pid;
    int go_fd, result_fd; /* open between the two steps */
} Child;

/* Forks; the child has our environment and no signal blocked. 0, or the errno that forbade it. */
int child_fork(const ChildSpec *spec, Child *ret_child);

/* Lets it exec. 0, or the errno of exec(3): the process is then gone and waited for. */
int child_exec(Child *child);

/* Gives up between the two steps: the process ends without exec and is waited for. */
void child_cancel(Child *child);

/* The exit code that a shell would give: the program's own, or 128 + the signal that ended it. */
int child_exit_code(int wait_status);
