/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's host counters by the planner's layout, whole, on the simulated PMU of each documented
 * CPU. */
#include "hostctl/run/host_turns.h"

#include <string.h>

#include "hostctl/run/counter_layout.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/near.h"
#include "tests/support/pmu_cpus.h"
#include "tests/support/sim_pmu.h"

#define VCPU 4711
#define GUEST_SHARE 0.75
#define WINDOW_NS 1000000000ll
#define MODES (PMU_MODE_HOST + 1)

typedef struct {
    SimPmu *sim;
    const char *events[EVENT_MAX + 1];
    unsigned n_events;
    HostTurns *turns;
    CounterReading last[MODES];
    uint64_t truth[MODES][EVENT_MAX];
} Machine;

static uint64_t
truth_of(const Machine *machine, int mode, unsigned event)
{
    return sim_pmu_truth(machine->sim, VCPU, machine->events[event], mode == PMU_MODE_GUEST);
}

static void
remember_truth(Machine *machine)
{
    for (int mode = PMU_MODE_GUEST; mode < MODES; mode++)
        for (unsigned i = 0; i < machine->n_events; i++)
            machine->truth[mode][i] = truth_of(machine, mode, i);
}

static void
machine_begin(Machine *machine, const BudgetRequest *request, const BudgetLayout *layout)
{
    const SimPmuOptions options = { .capacity = request->capacity,
                                    .watchdog = request->watchdog,
                                    .mediated = request->mediated };
    g_autoptr(GError) error = NULL;
    PmuTarget target = { .tid = VCPU, .cpu = -1 };

    machine->sim = sim_pmu_new(&options);
    sim_pmu_thread_starts(machine->sim, VCPU);
    assert_int_equal(sim_pmu_guest_starts(machine->sim, VCPU), 0);
    for (; request->events[machine->n_events]; machine->n_events++)
        machine->events[machine->n_events] = request->events[machine->n_events];
    sim_pmu_guest_counts(machine->sim, VCPU, machine->events);
    target.kernel = sim_pmu_kernel(machine->sim);
    machine->turns = host_turns_new(layout, machine->events, &target, &error);
    if (!machine->turns)
        fail_msg("%s", error->message);
    assert_true(host_turns_tick(machine->turns, machine->last, NULL));
    remember_truth(machine);
}

static void
machine_end(Machine *machine)
{
    assert_false(sim_pmu_overfull(machine->sim));
    /* The guest was never robbed. */
    for (unsigned i = 0; i < machine->n_events; i++)
        assert_near((double) sim_pmu_guest_value(machine->sim, VCPU, i),
                    (double) truth_of(machine, PMU_MODE_GUEST, i), 2);
    host_turns_free(machine->turns);
    sim_pmu_free(machine->sim);
}

/* One window: what the host says of it is the truth, or nothing. Adds to `windows` by mode, event.
 */
static void
run_window(Machine *machine, unsigned windows[MODES][EVENT_MAX])
{
    CounterReading now[MODES];

    for (int turn = 0; turn < 4; turn++)
        sim_pmu_run(machine->sim, VCPU, turn % 2, WINDOW_NS / 4, GUEST_SHARE);
    assert_true(host_turns_tick(machine->turns, now, NULL));
    for (int mode = PMU_MODE_GUEST; mode < MODES; mode++) {
        if (!host_turns_has(machine->turns, (PmuMode) mode))
            continue;
        assert_true(now[mode].running_ns == now[mode].enabled_ns);
        for (unsigned i = 0; i < machine->n_events; i++) {
            if (now[mode].values[i] == COUNTER_NOT_COUNTED ||
                machine->last[mode].values[i] == COUNTER_NOT_COUNTED)
                continue;
            assert_near((double) (now[mode].values[i] - machine->last[mode].values[i]),
                        (double) (truth_of(machine, mode, i) - machine->truth[mode][i]), 2);
            windows[mode][i]++;
        }
    }
    memcpy(machine->last, now, sizeof now);
    remember_truth(machine);
}

