/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Was a visit what it claims? With N vCPUs always runnable on P' CPUs, the time they wait is known
 * in closed form: Σdelay / Σ(delay + run) = max(0, 1 - P'/N). Where quotas allow the vCPUs less
 * than P' CPUs, that stands for P': the kernel counts throttled time as waiting.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/dataset/reader.h"

/* NAN where not computed. */
typedef struct {
    const char *condition; /* owned by the reader */
    const char *kind;
    int64_t visit_id, repeat;
    double vp_percent, load_percent, core_percent;
    int64_t loaded_vcpus; /* N; -1: not known */
    double other_cpus;    /* of the pool, used by everything else */
    double expected_ratio, measured_ratio, micro_ratio;
    double tolerance;
    double lowest_coverage; /* of a loaded vCPU: (run + delay) / wall */
    double jain;            /* fairness of the loaded bulk guests' run time: 1 is equal; NAN */
    int pass;               /* 1, 0; -1: cannot be judged, see `reason` */
    const char *reason;     /* why not passed or not judged; NULL when passed */
} StealCheck;

/* One row for a visit that ended well. False: the dataset could not be read. */
bool steal_check(DatasetReader *reader, const DatasetVisit *visit, StealCheck *ret_check,
                 GError **error);
