/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where in the host's record a guest's file lies. */
#pragma once

#include "common/dataset/reader.h"
#include "common/judge/perf_file.h"
#include "correlate/join.h"

/* Something that both sides see going up and down, cumulative on the host's side. */
typedef struct {
    GArray *raw_ns; /* int64_t */
    GArray *count;  /* double */
} JoinHost;

/* The host's guest-mode count of `column`, else the time its thread ran. NULL: no rows, or
 * unreadable. */
JoinHost *join_host_load(DatasetReader *reader, const DatasetGuest *guest, const char *column,
                         GError **error);
void join_host_free(JoinHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JoinHost, join_host_free)

/* `guess_raw_ns` 0: search the whole record. False: neither a stamp nor a clear peak. */
bool join_fit(const JoinHost *host, const PerfFile *file, int event, int64_t guess_raw_ns,
              double search_seconds, JoinFit *ret_fit);
