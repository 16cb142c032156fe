/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/counter_trial.h"

#include <errno.h>
#include <json-glib/json-glib.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/sim_pmu.h"

#define TASK 4711
#define WORK_NS 100000000ll
#define SHARE 1.0 /* all in one mode: a guest's own kernel knows no other */

static SimPmu *
machine(const SimPmuOptions *options)
{
    SimPmu *sim = sim_pmu_new(options);

    sim_pmu_thread_starts(sim, TASK);
    return sim;
}

static uint64_t
done(const SimPmu *sim, unsigned i)
{
    return sim_pmu_truth(sim, TASK, counter_trial_events[i], true) +
           sim_pmu_truth(sim, TASK, counter_trial_events[i], false);
}

/* What the simulated thread really did is what must have been counted. */
static void
run_simulated(void *data, uint64_t least[COUNTER_TRIALS])
{
    uint64_t before[COUNTER_TRIALS];

    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        before[i] = done(data, i);
    for (int turn = 0; turn < 20; turn++)
        sim_pmu_run(data, TASK, 0, WORK_NS / 20, SHARE);
    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        least[i] = done(data, i) - before[i];
}

static CounterTrials
try_on(SimPmu *sim)
{
    const CounterTarget target = { .pmu = { .tid = TASK, .cpu = -1, .kernel = sim_pmu_kernel(sim) },
                                   .mode = PMU_MODE_SELF };

    return counter_trials_run(COUNTER_SOURCE_HARDWARE, &target, run_simulated, sim);
}

static void
assert_all(const CounterTrials *trials, TrialState alone, TrialState together)
{
    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        assert_string_equal(trial_state_name(trials->alone[i]), trial_state_name(alone));
    assert_string_equal(trial_state_name(trials->together), trial_state_name(together));
}

static void
a_whole_pmu_counts(void **state)
{
    g_autoptr(SimPmu) sim = machine(&(SimPmuOptions){ .capacity = { .general = 6 } });
    CounterTrials trials = try_on(sim);

    assert_all(&trials, TRIAL_COUNTS, TRIAL_COUNTS);
}

/* Each alone finds a counter; five of them never fit into four. */
static void
a_group_that_does_not_fit_is_told_from_its_events(void **state)
{
    g_autoptr(SimPmu) sim = machine(&(SimPmuOptions){ .capacity = { .general = 4 } });
    CounterTrials trials = try_on(sim);

    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        assert_int_equal(trials.alone[i], TRIAL_COUNTS);
    assert_true(trials.together != TRIAL_COUNTS);
}

static void
somebody_elses_counter_takes_turns_with_ours(void **state)
{
    g_autoptr(SimPmu) sim = machine(&(SimPmuOptions){ .capacity = { .general = 1 } });

    sim_pmu_competitor(sim, 0, false);
    {
        CounterTrials trials = try_on(sim);

        assert_string_not_equal(trial_state_name(trials.alone[0]), "counts");
        assert_string_not_equal(trial_state_name(trials.alone[0]), "zero-but-supported");
    }
}

static void
no_pmu_is_not_supported(void **state)
{
    g_autoptr(SimPmu) sim = machine(&(SimPmuOptions){ .no_pmu = true });
    CounterTrials trials = try_on(sim);

    assert_all(&trials, TRIAL_UNSUPPORTED, TRIAL_UNSUPPORTED);
}

static void
what_is_not_for_this_user_is_refused(void **state)
{
    g_autoptr(SimPmu) sim =
        machine(&(SimPmuOptions){ .capacity = { .general = 6 }, .refuse_errno = EACCES });
    CounterTrials trials = try_on(sim);

    assert_all(&trials, TRIAL_REFUSED, TRIAL_REFUSED);
}

typedef struct {
    FakeKernel fake;
    uint64_t step; /* what each counter moves by */
    uint64_t running_ns;
} Fake;

static void
move_fake(void *data, uint64_t least[COUNTER_TRIALS])
{
    Fake *fake = data;

    for (unsigned i = 0; i < COUNTER_TRIALS; i++) {
        fake->fake.values[i] += fake->step;
        least[i] = 1000;
    }
    fake->fake.enabled_ns += 1000000;
    fake->fake.running_ns += fake->running_ns;
}

static const struct {
    uint64_t step, running_ns;
    TrialState state;
} hypervisors[] = {
    { 1000, 1000000, TRIAL_COUNTS }, { 0, 1000000, TRIAL_ZERO },
    { 999, 1000000, TRIAL_TOO_FEW }, { 1000, 500000, TRIAL_MULTIPLEXED },
    { 0, 0, TRIAL_STARVED },
};

static void
a_counter_that_is_there_need_not_count(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(hypervisors); i++) {
        Fake fake = { .step = hypervisors[i].step, .running_ns = hypervisors[i].running_ns };
        const CounterTarget target = { .pmu = { .tid = 0, .cpu = -1, .kernel = &fake.fake.kernel },
                                       .mode = PMU_MODE_SELF };
        CounterTrials trials;

        fake_kernel_init(&fake.fake);
        trials = counter_trials_run(COUNTER_SOURCE_HARDWARE, &target, move_fake, &fake);
        assert_int_equal(trials.alone[1], hypervisors[i].state);
    }
}

/* Whatever this machine has: the document is whole, and no state is one that nobody knows. */
static void
this_machine_has_a_state_for_each_counter(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    CounterTrials trials = counter_trials_here(root);
    g_autofree char *text = counter_trials_json(&trials);
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    assert_non_null(node);
    assert_int_equal(json_object_get_size(json_node_get_object(node)), COUNTER_TRIALS + 2);
    for (unsigned i = 0; i < COUNTER_TRIALS; i++)
        assert_non_null(
            json_object_get_string_member(json_node_get_object(node), counter_trial_events[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_pmu_counts),
        cmocka_unit_test(a_group_that_does_not_fit_is_told_from_its_events),
        cmocka_unit_test(somebody_elses_counter_takes_turns_with_ours),
        cmocka_unit_test(no_pmu_is_not_supported),
        cmocka_unit_test(what_is_not_for_this_user_is_refused),
        cmocka_unit_test(a_counter_that_is_there_need_not_count),
        cmocka_unit_test(this_machine_has_a_state_for_each_counter),
    };

    return cmocka_run_group_tests_name("counter_trial", tests, NULL, NULL);
}
