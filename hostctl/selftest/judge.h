/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The judgement over one event: a guest ran a loop whose counts are known three times, before the
 * host counted it, while it did, and when it had stopped.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pmu/window.h"

typedef enum {
    SELFTEST_OK,
    SELFTEST_MEDIATED,    /* the guest counts right; the host may not count guest mode */
    SELFTEST_STARVED,     /* opened, and stood still: somebody else has the counters */
    SELFTEST_MULTIPLEXED, /* counted part of the time only */
    SELFTEST_ZERO,        /* supported, and counted nothing although nobody competed */
    SELFTEST_DISAGREES,   /* counted, and one side, the loop or another moment says otherwise */
    SELFTEST_UNSUPPORTED, /* one side cannot count it at all */
} SelftestVerdict;

/* "ok", "mediated", "starved", "multiplexed", "zero-but-supported", "disagrees", "unsupported". */
const char *selftest_verdict_name(SelftestVerdict verdict);
/* ok and mediated are fit for ground truth. */
bool selftest_verdict_passes(SelftestVerdict verdict);

/* What is known about an event beforehand. NAN: nothing is. */
typedef struct {
    const char *event;
    bool loads;                   /* judged by the loop of loads, else by that of branches */
    double known_per_round;       /* what one round counts */
    double known_low, known_high; /* guest count over the known one */
    double agree_low, agree_high; /* guest count over the host's of the same */
    double change_percent;        /* the guest's count may change by, when host counting begins or
                                     ends */
} SelftestRule;

/* cycles, instructions, branches, branch-misses, cache-misses. */
extern const SelftestRule selftest_rules[];
extern const size_t selftest_rules_length;

typedef struct {
    WindowVerdict verdict;
    double count; /* NAN: not counted */
} SelftestCount;

/* What was seen of one event. */
typedef struct {
    uint32_t rounds; /* of each loop */
    bool mediated;   /* the kernel refuses guest mode to the host */
    bool one_page;   /* both sides read the emulated page: all bounds are the narrow ones */
    int guest_errno, host_errno;
    char *problem;                    /* why it does not count, in words; NULL; owned */
    SelftestCount alone, with, after; /* the guest's */
    SelftestCount host;               /* of guest mode, beside `with` */
} SelftestFacts;

typedef struct {
    SelftestVerdict verdict;
    double known_ratio;                  /* guest over known */
    double agreement_ratio;              /* guest over host */
    double begins_percent, ends_percent; /* change of the guest's count */
    char *reason; /* one sentence that names the event; NULL when ok; owned */
} SelftestFinding;

/* Pure. Ratios that do not apply are NAN. Clear with selftest_finding_clear(). */
void selftest_judge(const SelftestRule *rule, const SelftestFacts *facts,
                    SelftestFinding *ret_finding);
void selftest_finding_clear(SelftestFinding *finding);
