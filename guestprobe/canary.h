/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A canary: short bursts of always the same branches on each of the guest's CPUs, and how many of
 * them were mispredicted. What they cost does not depend on what else the guest does, as far as the
 * predictor keeps them apart: it depends on who else had the predictor since the last burst.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "guestprobe/counter_set.h"

/* A burst: what is counted, and what comes before and after it. */
typedef struct {
    unsigned words;     /* rounds of the counted pass, see canary_kernel.h */
    unsigned trainings; /* passes behind it that nobody counts: the predictor learns anew */
    unsigned gap_us;    /* on the CPU before it, behind trainings of their own; 0: none */
    unsigned period_ms; /* between bursts, an eighth more or less at random */
} CanaryForm;

/* The one that guestprobe sings. */
extern const CanaryForm canary_form;

/* Cumulative, of one CPU. */
typedef struct {
    uint64_t branches, misses; /* of the bursts that were kept */
    uint64_t kept, dropped;    /* bursts; dropped: the guest itself switched, or nothing counted */
    uint64_t gaps; /* bursts kept although something stood still in them: a host's gap */
} CanaryCounts;

typedef struct Canary Canary;

/*
 * Starts one thread on each CPU of `set`, before ordinary processes where that is permitted. It
 * takes no counter more: a PMU's are read in place (the set must outlive the canary), the emulated
 * page is opened once more. NULL: branch-misses are not among the set's events or not counted.
 * `form` NULL: canary_form.
 */
Canary *canary_start(const Sysroot *root, CounterSet *set, const CanaryForm *form);
void canary_stop(Canary *canary); /* waits for its threads: at most a period */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Canary, canary_stop)

/* Zeros for a CPU that has none, and for a Canary that is NULL. */
CanaryCounts canary_counts(const Canary *canary, int cpu);
/* Of all CPUs together. */
CanaryCounts canary_total(const Canary *canary);