static void
follow(const PmuCpuCase *cpu, unsigned n, bool watchdog, bool mediated)
{
    const char *events[EVENT_MAX + 1];
    BudgetRequest request = pmu_cpus_request(cpu, n, events);
    unsigned windows[MODES][EVENT_MAX] = { 0 };
    Machine machine = { 0 };
    BudgetLayout layout;

    request.watchdog = watchdog;
    request.mediated = mediated;
    if (!budget_plan(&request, &layout, NULL) || layout.kind == BUDGET_ALTERNATE)
        return;
    machine_begin(&machine, &request, &layout);
    for (unsigned i = 0; i < layout.n_phases * (HOST_TURN_TICKS + 1) * 3; i++)
        run_window(&machine, windows);
    for (unsigned i = 0; i < n; i++) {
        if (!mediated)
            assert_true(windows[PMU_MODE_GUEST][i] > 0);
        assert_true(windows[PMU_MODE_HOST][i] > 0);
    }
    assert_int_equal(host_turns_has(machine.turns, PMU_MODE_GUEST), !mediated);
    machine_end(&machine);
}

static void
counts_the_truth_by_turns_on_each_documented_cpu(void **state)
{
    for (size_t i = 0; i < pmu_cpus_length; i++)
        for (unsigned n = 2; n <= PMU_CPUS_MOST_EVENTS; n++) {
            follow(&pmu_cpus[i], n, false, false);
            follow(&pmu_cpus[i], n, true, false);
            follow(&pmu_cpus[i], n, false, true);
        }
}

static void
says_nothing_of_windows_in_which_others_have_their_turn(void **state)
{
    const char *events[EVENT_MAX + 1];
    const PmuCpuCase *cpu = pmu_cpus_find("Cascade Lake, HT on");
    BudgetRequest request = pmu_cpus_request(cpu, 3, events);
    unsigned windows[MODES][EVENT_MAX] = { 0 };
    Machine machine = { 0 };
    BudgetLayout layout;

    assert_true(budget_plan(&request, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_TURNS);
    assert_int_equal(layout.n_phases, 2);
    machine_begin(&machine, &request, &layout);
    for (unsigned i = 0; i < 4 * HOST_TURN_TICKS; i++)
        run_window(&machine, windows);
    /* Half of the windows each. */
    assert_int_equal(windows[PMU_MODE_GUEST][0], 2 * HOST_TURN_TICKS);
    assert_int_equal(windows[PMU_MODE_HOST][0], 2 * HOST_TURN_TICKS);
    machine_end(&machine);
}

static void
keeps_the_guests_counting_whatever_the_plan(void **state)
{
    static const char *const events[] = { "cycles",        "instructions", "branches",
                                          "branch-misses", "cache-misses", NULL };
    char *copy = fixture_copy("host-cascadelake-ht");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    g_autofree char *text = NULL;
    BudgetLayout layout;

    assert_true(counter_layout_plan(events, root, false, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_ALTERNATE);
    assert_int_equal(layout.n_phases, 1);
    assert_int_equal(layout.phases[0].n_groups, 0);
    text = counter_layout_text(&layout, events);
    assert_non_null(strstr(text, "the host does not count"));
    fixture_copy_free(copy);
}

static void
counts_software_events_beside_any_turn(void **state)
{
    static const char *const events[] = { "cycles", "task-clock", "instructions", NULL };
    char *copy = fixture_copy("host-cascadelake-ht");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    BudgetLayout layout;

    fixture_change(copy, "proc/sys/kernel/nmi_watchdog", "0\n");
    assert_true(counter_layout_plan(events, root, false, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_TOGETHER);
    for (unsigned i = 0; i < layout.phases[0].n_groups; i++)
        assert_int_equal(layout.phases[0].groups[i].events, 7);
    fixture_copy_free(copy);
}

static void
tries_everything_where_the_cpu_is_not_known(void **state)
{
    static const char *const events[] = { "cycles", "instructions", NULL };
    char *copy = fixture_copy("host-vm-no-pmu");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    BudgetLayout layout;

    assert_true(counter_layout_plan(events, root, false, &layout, NULL));
    assert_int_equal(layout.n_phases, 1);
    assert_int_equal(layout.phases[0].n_groups, 2);
    assert_non_null(strstr(layout.reason, "not known"));
    fixture_copy_free(copy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_truth_by_turns_on_each_documented_cpu),
        cmocka_unit_test(says_nothing_of_windows_in_which_others_have_their_turn),
        cmocka_unit_test(keeps_the_guests_counting_whatever_the_plan),
        cmocka_unit_test(counts_software_events_beside_any_turn),
        cmocka_unit_test(tries_everything_where_the_cpu_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
