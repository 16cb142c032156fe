/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting guests on a PMU, whole, on machines that have none: planner, groups, sources, verdicts.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/pmu/budget.h"
#include "common/pmu/window.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"
#include "tests/support/pmu_cpus.h"
#include "tests/support/sim_pmu.h"

#define VCPU 4711
#define GUEST_SHARE 0.75
#define WINDOW_NS 1000000000ll

static SimPmu *
machine(const PmuCapacity *capacity, bool watchdog, bool mediated)
{
    const SimPmuOptions options = { .capacity = *capacity,
                                    .watchdog = watchdog,
                                    .mediated = mediated };
    SimPmu *sim = sim_pmu_new(&options);

    sim_pmu_thread_starts(sim, VCPU);
    return sim;
}

static Counters *
count(const SimPmu *sim, PmuMode mode, const char *const *events)
{
    const CounterTarget target = {
        .pmu = { .tid = VCPU, .cpu = -1, .kernel = sim_pmu_kernel(sim) },
        .mode = mode,
    };
    g_autoptr(GError) error = NULL;
    Counters *counters = counters_open(COUNTER_SOURCE_HARDWARE, &target, events, &error);

    if (!counters)
        fail_msg("%s", error->message);
    return counters;
}

/* The thread moves between CPUs and runs a second; what the counters say of it. */
static Window
window_of(SimPmu *sim, Counters *counters)
{
    CounterReading before, after;
    Window window;

    assert_true(counters_read(counters, &before, NULL));
    for (int turn = 0; turn < 10; turn++)
        sim_pmu_run(sim, VCPU, turn % 2, WINDOW_NS / 10, GUEST_SHARE);
    assert_true(counters_read(counters, &after, NULL));
    window_between(&before, &after, NULL, &window);
    return window;
}

/* The names of the events whose bits are set; `names` has room for all. */
static void
names_of(const BudgetRequest *request, uint32_t bits, const char **names)
{
    unsigned n = 0;

    for (unsigned i = 0; request->events[i]; i++)
        if (bits & 1u << i)
            names[n++] = request->events[i];
    names[n] = NULL;
}

typedef struct {
    Counters *counters;
    PmuMode mode;
    const char *events[EVENT_MAX + 1];
    CounterReading before;
} OpenGroup;

static unsigned
open_groups(const SimPmu *sim, const BudgetRequest *request, const BudgetPhase *phase,
            OpenGroup *groups)
{
    for (unsigned g = 0; g < phase->n_groups; g++) {
        groups[g].mode = phase->groups[g].mode;
        names_of(request, phase->groups[g].events, groups[g].events);
        groups[g].counters = count(sim, groups[g].mode, groups[g].events);
        assert_true(counters_read(groups[g].counters, &groups[g].before, NULL));
    }
    return phase->n_groups;
}

static void
assert_group_counted_all(const SimPmu *sim, const OpenGroup *group)
{
    CounterReading after;
    Window window;

    assert_true(counters_read(group->counters, &after, NULL));
    window_between(&group->before, &after, NULL, &window);
    assert_int_equal(window.verdict, WINDOW_OK);
    for (unsigned i = 0; group->events[i]; i++)
        assert_near(window.values[i],
                    sim_pmu_truth(sim, VCPU, group->events[i], group->mode == PMU_MODE_GUEST), 2);
}

/* In one phase of a layout nobody is starved, and each side counts what it should. */
static void
run_phase(const BudgetRequest *request, const BudgetPhase *phase)
{
    g_autoptr(SimPmu) sim = machine(&request->capacity, request->watchdog, request->mediated);
    const char *guest_events[EVENT_MAX + 1];
    OpenGroup groups[BUDGET_GROUP_MAX];
    unsigned n_groups;

    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    names_of(request, phase->guest, guest_events);
    sim_pmu_guest_counts(sim, VCPU, guest_events);
    n_groups = open_groups(sim, request, phase, groups);

    for (int turn = 0; turn < 10; turn++)
        sim_pmu_run(sim, VCPU, turn % 2, WINDOW_NS / 10, GUEST_SHARE);

    for (unsigned g = 0; g < n_groups; g++) {
        assert_group_counted_all(sim, &groups[g]);
        counters_close(groups[g].counters);
    }
    for (unsigned i = 0; guest_events[i]; i++)
        assert_near(sim_pmu_guest_value(sim, VCPU, i),
                    sim_pmu_truth(sim, VCPU, guest_events[i], true), 2);
    assert_false(sim_pmu_overfull(sim));
}

static void
run_layout(const BudgetRequest *request, unsigned *n_phases, unsigned *n_refused)
{
    BudgetLayout layout;

    if (!budget_plan(request, &layout, NULL)) {
        (*n_refused)++;
        return;
    }
    for (unsigned i = 0; i < layout.n_phases; i++)
        run_phase(request, &layout.phases[i]);
    *n_phases += layout.n_phases;
}

