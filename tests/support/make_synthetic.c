/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make-synthetic FILE [KEY=VALUE…]: a synthetic dataset for tests that start whole programs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "tests/support/synthetic_run.h"

static const double ladder[] = { 0, 25, 50, 75, 100, 125, 150, 175, 200 };

/* Every numeric knob of a plan that the command line may turn. */
static bool
turn(SyntheticPlan *plan, const char *key, double value)
{
    const struct {
        const char *key;
        double *knob;
    } knobs[] = {
        { "measure_seconds", &plan->measure_seconds },
        { "settle_seconds", &plan->settle_seconds },
        { "drop_seconds", &plan->drop_seconds },
        { "clock_offset_s", &plan->clock_offset_s },
        { "clock_drift_ppm", &plan->clock_drift_ppm },
        { "clock_step_ms", &plan->clock_step_ms },
        { "lost_ratio", &plan->lost_ratio },
        { "fidelity_ratio", &plan->fidelity_ratio },
        { "knee_percent", &plan->knee_percent },
        { "effect", &plan->effect },
        { "visit_sd", &plan->visit_sd },
        { "window_sd", &plan->window_sd },
        { "within_slope", &plan->within_slope },
        { "wrong_steal", &plan->wrong_steal },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(knobs); i++) {
        if (!g_str_equal(knobs[i].key, key))
            continue;
        *knobs[i].knob = value;
        return true;
    }
    return false;
}

static bool
turn_count(SyntheticPlan *plan, const char *key, double value)
{
    if (g_str_equal(key, "seed"))
        plan->seed = (guint64) value;
    else if (g_str_equal(key, "repeats"))
        plan->repeats = (guint) value;
    else if (g_str_equal(key, "pool_cpus"))
        plan->pool_cpus = (guint) value;
    else if (g_str_equal(key, "shape"))
        plan->shape = (SyntheticShape) value;
    else if (g_str_equal(key, "restart"))
        plan->restart = value != 0;
    else if (g_str_equal(key, "ladder") && value == 9) {
        plan->steps_percent = ladder;
        plan->n_steps = G_N_ELEMENTS(ladder);
    } else
        return false;
    return true;
}

int
main(int argc, char **argv)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(GError) error = NULL;

    for (int i = 2; i < argc; i++) {
        g_auto(GStrv) pair = g_strsplit(argv[i], "=", 2);
        double value;

        if (g_strv_length(pair) == 2 && g_str_equal(pair[0], "counters")) {
            plan.counters = argv[i] + strlen("counters=");
            continue;
        }
        if (g_strv_length(pair) != 2 || !text_to_double(pair[1], &value, NULL) ||
            !(turn(&plan, pair[0], value) || turn_count(&plan, pair[0], value))) {
            fprintf(stderr, "make-synthetic: “%s” is no knob\n", argv[i]);
            return 2;
        }
    }
    if (argc < 2 || !synthetic_run_write(&plan, argv[1], &error)) {
        fprintf(stderr, "make-synthetic: %s\n", error ? error->message : "wants FILE");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
