/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run that left its terminal is doing: one small file in STATE/runs, written anew at each
 * step of the run and read by `hostctl status`. The file outlives the run.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/state.h"

typedef struct {
    char *id;   /* "quick-2": the plan's name and a number */
    char *plan; /* paths */
    char *dataset;
    char *log;     /* what it says */
    char *state;   /* starting, running, complete, interrupted, failed */
    char *message; /* what it does, or why it ended */
    char *boot_id;
    int64_t pid, starttime; /* who writes the file */
    int64_t visits_done, visits_total;
    int64_t left_ns; /* when it was written; -1: not known */
    int64_t started_wall_ns, updated_wall_ns;
    char *path; /* of the file */
} RunRecord;

/* A new file of the first number that is free, in the state "starting" and of this process. */
RunRecord *run_record_new(const State *state, const char *name, const char *plan,
                          const char *dataset, GError **error);
void run_record_free(RunRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunRecord, run_record_free)

/* The process that runs from here on is this one. */
void run_record_claim(RunRecord *record);

/* Replaces the text of a member ("state", "message"). */
void run_record_set(char **member, const char *text);

/* Writes the file as a whole or not at all, with the present time. */
bool run_record_write(RunRecord *record, GError **error);

/* All of them, the oldest first (RunRecord); what is no record is passed over. Free with
 * g_ptr_array_unref(). */
GPtrArray *run_record_list(const State *state);

/* Its state, or "killed" when it says that it runs and its process is gone. */
const char *run_record_state(const RunRecord *record);

/* What is left now; -1: not known, or ended. */
int64_t run_record_left_ns(const RunRecord *record, int64_t now_wall_ns);
