/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows judged as they are counted. Which threshold judges is settled by the first window from
 * which any estimator has a value; until then there is no verdict.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/judge/judge.h"
#include "common/pmu/counter_source.h"
#include "common/pmu/stat_window.h"
#include "guestprobe/hypervisor.h"

/*
 * What this guest knows of itself that thresholds belong to. The host's mitigations are not among
 * it: what a guest's kernel says of its CPU is about itself. `cpu_model` and `load` (either may be
 * NULL) are what a person says. Clear with threshold_key_clear().
 */
ThresholdKey guest_key(const Sysroot *root, CpuidFunc cpuid, CounterSource source,
                       const char *cpu_model, const char *load);

typedef struct LiveJudge LiveJudge;

/* Takes the contents of `here`. An error names the file and the JSON path. */
LiveJudge *live_judge_new(const char *path, const char *estimator, ThresholdKey *here,
                          GError **error);
void live_judge_free(LiveJudge *live);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LiveJudge, live_judge_free)

/* Judges the window, and lets it point to the verdict, which holds until the next one. */
JudgedWindow live_judge_window(LiveJudge *live, StatWindow *window);

const Judge *live_judge_state(const LiveJudge *live);

/* The guest's view of a counted window; nothing is known in it of steal and canary. */
GuestView stat_window_view(const StatWindow *window);
