/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command that goes on without its terminal. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool parent;  /* the one that was called; it has nothing left to do but to say so */
    int ready_fd; /* of the other: detach_ready() */
} Detach;

/*
 * Forks. The new process has a session of its own, nothing on standard input and both outputs in
 * the file at `log_path`; it returns first, with `parent` false, and must call detach_ready(). The
 * one that was called returns when that was done: false with what the other said went wrong. No
 * thread may run yet.
 */
bool detach_fork(const char *log_path, Detach *ret_detach, GError **error);

/* `problem` NULL: it works. Once. */
void detach_ready(Detach *detach, const GError *problem);
