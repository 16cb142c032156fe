/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The self-test whole, with a guest on a simulated PMU: each documented CPU, and what goes wrong.
 */
#include "hostctl/selftest/trial.h"

#include <math.h>
#include <string.h>

#include "common/pmu/budget.h"
#include "hostctl/selftest/report.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/pmu_cpus.h"
#include "tests/support/sim_pmu.h"

#define VCPU 4711
#define ROUNDS_PER_US 64
#define GUEST_SHARE 0.98

/* Rates are the simulation's: what a round counts follows from them. */
static const SelftestRule rules[] = {
    { "cycles", false, NAN, NAN, NAN, 0.97, 1.01, 2 },
    { "instructions", false, 3.5 * 1000 / ROUNDS_PER_US, 0.995, 1.03, 0.97, 1.01, 2 },
    { "branches", false, 0.5 * 1000 / ROUNDS_PER_US, 0.995, 1.05, 0.97, 1.01, 2 },
    { "branch-misses", false, NAN, NAN, NAN, 0.9, 1.1, 10 },
    { "cache-misses", true, NAN, NAN, NAN, 0.8, 1.2, NAN },
};

typedef struct {
    SimPmu *sim;
    TrialSubject subject;
    unsigned n_events;
    unsigned loops;         /* so far */
    unsigned competitor_at; /* the loop before which somebody pins a counter of each CPU; 0: none */
    double lost_share;      /* of the first event, by the guest's reader */
} Machine;

static void
read_guest(const Machine *machine, CounterReading *reading)
{
    *reading = (CounterReading){ .n_values = machine->n_events };
    for (unsigned i = 0; i < machine->n_events; i++)
        reading->values[i] = sim_pmu_guest_value(machine->sim, VCPU, i);
    reading->values[0] = (uint64_t) ((double) reading->values[0] * (1 - machine->lost_share));
    /* A guest is never told that its counters do not run. */
    reading->enabled_ns = reading->running_ns = machine->loops * NS_PER_SECOND;
}

static bool
arm(void *context, const char *const *events, int *ret_errnos, GError **error)
{
    Machine *machine = context;

    sim_pmu_guest_counts(machine->sim, VCPU, events);
    for (machine->n_events = 0; events[machine->n_events]; machine->n_events++)
        ret_errnos[machine->n_events] = 0;
    return true;
}

static bool
run_loop(void *context, WireLoop loop, uint32_t rounds, TrialLoop *ret_loop, GError **error)
{
    Machine *machine = context;
    int64_t guest_ns = (int64_t) rounds * 1000 / ROUNDS_PER_US;

    read_guest(machine, &ret_loop->before);
    machine->loops++;
    if (machine->loops == machine->competitor_at)
        for (int i = 0; i < 10; i++)
            sim_pmu_competitor(machine->sim, i % 2, true);
    ret_loop->duration_ns = (int64_t) ((double) guest_ns / GUEST_SHARE);
    for (int turn = 0; turn < 4; turn++)
        sim_pmu_run(machine->sim, VCPU, turn % 2, ret_loop->duration_ns / 4, GUEST_SHARE);
    read_guest(machine, &ret_loop->after);
    return true;
}

static bool
fits_together(const PmuCapacity *capacity, bool watchdog)
{
    const char *events[G_N_ELEMENTS(rules) + 1] = { NULL };
    BudgetRequest request = { .capacity = *capacity, .events = events, .watchdog = watchdog };
    BudgetLayout layout;

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        events[i] = rules[i].event;
    request.guest = request.host_of_guest = (1u << G_N_ELEMENTS(rules)) - 1;
    return budget_plan(&request, &layout, NULL) && layout.kind == BUDGET_TOGETHER;
}

static Machine *
machine_new(const SimPmuOptions *options)
{
    Machine *machine = g_new0(Machine, 1);

    machine->sim = sim_pmu_new(options);
    sim_pmu_thread_starts(machine->sim, VCPU);
    assert_int_equal(sim_pmu_guest_starts(machine->sim, VCPU), 0);
    machine->subject = (TrialSubject){
        .arm = arm,
        .loop = run_loop,
        .context = machine,
        .source = COUNTER_SOURCE_HARDWARE,
        .vcpu.pmu = { .tid = VCPU, .cpu = -1, .kernel = sim_pmu_kernel(machine->sim) },
        .together = fits_together(&options->capacity, options->watchdog),
        .rules = rules,
        .n_rules = G_N_ELEMENTS(rules),
    };
    return machine;
}

static void
machine_free(Machine *machine)
{
    assert_false(sim_pmu_overfull(machine->sim));
    sim_pmu_free(machine->sim);
    g_free(machine);
}

