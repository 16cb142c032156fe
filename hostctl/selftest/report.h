/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a self-test found, as a table for people and as JSON. */
#pragma once

#include <stdio.h>

#include "hostctl/selftest/clock_check.h"
#include "hostctl/selftest/trial.h"

#define SELFTEST_FORMAT 1

typedef struct {
    CounterSource source;
    const char *summary; /* how the guest ran */
    const SelftestRule *rules;
    size_t n_rules;
    const TrialResult *trial;
    const SelftestFinding *findings; /* by rule */
    const ClockCheck *clock;
} SelftestReport;

void selftest_report_text(const SelftestReport *report, FILE *out);
void selftest_report_json(const SelftestReport *report, FILE *out);

/*
 * Whether all of it passes; else an error of code FAILURE_NO that names the events, and the clock,
 * that do not.
 */
bool selftest_report_verdict(const SelftestReport *report, GError **error);
