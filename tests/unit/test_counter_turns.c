/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's counters by the planner's layout, whole, on the simulated PMU of each documented CPU:
 * the host's, and where both sides alternate the guest's turns too. */
#include "common/pmu/counter_turns.h"

#include <string.h>

#include "common/pmu/window.h"
#include "hostctl/run/counter_layout.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/near.h"
#include "tests/support/pmu_cpus.h"
#include "tests/support/sim_pmu.h"

#define VCPU 4711
#define GUEST_SHARE 0.75
#define WINDOW_NS 1000000000ll
#define MODES COUNTER_TURNS_MODES

typedef struct {
    SimPmu *sim;
    const BudgetLayout *layout;
    uint64_t windows;                /* that ended */
    uint32_t guest;                  /* what the guest counts now */
    uint64_t guest_truth[EVENT_MAX]; /* when it began to */
    WindowVerdict verdict[MODES];    /* of the window that ended last */
    const char *events[EVENT_MAX + 1];
    unsigned n_events;
    CounterTurns *turns;
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

/* The guest's own kernel programs what its turn counts; what it counted before was the truth. */
static void
guest_takes_turn(Machine *machine, uint32_t events)
{
    const char *names[EVENT_MAX + 1] = { NULL };
    unsigned n = 0;

    for (unsigned i = 0, counter = 0; i < machine->n_events; i++)
        if (machine->guest & 1u << i)
            assert_near((double) sim_pmu_guest_value(machine->sim, VCPU, counter++),
                        (double) (truth_of(machine, PMU_MODE_GUEST, i) - machine->guest_truth[i]),
                        2);
    for (unsigned i = 0; i < machine->n_events; i++) {
        machine->guest_truth[i] = truth_of(machine, PMU_MODE_GUEST, i);
        if (events & 1u << i)
            names[n++] = machine->events[i];
    }
    machine->guest = events;
    sim_pmu_guest_counts(machine->sim, VCPU, names);
}

static const BudgetPhase *
phase_at(const Machine *machine, uint64_t window)
{
    return &machine->layout
                ->phases[window / machine->layout->turn_windows % machine->layout->n_phases];
}

static void
machine_begin(Machine *machine, const BudgetRequest *request, const BudgetLayout *layout)
{
    const SimPmuOptions options = { .capacity = request->capacity,
                                    .watchdog = request->watchdog,
                                    .mediated = request->mediated };
    g_autoptr(GError) error = NULL;
    PmuTarget target = { .tid = VCPU, .cpu = -1 };

    machine->layout = layout;
    machine->sim = sim_pmu_new(&options);
    sim_pmu_thread_starts(machine->sim, VCPU);
    assert_int_equal(sim_pmu_guest_starts(machine->sim, VCPU), 0);
    for (; request->events[machine->n_events]; machine->n_events++)
        machine->events[machine->n_events] = request->events[machine->n_events];
    guest_takes_turn(machine, layout->phases[0].guest);
    target.kernel = sim_pmu_kernel(machine->sim);
    machine->turns =
        counter_turns_new(layout, COUNTER_SOURCE_HARDWARE, machine->events, &target, &error);
    if (!machine->turns)
        fail_msg("%s", error->message);
    assert_true(counter_turns_tick(machine->turns, 0, machine->last, NULL));
    assert_int_equal(counter_turns_phase(machine->turns), 0);
    remember_truth(machine);
}

static void
machine_end(Machine *machine)
{
    assert_false(sim_pmu_overfull(machine->sim));
    /* The guest was never robbed. */
    guest_takes_turn(machine, 0);
    counter_turns_free(machine->turns);
    sim_pmu_free(machine->sim);
}

/* The guest heard of the visit a quarter of a window before the host began. */
static void
pass_window(Machine *machine)
{
    for (int quarter = 0; quarter < 4; quarter++) {
        uint32_t events = phase_at(machine, machine->windows + 1)->guest;

        if (quarter == 3 && events != machine->guest)
            guest_takes_turn(machine, events);
        sim_pmu_run(machine->sim, VCPU, quarter % 2, WINDOW_NS / 4, GUEST_SHARE);
    }
    machine->windows++;
}

/* What a whole window says is the truth; of one that was scaled it is what may be hoped. */
static void
check_mode(Machine *machine, PmuMode mode, const CounterReading *now,
           unsigned windows[MODES][EVENT_MAX])
{
    Window window;

    window_between(&machine->last[mode], now, NULL, &window);
    machine->verdict[mode] = window.verdict;
    for (unsigned i = 0; i < machine->n_events; i++) {
        double truth = (double) (truth_of(machine, mode, i) - machine->truth[mode][i]);

        if (isnan(window.values[i]))
            continue;
        assert_near(window.values[i], truth, window.verdict == WINDOW_OK ? 2 : 0.02 * truth);
        windows[mode][i] += window.verdict == WINDOW_OK;
    }
}

/* Adds to `windows`, by mode and event, when it was counted all the time. */
static void
run_window(Machine *machine, unsigned windows[MODES][EVENT_MAX])
{
    CounterReading now[MODES];

    pass_window(machine);
    assert_true(counter_turns_tick(machine->turns, machine->windows, now, NULL));
    for (int mode = PMU_MODE_GUEST; mode < MODES; mode++)
        if (counter_turns_has(machine->turns, (PmuMode) mode))
            check_mode(machine, (PmuMode) mode, &now[mode], windows);
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
    if (!budget_plan(&request, &layout, NULL))
        return;
    machine_begin(&machine, &request, &layout);
    for (unsigned i = 0; i < layout.n_phases * (BUDGET_TURN_WINDOWS + 1) * 3; i++) {
        run_window(&machine, windows);
        /* Only the guest's own turns, which begin a little early, take anything from the host. */
        if (layout.kind != BUDGET_ALTERNATE || (i + 1) % layout.turn_windows != 0)
            for (int mode = PMU_MODE_GUEST; mode < MODES; mode++)
                assert_int_equal(machine.verdict[mode], WINDOW_OK);
    }
    for (unsigned i = 0; i < n; i++) {
        if (!mediated)
            assert_true(windows[PMU_MODE_GUEST][i] > 0);
        assert_true(windows[PMU_MODE_HOST][i] > 0);
    }
    assert_int_equal(counter_turns_has(machine.turns, PMU_MODE_GUEST), !mediated);
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
    for (unsigned i = 0; i < 4 * BUDGET_TURN_WINDOWS; i++)
        run_window(&machine, windows);
    /* Half of the windows each. */
    assert_int_equal(windows[PMU_MODE_GUEST][0], 2 * BUDGET_TURN_WINDOWS);
    assert_int_equal(windows[PMU_MODE_HOST][0], 2 * BUDGET_TURN_WINDOWS);
    machine_end(&machine);
}

/* Cascade Lake with HT, the default events, the watchdog on. */
static void
alternates_guest_only_host_only_and_overlap(void **state)
{
    static const char *const names[] = { "guest-only", "host-only", "host-only", "overlap" };
    const char *events[EVENT_MAX + 1];
    const PmuCpuCase *cpu = pmu_cpus_find("Cascade Lake, HT on");
    BudgetRequest request = pmu_cpus_request(cpu, 5, events);
    Machine machine = { 0 };
    BudgetLayout layout;

    request.watchdog = true;
    assert_true(budget_plan(&request, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_ALTERNATE);
    assert_int_equal(layout.n_phases, G_N_ELEMENTS(names));
    machine_begin(&machine, &request, &layout);
    for (unsigned w = 0; w < 3 * layout.n_phases * layout.turn_windows; w++) {
        unsigned at = w / layout.turn_windows % layout.n_phases;
        bool last = (w + 1) % layout.turn_windows == 0;
        unsigned whole[MODES][EVENT_MAX] = { 0 };

        run_window(&machine, whole);
        assert_string_equal(layout.phases[at].name, names[at]);
        assert_int_equal(counter_turns_phase(machine.turns), at + 1);
        for (unsigned i = 0; i < 5; i++) {
            bool pair = i == 0 || i == 3; /* cycles, branch-misses */

            assert_int_equal(whole[PMU_MODE_GUEST][i], at == 1 || (at == 3 && pair && !last));
            assert_int_equal(whole[PMU_MODE_HOST][i], at == 2 && !last);
        }
        /* A guest that takes its turn early wins, and the host's verdict says so. */
        if (last && at >= 2)
            assert_int_equal(machine.verdict[at == 2 ? PMU_MODE_HOST : PMU_MODE_GUEST],
                             WINDOW_SCALED);
    }
    machine_end(&machine);
}

static void
a_visit_begins_with_the_first_turn_again(void **state)
{
    const char *events[EVENT_MAX + 1];
    const PmuCpuCase *cpu = pmu_cpus_find("Cascade Lake, HT on");
    BudgetRequest request = pmu_cpus_request(cpu, 5, events);
    unsigned windows[MODES][EVENT_MAX] = { 0 };
    Machine machine = { 0 };
    CounterReading before;
    BudgetLayout layout;

    assert_true(budget_plan(&request, &layout, NULL));
    machine_begin(&machine, &request, &layout);
    for (unsigned w = 0; w < layout.turn_windows + 1; w++)
        run_window(&machine, windows);
    assert_int_equal(counter_turns_phase(machine.turns), 2);
    before = machine.last[PMU_MODE_GUEST];

    assert_true(counter_turns_restart(machine.turns, NULL));
    sim_pmu_run(machine.sim, VCPU, 0, WINDOW_NS, GUEST_SHARE); /* between two visits */
    guest_takes_turn(&machine, layout.phases[0].guest);
    machine.windows = 0;
    assert_true(counter_turns_tick(machine.turns, 0, machine.last, NULL));
    assert_int_equal(counter_turns_phase(machine.turns), 0);
    assert_true(machine.last[PMU_MODE_GUEST].values[0] == before.values[0]);
    remember_truth(&machine);
    run_window(&machine, windows);
    assert_int_equal(counter_turns_phase(machine.turns), 1);
    machine_end(&machine);
}

static const char *const default_events[] = { "cycles",        "instructions", "branches",
                                              "branch-misses", "cache-misses", NULL };

static void
a_guest_that_counts_its_load_alone_is_left_counting(void **state)
{
    const CounterNeed need = { .events = default_events, .windows = 60 };
    char *copy = fixture_copy("host-cascadelake-ht");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    g_autofree char *text = NULL;
    BudgetLayout layout;

    assert_true(counter_layout_plan(&need, root, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_ALTERNATE);
    assert_int_equal(layout.n_phases, 1);
    assert_int_equal(layout.phases[0].n_groups, 0);
    assert_false(counter_layout_guest_takes_turns(&layout));
    assert_int_equal(counter_layout_compared(&layout, 60), 0);
    text = counter_layout_text(&layout, &need);
    assert_non_null(strstr(text, "the host does not count"));
    fixture_copy_free(copy);
}

static void
turns_are_as_long_as_the_visit_lets_them_be(void **state)
{
    static const struct {
        unsigned windows, turn_windows, compared;
        const char *says;
    } cases[] = {
        { 60, 4, 9, "in 9 of its 60 windows" }, /* 3 cycles of 16; the fourth ends before */
        { 64, 4, 12, "in 12 of its 64 windows" },
        { 12, 3, 2, "in 2 of its 12 windows" },
        { 8, 2, 1, "in 1 of its 8 windows" },
        { 7, 2, 0, "does not hold all turns" },
        { 3, 2, 0, "measure longer" },
    };
    char *copy = fixture_copy("host-cascadelake-ht");
    g_autoptr(Sysroot) root = sysroot_new(copy);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CounterNeed need = { .events = default_events,
                                   .guest_yields = true,
                                   .windows = cases[i].windows };
        g_autofree char *text = NULL;
        BudgetLayout layout;

        assert_true(counter_layout_plan(&need, root, &layout, NULL));
        assert_true(counter_layout_guest_takes_turns(&layout));
        assert_int_equal(layout.turn_windows, cases[i].turn_windows);
        assert_int_equal(counter_layout_compared(&layout, cases[i].windows), cases[i].compared);
        text = counter_layout_text(&layout, &need);
        assert_non_null(strstr(text, cases[i].says));
    }
    fixture_copy_free(copy);
}

static void
counts_software_events_beside_any_turn(void **state)
{
    static const char *const events[] = { "cycles", "task-clock", "instructions", NULL };
    const CounterNeed need = { .events = events, .guest_yields = true, .windows = 60 };
    char *copy = fixture_copy("host-cascadelake-ht");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    BudgetLayout layout;

    fixture_change(copy, "proc/sys/kernel/nmi_watchdog", "0\n");
    assert_true(counter_layout_plan(&need, root, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_TOGETHER);
    for (unsigned i = 0; i < layout.phases[0].n_groups; i++)
        assert_int_equal(layout.phases[0].groups[i].events, 7);
    fixture_copy_free(copy);
}

static void
tries_everything_where_the_cpu_is_not_known(void **state)
{
    static const char *const events[] = { "cycles", "instructions", NULL };
    const CounterNeed need = { .events = events, .guest_yields = true, .windows = 60 };
    char *copy = fixture_copy("host-vm-no-pmu");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    BudgetLayout layout;

    assert_true(counter_layout_plan(&need, root, &layout, NULL));
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
        cmocka_unit_test(alternates_guest_only_host_only_and_overlap),
        cmocka_unit_test(a_visit_begins_with_the_first_turn_again),
        cmocka_unit_test(a_guest_that_counts_its_load_alone_is_left_counting),
        cmocka_unit_test(turns_are_as_long_as_the_visit_lets_them_be),
        cmocka_unit_test(counts_software_events_beside_any_turn),
        cmocka_unit_test(tries_everything_where_the_cpu_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