/* The verdict of each rule, and what the whole of it comes to. */
static bool
verdicts_of(Machine *machine, SelftestVerdict *verdicts, char **ret_message)
{
    SelftestFinding findings[EVENT_MAX] = { 0 };
    g_auto(TrialResult) result = { 0 };
    const ClockCheck clock = { .agree = true };
    const SelftestReport report = { .source = COUNTER_SOURCE_HARDWARE,
                                    .rules = rules,
                                    .n_rules = G_N_ELEMENTS(rules),
                                    .trial = &result,
                                    .findings = findings,
                                    .clock = &clock };
    g_autoptr(GError) error = NULL;
    bool passed;

    assert_true(trial_run(&machine->subject, &result, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        selftest_judge(&rules[i], &result.facts[i], &findings[i]);
        verdicts[i] = findings[i].verdict;
        selftest_finding_clear(&findings[i]);
    }
    passed = selftest_report_verdict(&report, &error);
    *ret_message = g_strdup(error ? error->message : NULL);
    return passed;
}

static void
passes_on_each_documented_cpu(void **state)
{
    for (size_t i = 0; i < pmu_cpus_length; i++) {
        const SimPmuOptions options = { .capacity = pmu_cpus_capacity(&pmu_cpus[i]) };
        Machine *machine = machine_new(&options);
        SelftestVerdict verdicts[EVENT_MAX];
        g_autofree char *message = NULL;

        if (!verdicts_of(machine, verdicts, &message))
            fail_msg("%s: %s", pmu_cpus[i].title, message);
        for (size_t k = 0; k < G_N_ELEMENTS(rules); k++)
            assert_int_equal(verdicts[k], SELFTEST_OK);
        machine_free(machine);
    }
}

static void
says_mediated_where_guest_mode_is_refused(void **state)
{
    const SimPmuOptions options = { .capacity = pmu_cpus_capacity(&pmu_cpus[pmu_cpus_length - 1]),
                                    .mediated = true };
    Machine *machine = machine_new(&options);
    SelftestVerdict verdicts[EVENT_MAX];
    g_autofree char *message = NULL;

    assert_true(verdicts_of(machine, verdicts, &message));
    for (size_t k = 0; k < G_N_ELEMENTS(rules); k++)
        assert_int_equal(verdicts[k], SELFTEST_MEDIATED);
    machine_free(machine);
}

static void
names_the_event_of_which_the_guests_reader_loses_some(void **state)
{
    const SimPmuOptions options = { .capacity = pmu_cpus_capacity(&pmu_cpus[0]) };
    Machine *machine = machine_new(&options);
    SelftestVerdict verdicts[EVENT_MAX];
    g_autofree char *message = NULL;

    machine->lost_share = 0.05;
    assert_false(verdicts_of(machine, verdicts, &message));
    assert_int_equal(verdicts[0], SELFTEST_DISAGREES);
    assert_int_equal(verdicts[1], SELFTEST_OK);
    assert_string_equal(message, "not to be believed: cycles (disagrees)");
    machine_free(machine);
}

/* Everything at once where only pairs fit: the groups open, and the host's never run. */
static void
finds_a_host_that_never_gets_a_counter(void **state)
{
    const PmuCpuCase *cascade_lake = pmu_cpus_find("Cascade Lake, HT on");
    const SimPmuOptions options = { .capacity = pmu_cpus_capacity(cascade_lake) };
    Machine *machine = machine_new(&options);
    SelftestVerdict verdicts[EVENT_MAX];
    g_autofree char *message = NULL;

    assert_false(machine->subject.together);
    machine->subject.together = true;
    assert_false(verdicts_of(machine, verdicts, &message));
    assert_int_equal(verdicts[1], SELFTEST_STARVED);
    assert_non_null(strstr(message, "instructions (starved)"));
    machine_free(machine);
}

/* Somebody pins counters while we count: the guest stands still and is not told. */
static void
finds_a_guest_that_a_competitor_starves(void **state)
{
    const PmuCpuCase *cascade_lake = pmu_cpus_find("Cascade Lake, HT on");
    const SimPmuOptions options = { .capacity = pmu_cpus_capacity(cascade_lake) };
    Machine *machine = machine_new(&options);
    SelftestVerdict verdicts[EVENT_MAX];
    g_autofree char *message = NULL;

    machine->competitor_at = 8;
    assert_false(verdicts_of(machine, verdicts, &message));
    assert_non_null(strstr(message, "(starved)"));
    machine_free(machine);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_on_each_documented_cpu),
        cmocka_unit_test(says_mediated_where_guest_mode_is_refused),
        cmocka_unit_test(names_the_event_of_which_the_guests_reader_loses_some),
        cmocka_unit_test(finds_a_host_that_never_gets_a_counter),
        cmocka_unit_test(finds_a_guest_that_a_competitor_starves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
