/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/failure.h"
#include "common/pmu/budget.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"
#include "tests/support/pmu_cpus.h"

#define FEWEST_EVENTS 2

static PmuCapacity
capacity_of(const char *title)
{
    return pmu_cpus_capacity(pmu_cpus_find(title));
}

static PmuCapacity
cascade_lake(void)
{
    return capacity_of("Cascade Lake, HT on");
}

/* Every event on all three sides, as an experiment wants them. */
static BudgetRequest
ask(const PmuCapacity *capacity, const char *const *events)
{
    uint32_t all = (1u << g_strv_length((char **) events)) - 1;

    return (BudgetRequest){
        .capacity = *capacity, .events = events, .guest = all, .host_of_guest = all, .host = all
    };
}

static unsigned
times_counted(const BudgetPhase *phase, unsigned event, bool guest_takes)
{
    unsigned times = guest_takes && (phase->guest & 1u << event);

    for (unsigned g = 0; g < phase->n_groups; g++)
        times += (phase->groups[g].events & 1u << event) != 0;
    return times;
}

/* An independent sum: not the planner's own figures. */
static void
assert_within_budget(const BudgetRequest *request, const BudgetLayout *layout)
{
    for (unsigned i = 0; i < layout->n_phases; i++) {
        const BudgetPhase *phase = &layout->phases[i];
        unsigned general = 0, cycles = request->watchdog, instructions = 0;

        for (unsigned e = 0; request->events[e]; e++) {
            unsigned times = times_counted(phase, e, !request->mediated);

            if (g_str_equal(request->events[e], "cycles"))
                cycles += times;
            else if (g_str_equal(request->events[e], "instructions"))
                instructions += times;
            else
                general += times;
        }
        general += cycles - (cycles > 0 && (request->capacity.fixed & PMU_FIXED_CYCLES));
        general +=
            instructions - (instructions > 0 && (request->capacity.fixed & PMU_FIXED_INSTRUCTIONS));
        assert_int_equal(general, phase->general);
        assert_in_range(general, 0, request->capacity.general);
    }
}

/* What was asked for is counted in some phase, each group's events at the same time as cycles. */
static void
assert_everything_is_counted(const BudgetRequest *request, const BudgetLayout *layout)
{
    uint32_t guest = 0, of_guest = 0, host = 0;

    for (unsigned i = 0; i < layout->n_phases; i++) {
        guest |= layout->phases[i].guest;
        for (unsigned g = 0; g < layout->phases[i].n_groups; g++) {
            const BudgetGroup *group = &layout->phases[i].groups[g];

            assert_true(group->events & 1);
            *(group->mode == PMU_MODE_GUEST ? &of_guest : &host) |= group->events;
        }
    }
    assert_int_equal(guest, request->guest);
    assert_int_equal(of_guest, request->mediated ? 0 : request->host_of_guest);
    assert_int_equal(host, request->host);
}

static void
append_layout(GString *table, const BudgetRequest *request)
{
    g_autofree char *phases = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;
    BudgetLayout layout;

    g_string_append_printf(
        table, "  %u events, watchdog %s%s: ", g_strv_length((char **) request->events),
        request->watchdog ? "on" : "off", request->mediated ? ", mediated vPMU" : "");
    if (!budget_plan(request, &layout, &error)) {
        g_string_append_printf(table, "refused\n    %s\n", error->message);
        return;
    }
    assert_within_budget(request, &layout);
    assert_everything_is_counted(request, &layout);
    phases = budget_layout_text(&layout, request);
    lines = g_strsplit(phases, "\n", -1);
    g_string_append_printf(table, "%s\n    %s\n", budget_kind_name(layout.kind), layout.reason);
    for (char **line = lines; *line; line++)
        g_string_append_printf(table, "    %s\n", *line);
}

static void
the_layout_for_each_cpu_is_the_documented_one(void **state)
{
    g_autoptr(GString) table = g_string_new(NULL);

    for (size_t c = 0; c < pmu_cpus_length; c++) {
        PmuCapacity capacity = pmu_cpus_capacity(&pmu_cpus[c]);
        g_autofree char *fixed = pmu_fixed_names(capacity.fixed);

        g_string_append_printf(table, "== %s: %u general counters, fixed: %s\n", pmu_cpus[c].title,
                               capacity.general, *fixed ? fixed : "none");
        for (unsigned n = FEWEST_EVENTS; n <= PMU_CPUS_MOST_EVENTS; n++) {
            const char *events[PMU_CPUS_MOST_EVENTS + 1];
            BudgetRequest request = pmu_cpus_request(&pmu_cpus[c], n, events);

            append_layout(table, &request);
            request.watchdog = true;
            append_layout(table, &request);
            request.watchdog = false;
            request.mediated = true;
            append_layout(table, &request);
        }
    }
    assert_golden("pmu-budget.txt", table->str);
}