static void
no_phase_of_any_layout_starves_anybody(void **state)
{
    unsigned n_phases = 0, n_refused = 0;

    for (size_t c = 0; c < pmu_cpus_length; c++)
        for (unsigned n = 1; n <= PMU_CPUS_MOST_EVENTS; n++) {
            const char *events[PMU_CPUS_MOST_EVENTS + 1];
            BudgetRequest request = pmu_cpus_request(&pmu_cpus[c], n, events);

            run_layout(&request, &n_phases, &n_refused);
            request.watchdog = true;
            run_layout(&request, &n_phases, &n_refused);
            request.watchdog = false;
            request.mediated = true;
            run_layout(&request, &n_phases, &n_refused);
        }
    assert_true(n_phases > 300);
    assert_true(n_refused > 0 && n_refused < 20);
}

static PmuCapacity
cascade_lake(void)
{
    return pmu_cpus_capacity(pmu_cpus_find("Cascade Lake, HT on"));
}

static const char *const four[] = { "cycles", "instructions", "branch-misses", "cache-misses",
                                    NULL };

/* The layout that the planner avoids: it opens, and never runs. */
static void
a_group_too_many_opens_and_is_starved(void **state)
{
    PmuCapacity capacity = cascade_lake();
    g_autoptr(SimPmu) sim = machine(&capacity, false, false);
    g_autoptr(Counters) counters = NULL;
    Window window;

    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    sim_pmu_guest_counts(sim, VCPU, four);
    counters = count(sim, PMU_MODE_GUEST, four);
    window = window_of(sim, counters);
    assert_int_equal(window.verdict, WINDOW_STARVED);
    assert_true(isnan(window.values[0]));
    for (unsigned i = 0; four[i]; i++)
        assert_near(sim_pmu_guest_value(sim, VCPU, i), sim_pmu_truth(sim, VCPU, four[i], true), 2);
}

static void
a_watchdog_makes_a_guests_counter_stand_still_in_silence(void **state)
{
    static const char *const six[] = {
        "cycles",       "instructions",     "branches", "branch-misses",
        "cache-misses", "cache-references", NULL
    };
    PmuCapacity capacity = cascade_lake();
    g_autoptr(SimPmu) sim = machine(&capacity, true, false);

    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    sim_pmu_guest_counts(sim, VCPU, six);
    sim_pmu_run(sim, VCPU, 0, WINDOW_NS, GUEST_SHARE);
    assert_int_equal(sim_pmu_guest_value(sim, VCPU, 5), 0);
    assert_true(sim_pmu_guest_value(sim, VCPU, 0) > 0);

    /* Less to count, programmed anew: nothing is missing. */
    sim_pmu_guest_counts(sim, VCPU, four);
    sim_pmu_run(sim, VCPU, 0, WINDOW_NS, GUEST_SHARE);
    assert_near(sim_pmu_guest_value(sim, VCPU, 3),
                sim_pmu_truth(sim, VCPU, "cache-misses", true) / 2, 2);
}

static void
a_flexible_host_event_loses_to_the_guest_and_a_pinned_one_on_the_cpu_wins(void **state)
{
    PmuCapacity capacity = { .general = 1, .guest_general = 1 };
    static const char *const one[] = { "branch-misses", NULL };

    for (int pinned = 0; pinned <= 1; pinned++) {
        g_autoptr(SimPmu) sim = machine(&capacity, false, false);

        sim_pmu_competitor(sim, 0, pinned);
        assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
        sim_pmu_guest_counts(sim, VCPU, one);
        sim_pmu_run(sim, VCPU, 0, WINDOW_NS, GUEST_SHARE);
        assert_int_equal(sim_pmu_guest_value(sim, VCPU, 0) == 0, pinned);
    }
}

static void
groups_that_take_turns_are_scaled_to_about_the_truth(void **state)
{
    PmuCapacity capacity = { .general = 2, .guest_general = 2 };
    static const char *const first[] = { "cycles", "branch-misses", NULL };
    static const char *const second[] = { "instructions", "cache-misses", NULL };
    g_autoptr(SimPmu) sim = machine(&capacity, false, false);
    g_autoptr(Counters) one = count(sim, PMU_MODE_HOST, first);
    g_autoptr(Counters) two = count(sim, PMU_MODE_HOST, second);
    Window window = window_of(sim, one);

    assert_int_equal(window.verdict, WINDOW_SCALED);
    assert_near(window.scale, 2, 0.1);
    assert_near(window.values[0] / sim_pmu_truth(sim, VCPU, "cycles", false), 1, 0.05);
}

