/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/window.h"

#include <math.h>

const char *
window_verdict_name(WindowVerdict verdict)
{
    static const char *const names[] = {
        [WINDOW_OK] = "ok",
        [WINDOW_SCALED] = "scaled",
        [WINDOW_STARVED] = "starved",
        [WINDOW_INVALID] = "invalid",
    };

    return names[verdict];
}

static bool
counted(const CounterReading *before, const CounterReading *after, unsigned i)
{
    return i < before->n_values && i < after->n_values &&
           before->values[i] != COUNTER_NOT_COUNTED && after->values[i] != COUNTER_NOT_COUNTED;
}

static bool
contradict(const CounterReading *before, const CounterReading *after)
{
    if (after->restarted || before->n_values != after->n_values ||
        after->enabled_ns < before->enabled_ns || after->running_ns < before->running_ns ||
        after->running_ns - before->running_ns > after->enabled_ns - before->enabled_ns)
        return true;
    for (unsigned i = 0; i < after->n_values; i++)
        if (counted(before, after, i) && after->values[i] < before->values[i])
            return true;
    return false;
}

static bool
stood_still(const CounterReading *before, const CounterReading *after, const WindowWitness *witness)
{
    return witness && witness->busy_ns >= WINDOW_BUSY_MIN_NS &&
           counted(before, after, witness->event) &&
           after->values[witness->event] == before->values[witness->event];
}

static WindowVerdict
judge(const CounterReading *before, const CounterReading *after, const WindowWitness *witness)
{
    uint64_t enabled_ns = after->enabled_ns - before->enabled_ns;
    uint64_t running_ns = after->running_ns - before->running_ns;

    if (contradict(before, after))
        return WINDOW_INVALID;
    if (enabled_ns > 0 && running_ns == 0)
        return WINDOW_STARVED;
    if (stood_still(before, after, witness))
        return WINDOW_INVALID;
    return running_ns < enabled_ns ? WINDOW_SCALED : WINDOW_OK;
}

void
window_between(const CounterReading *before, const CounterReading *after,
               const WindowWitness *witness, Window *ret_window)
{
    Window window = { .verdict = judge(before, after, witness), .scale = NAN };
    bool has_values;

    window.n_values = after->n_values;
    if (window.verdict != WINDOW_INVALID) {
        window.enabled_ns = after->enabled_ns - before->enabled_ns;
        window.running_ns = after->running_ns - before->running_ns;
    }
    has_values = window.verdict == WINDOW_OK || window.verdict == WINDOW_SCALED;
    if (has_values)
        window.scale = window.verdict == WINDOW_OK
                           ? 1
                           : (double) window.enabled_ns / (double) window.running_ns;
    for (unsigned i = 0; i < window.n_values; i++)
        window.values[i] = has_values && counted(before, after, i)
                               ? (double) (after->values[i] - before->values[i]) * window.scale
                               : NAN;

    *ret_window = window;
}