static void
ref_cycles_of_intel_is_never_counted_on_both_sides_at_once(void **state)
{
    static const char *const events[] = { "cycles", "ref-cycles", NULL };
    PmuCapacity capacity = capacity_of("Ice Lake server");
    BudgetRequest request = ask(&capacity, events);
    BudgetLayout layout;

    assert_true(budget_plan(&request, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_ALTERNATE);
    for (unsigned i = 0; i < layout.n_phases; i++)
        assert_in_range(times_counted(&layout.phases[i], 1, true), 0, 1);
    assert_non_null(strstr(layout.reason, "ref-cycles has one counter"));
}

static void
ref_cycles_is_an_ordinary_event_from_zen_4_on(void **state)
{
    static const char *const events[] = { "cycles", "ref-cycles", NULL };
    PmuCapacity zen3 = capacity_of("EPYC Zen 3"), zen4 = capacity_of("EPYC Zen 4");
    BudgetRequest old = ask(&zen3, events), new = ask(&zen4, events);
    g_autoptr(GError) error = NULL;
    BudgetLayout layout;

    assert_false(budget_plan(&old, &layout, &error));
    assert_int_equal(error->code, FAILURE_UNSUPPORTED);
    assert_non_null(strstr(error->message, "ref-cycles"));
    assert_true(budget_plan(&new, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_TOGETHER);
}

static void
software_events_cost_no_counter(void **state)
{
    static const char *const events[] = { "task-clock", "context-switches", "page-faults", NULL };
    PmuCapacity capacity = cascade_lake();
    BudgetRequest request = ask(&capacity, events);
    BudgetLayout layout;

    assert_true(budget_plan(&request, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_TOGETHER);
    assert_int_equal(layout.phases[0].general, 0);
}

static void
a_modifier_does_not_hide_a_fixed_event(void **state)
{
    static const char *const plain[] = { "cycles", "instructions", NULL };
    static const char *const modified[] = { "cpu-cycles:u", "instructions:uk", NULL };
    const unsigned once[] = { 1, 1 };
    PmuCapacity capacity = cascade_lake();
    unsigned general, fixed;

    assert_true(budget_demand(&capacity, plain, once, &general, &fixed));
    assert_int_equal(general, 0);
    assert_int_equal(fixed, 2);
    assert_true(budget_demand(&capacity, modified, once, &general, NULL));
    assert_int_equal(general, 0);
}

static void
a_watchdog_that_would_silence_the_guest_is_refused(void **state)
{
    static const char *const events[] = {
        "cycles",       "instructions",     "branches", "branch-misses",
        "cache-misses", "cache-references", NULL
    };
    PmuCapacity capacity = cascade_lake();
    BudgetRequest request = ask(&capacity, events);
    g_autoptr(GError) error = NULL;
    BudgetLayout layout = { .n_phases = 7 };

    request.watchdog = true;
    assert_false(budget_plan(&request, &layout, &error));
    assert_non_null(strstr(error->message, "kernel.nmi_watchdog=0"));
    assert_int_equal(layout.n_phases, 7);
}

static void
more_guest_events_than_a_guest_has_counters_are_refused(void **state)
{
    static const char *const events[] = { "r0001", "r0002", "r0003", "r0004", "r0005", NULL };
    PmuCapacity capacity = cascade_lake();
    BudgetRequest request = ask(&capacity, events);
    g_autoptr(GError) error = NULL;
    BudgetLayout layout;

    assert_false(budget_plan(&request, &layout, &error));
    assert_non_null(strstr(error->message, "KVM gives to a guest"));
}

static void
counting_one_side_only_leaves_room(void **state)
{
    static const char *const events[] = {
        "cycles",       "instructions",     "branches", "branch-misses",
        "cache-misses", "cache-references", NULL
    };
    PmuCapacity capacity = cascade_lake();
    BudgetRequest request = ask(&capacity, events);
    BudgetLayout layout;

    request.guest = 0;
    request.host = 0;
    assert_true(budget_plan(&request, &layout, NULL));
    assert_int_equal(layout.kind, BUDGET_TOGETHER);
    assert_int_equal(layout.phases[0].general, 4);
}

static void
refuses_a_cpu_without_counters_and_a_plan_without_events(void **state)
{
    static const char *const events[] = { "cycles", NULL };
    static const char *const none[] = { NULL };
    PmuCapacity nothing = { 0 }, capacity = cascade_lake();
    BudgetRequest request = ask(&nothing, events);
    g_autoptr(GError) no_counters = NULL;
    g_autoptr(GError) no_events = NULL;
    BudgetLayout layout;

    assert_false(budget_plan(&request, &layout, &no_counters));
    assert_int_equal(no_counters->code, FAILURE_UNSUPPORTED);
    request = ask(&capacity, none);
    assert_false(budget_plan(&request, &layout, &no_events));
}

static void
knows_a_cpu_by_its_stepping_and_a_stranger_not_at_all(void **state)
{
    const PmuCpuCase skylake = {
        .cpuinfo = "vendor_id : GenuineIntel\ncpu family : 6\nmodel : 85\nstepping : 4\n",
        .threads_share = true,
    };
    g_autoptr(CpuInfo) stranger =
        cpuinfo_parse("vendor_id : GenuineIntel\ncpu family : 6\nmodel : 250\n", NULL);
    PmuCpu cpu = { .name = "untouched" };

    assert_string_equal(pmu_cpus_pmu(&skylake).name, "Skylake server");
    assert_string_equal(pmu_cpus_pmu(pmu_cpus_find("Cascade Lake, HT on")).name, "Cascade Lake");
    assert_false(pmu_cpu_find(stranger, true, &cpu));
    assert_string_equal(cpu.name, "untouched");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_for_each_cpu_is_the_documented_one),
        cmocka_unit_test(ref_cycles_of_intel_is_never_counted_on_both_sides_at_once),
        cmocka_unit_test(ref_cycles_is_an_ordinary_event_from_zen_4_on),
        cmocka_unit_test(software_events_cost_no_counter),
        cmocka_unit_test(a_modifier_does_not_hide_a_fixed_event),
        cmocka_unit_test(a_watchdog_that_would_silence_the_guest_is_refused),
        cmocka_unit_test(more_guest_events_than_a_guest_has_counters_are_refused),
        cmocka_unit_test(counting_one_side_only_leaves_room),
        cmocka_unit_test(refuses_a_cpu_without_counters_and_a_plan_without_events),
        cmocka_unit_test(knows_a_cpu_by_its_stepping_and_a_stranger_not_at_all),
    };

    return cmocka_run_group_tests_name("pmu_budget", tests, NULL, NULL);
}