static void
times_pass_in_host_mode_too_so_they_are_not_guest_time(void **state)
{
    static const char *const events[] = { "cycles", NULL };
    PmuCapacity capacity = cascade_lake();
    g_autoptr(SimPmu) sim = machine(&capacity, false, false);
    g_autoptr(Counters) guest = NULL;
    Window window;

    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    guest = count(sim, PMU_MODE_GUEST, events);
    window = window_of(sim, guest);
    assert_int_equal(window.running_ns, WINDOW_NS);
    assert_near(window.values[0], sim_pmu_truth(sim, VCPU, "cycles", true), 2);
}

static void
a_mediated_vpmu_leaves_host_mode_only(void **state)
{
    static const char *const events[] = { "cycles", "instructions", NULL };
    PmuCapacity capacity = cascade_lake();
    g_autoptr(SimPmu) sim = machine(&capacity, false, true);
    const CounterTarget guest_mode = {
        .pmu = { .tid = VCPU, .cpu = -1, .kernel = sim_pmu_kernel(sim) },
        .mode = PMU_MODE_GUEST,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(Counters) host = NULL;
    Window window;

    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    assert_null(counters_open(COUNTER_SOURCE_HARDWARE, &guest_mode, events, &error));
    assert_int_equal(error->code, FAILURE_UNSUPPORTED);
    assert_non_null(strstr(error->message, "enable_mediated_pmu"));
    assert_non_null(strstr(error->message, ":H"));

    host = count(sim, PMU_MODE_HOST, events);
    sim_pmu_guest_counts(sim, VCPU, events);
    window = window_of(sim, host);
    assert_int_equal(window.verdict, WINDOW_OK);
    assert_near(window.enabled_ns, (1 - GUEST_SHARE) * WINDOW_NS, 1000);
    assert_near(window.values[0], sim_pmu_truth(sim, VCPU, "cycles", false), 2);
    assert_near(sim_pmu_guest_value(sim, VCPU, 1), sim_pmu_truth(sim, VCPU, "instructions", true),
                2);
}

static void
under_a_mediated_vpmu_our_guest_mode_event_or_a_watchdog_keeps_a_guest_from_starting(void **state)
{
    static const char *const events[] = { "cycles", NULL };
    PmuCapacity capacity = cascade_lake();
    g_autoptr(SimPmu) watched = machine(&capacity, true, true);
    g_autoptr(SimPmu) sim = machine(&capacity, false, true);
    Counters *counters = count(sim, PMU_MODE_GUEST, events);

    assert_int_equal(sim_pmu_guest_starts(watched, VCPU), EBUSY);
    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), EBUSY);
    counters_close(counters);
    counters = count(sim, PMU_MODE_HOST, events);
    assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    counters_close(counters);
}

static void
a_thread_that_has_ended_stays_readable_and_cannot_be_opened_again(void **state)
{
    static const char *const events[] = { "cycles", NULL };
    PmuCapacity capacity = cascade_lake();
    g_autoptr(SimPmu) sim = machine(&capacity, false, false);
    const CounterTarget target = {
        .pmu = { .tid = VCPU, .cpu = -1, .kernel = sim_pmu_kernel(sim) },
        .mode = PMU_MODE_HOST,
    };
    g_autoptr(Counters) counters = count(sim, PMU_MODE_HOST, events);
    Window window = window_of(sim, counters);
    g_autoptr(GError) error = NULL;
    CounterReading reading;

    sim_pmu_thread_ends(sim, VCPU);
    assert_true(counters_read(counters, &reading, NULL));
    assert_near(reading.values[0], window.values[0], 2);
    assert_null(counters_open(COUNTER_SOURCE_HARDWARE, &target, events, &error));
    assert_non_null(strstr(error->message, "no such thread"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_phase_of_any_layout_starves_anybody),
        cmocka_unit_test(a_group_too_many_opens_and_is_starved),
        cmocka_unit_test(a_watchdog_makes_a_guests_counter_stand_still_in_silence),
        cmocka_unit_test(a_flexible_host_event_loses_to_the_guest_and_a_pinned_one_on_the_cpu_wins),
        cmocka_unit_test(groups_that_take_turns_are_scaled_to_about_the_truth),
        cmocka_unit_test(times_pass_in_host_mode_too_so_they_are_not_guest_time),
        cmocka_unit_test(a_mediated_vpmu_leaves_host_mode_only),
        cmocka_unit_test(
            under_a_mediated_vpmu_our_guest_mode_event_or_a_watchdog_keeps_a_guest_from_starting),
        cmocka_unit_test(a_thread_that_has_ended_stays_readable_and_cannot_be_opened_again),
    };

    return cmocka_run_group_tests_name("sim_pmu", tests, NULL, NULL);
}
