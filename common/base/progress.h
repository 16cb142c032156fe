/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run is doing and how long it will take: one line on stderr that is rewritten on a
 * terminal, one line per step elsewhere.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct Progress Progress;

/* `out` is lent; NULL: says nothing. */
Progress *progress_new(FILE *out);
void progress_free(Progress *progress); /* ends the line */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* "[12/28] noisy 150 %, repeat 1: …, 3 min left". `left_ns` < 0: not known yet. */
void progress_say(Progress *progress, unsigned done, unsigned total, int64_t left_ns,
                  const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Also called with what is said, whether or not it is printed. `what` is lent. */
typedef void (*ProgressWatch)(unsigned done, unsigned total, int64_t left_ns, const char *what,
                              void *data);
void progress_watch(Progress *progress, ProgressWatch watch, void *data);

/* Ends the line, so that something else may be printed. */
void progress_end(Progress *progress);

/* "3 min 20 s". Free with g_free(). */
char *progress_duration(int64_t ns);
