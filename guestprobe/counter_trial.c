/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/counter_trial.h"

#include <errno.h>
#include <sched.h>

#include "common/base/json_text.h"
#include "common/pmu/window.h"
#include "common/wire/message.h"
#include "guestprobe/known_loop.h"

#define ROUNDS 500000u
#define LOADS 200000u

const char *const counter_trial_events[COUNTER_TRIALS + 1] = { "cycles",       "instructions",
                                                               "branches",     "branch-misses",
                                                               "cache-misses", NULL };

const char *
trial_state_name(TrialState state)
{
    static const char *const names[] = {
        [TRIAL_COUNTS] = "counts",           [TRIAL_TOO_FEW] = "too-few",
        [TRIAL_ZERO] = "zero-but-supported", [TRIAL_MULTIPLEXED] = "multiplexed",
        [TRIAL_STARVED] = "starved",         [TRIAL_UNSUPPORTED] = "not-supported",
        [TRIAL_REFUSED] = "refused",
    };

    return names[state];
}

static TrialState
refused(int errno_value)
{
    return errno_value == ENOENT || errno_value == EOPNOTSUPP ? TRIAL_UNSUPPORTED : TRIAL_REFUSED;
}

static TrialState
judge(const CounterReading *before, const CounterReading *after, unsigned i, uint64_t least)
{
    Window window;

    window_between(before, after, NULL, &window);
    if (window.verdict == WINDOW_STARVED || window.verdict == WINDOW_INVALID)
        return TRIAL_STARVED;
    if (!(window.values[i] > 0))
        return TRIAL_ZERO;
    if (window.verdict == WINDOW_SCALED)
        return TRIAL_MULTIPLEXED;
    return window.values[i] < (double) least ? TRIAL_TOO_FEW : TRIAL_COUNTS;
}

/*
 * The worst of `n` events from the `first` on. A software event goes with them, so that they are
 * opened and say each for itself why they do not count: where not even that may be had, all is
 * refused.
 */
static TrialState
try_events(CounterSource source, const CounterTarget *target, unsigned first, unsigned n,
           TrialWork work, void *data)
{
    const char *events[COUNTER_TRIALS + 2] = { NULL };
    g_autoptr(Counters) counters = NULL;
    uint64_t least[COUNTER_TRIALS] = { 0 };
    CounterReading before, after;
    TrialState worst = TRIAL_COUNTS;

    for (unsigned i = 0; i < n; i++)
        events[i] = counter_trial_events[first + i];
    events[n] = "page-faults";
    counters = counters_open(source, target, events, NULL);
    if (!counters)
        return TRIAL_REFUSED;
    if (!counters_read(counters, &before, NULL))
        return TRIAL_STARVED;
    work(data, least);
    if (!counters_read(counters, &after, NULL))
        return TRIAL_STARVED;
    for (unsigned i = 0; i < n; i++) {
        int errno_value = counters_event_errno(counters, i);
        TrialState state =
            errno_value ? refused(errno_value) : judge(&before, &after, i, least[first + i]);

        worst = MAX(worst, state);
    }
    return worst;
}

CounterTrials
counter_trials_run(CounterSource source, const CounterTarget *target, TrialWork work, void *data)
{
    CounterTrials trials = { .source = source };

    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        trials.alone[i] = try_events(source, target, i, 1, work, data);
    trials.together = try_events(source, target, 0, COUNTER_TRIALS, work, data);
    return trials;
}

/* `data`: memory for the loads. A predictor misses half of the coins, or nearly. */
static void
work_here(void *data, uint64_t least[COUNTER_TRIALS])
{
    known_loop_branches(ROUNDS);
    if (data)
        known_loop_loads(LOADS, data, KNOWN_LOOP_MEMORY_BYTES);
    least[0] = ROUNDS;
    least[1] = (uint64_t) ROUNDS * WIRE_LOOP_INSTRUCTIONS;
    least[2] = (uint64_t) ROUNDS * WIRE_LOOP_BRANCHES;
    least[3] = ROUNDS / 4;
    least[4] = 1;
}

/* The page is of a vCPU, so the thread stays on one meanwhile. */
static CounterTrials
try_page(EmulatedPage *page, void *memory)
{
    CounterTarget target = { .pmu = { .tid = 0, .cpu = -1 }, .mode = PMU_MODE_SELF, .page = page };
    CounterTrials trials;
    cpu_set_t before, own;

    sched_getaffinity(0, sizeof before, &before);
    target.vcpu = (unsigned) MAX(sched_getcpu(), 0);
    CPU_ZERO(&own);
    CPU_SET(target.vcpu, &own);
    sched_setaffinity(0, sizeof own, &own);
    trials = counter_trials_run(COUNTER_SOURCE_EMULATED, &target, work_here, memory);
    sched_setaffinity(0, sizeof before, &before);
    return trials;
}

CounterTrials
counter_trials_here(const Sysroot *root)
{
    const CounterTarget target = { .pmu = { .tid = 0, .cpu = -1 }, .mode = PMU_MODE_SELF };
    g_autoptr(EmulatedPage) page = emulated_open_guest(root, NULL);
    void *memory = known_loop_memory_new(NULL);
    CounterTrials trials = counter_trials_run(COUNTER_SOURCE_HARDWARE, &target, work_here, memory);

    if (page && trials.together == TRIAL_UNSUPPORTED)
        trials = try_page(page, memory);
    known_loop_memory_free(memory);
    return trials;
}

char *
counter_trials_json(const CounterTrials *trials)
{
    JsonText object = json_text_begin();

    json_text_string(&object, "source", counter_source_name(trials->source));
    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        json_text_string(&object, counter_trial_events[i], trial_state_name(trials->alone[i]));
    json_text_string(&object, "together", trial_state_name(trials->together));
    return json_text_end(&object);
}
