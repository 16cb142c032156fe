/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says in words why the kernel refused an event, and what to do about it. Private to common/pmu. */
#pragma once

#include "common/base/failure.h"
#include "common/pmu/pmu_group.h"

/* "thread 123", "CPU 2", "this thread". Free with g_free(). */
char *pmu_target_describe(const PmuTarget *target);

/*
 * The reason and the remedy, without event and target: "not permitted; run as root …". `refusal` is
 * the errno of perf_event_open(2), `n_before` the events that the group has already. *ret_code is
 * FAILURE_UNSUPPORTED when the machine cannot do it at all, else FAILURE_FAILED. Free with
 * g_free().
 */
char *pmu_refusal_reason(int refusal, const PmuEvent *event, unsigned n_before,
                         FailureCode *ret_code);
