/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting a known loop in a guest from both sides: alone, with the host counting, alone again.
 * The guest is behind two functions, so that a simulated one can stand there.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/pmu/counter_source.h"
#include "common/wire/message.h"
#include "hostctl/selftest/judge.h"

/* The guest's counts just before and just behind a loop. */
typedef struct {
    CounterReading before, after;
    int64_t duration_ns;
} TrialLoop;

typedef struct {
    /* The guest opens these events; `ret_errnos`: 0 or why each does not count. */
    bool (*arm)(void *context, const char *const *events, int *ret_errnos, GError **error);
    bool (*loop)(void *context, WireLoop loop, uint32_t rounds, TrialLoop *ret_loop,
                 GError **error);
    void *context;

    CounterSource source; /* of both sides: hardware or emulated */
    CounterTarget vcpu;   /* as the host counts it; its mode is set here */
    bool together;        /* all events fit at once; else each stands with cycles alone */
    const SelftestRule *rules;
    size_t n_rules; /* at most EVENT_MAX */
} TrialSubject;

typedef struct {
    SelftestFacts facts[EVENT_MAX]; /* by rule */
    bool mediated;
    bool host_mode_counts; /* cycles of host mode moved; on the page: false, there is none */
    char *host_mode_problem;
} TrialResult;

/* Errors: a guest that does not answer, counters that cannot be read. Clear the result always. */
bool trial_run(const TrialSubject *subject, TrialResult *ret_result, GError **error);
void trial_result_clear(TrialResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrialResult, trial_result_clear)
