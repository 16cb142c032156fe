/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named places where a test makes the program fail:
 *
 *     INSIDEOUT_FAULT=NAME[#N]:ACTION[:ARGUMENT],…
 *
 * The N-th time (the first without #N; every time with #*) that the program comes by NAME, ACTION
 * happens: kill term int hup stop (that signal), exit (at once, ARGUMENT its code, 1 without one),
 * enospc eio emfile enomem (fault_errno() gives it), number (fault_number() gives ARGUMENT; every
 * time without #N). A signal or an exit is told on stderr as “fault point NAME: ACTION”.
 *
 * Meson's option fault-points leaves all of it out. docs/reliability.md lists the names; scripts
 * find them in the sources, so a name is a string literal in the call.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#ifdef INSIDEOUT_FAULT_POINTS

/* A stage is reached. Comes back unless the action ends the process. */
void fault_point(const char *name);

/* The same before a call that may fail: the errno to fail with instead of making it, or 0. */
int fault_errno(const char *name);

/* The number that the environment gives for NAME, else `fallback`. */
double fault_number(const char *name, double fallback);

/* For main(), before anything is done: false when INSIDEOUT_FAULT is not of the form above. */
bool fault_check(GError **error);

/*
 * The part of INSIDEOUT_FAULT whose names begin with `prefix`, to hand on to another program; NULL:
 * there is none. Free with g_free().
 */
char *fault_words(const char *prefix);

/* Reads INSIDEOUT_FAULT anew and counts from the start. For tests; not safe beside other threads.
 */
bool fault_reload(GError **error);

#else

static inline void
fault_point(const char *name)
{
}

static inline int
fault_errno(const char *name)
{
    return 0;
}

static inline double
fault_number(const char *name, double fallback)
{
    return fallback;
}

static inline bool
fault_check(GError **error)
{
    return true;
}

static inline char *
fault_words(const char *prefix)
{
    return NULL;
}

#endif
