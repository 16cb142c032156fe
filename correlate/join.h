/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest's own perf file put beside what its host recorded: found in time by the wall stamp of
 * both, then by where the guest's and the host's counts correlate best.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *guest_name;  /* in the host's dataset; NULL: its only guest */
    int64_t started_wall_ns; /* when the guest's file began; 0: what the file says, else unknown */
    double search_seconds;   /* how far wall stamps may be wrong */
} JoinOptions;

typedef struct {
    int64_t start_raw_ns; /* host time at which the guest's file began */
    double correlation;   /* there; NAN: by the wall stamp alone */
    double bound_seconds; /* the shift is known so well */
} JoinFit;

/*
 * Writes a dataset of one visit: the guest's windows and the host's rows of that time. Its bound is
 * the half width of the shifts whose correlation is not clearly lower than the best one (Fisher's
 * z), at least one step of the search; with no clear peak the wall stamp decides, and the bound is
 * its second. Errors: no overlap in time, no guest of that name, neither stamp nor peak.
 */
bool join_write(const char *host_path, const char *guest_path, const JoinOptions *options,
                const char *path, JoinFit *ret_fit, GError **error);
