/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hostctl stat on a guest of a fixture tree, whose threads run on a simulated PMU. */
#include "hostctl/stat/stat_vcpu.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/pmu/stat_print.h"
#include "hostctl/stat/stat_setup.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/golden.h"
#include "tests/support/near.h"
#include "tests/support/pmu_cpus.h"
#include "tests/support/sim_pmu.h"

#define SECOND 1000000000ll
#define VCPU_0 2104
#define SCHEDSTAT "proc/2101/task/2104/schedstat"
#define TRACEPOINT 1234

/* The guest web-1 of the fixture host-two-guests, copied so that time can pass in it. */
typedef struct {
    char *path;
    Sysroot *root;
    SimPmu *sim;
    QemuProcess *process;
    StatEvents *events;
    StatSetup setup;
} Scene;

static Scene
scene(const SimPmuOptions *options, const char *events)
{
    const char *const lists[] = { events, NULL };
    Scene made = { .path = fixture_copy("host-two-guests"), .sim = sim_pmu_new(options) };

    made.root = sysroot_new(made.path);
    assert_true(qemu_process_find(made.root, "web-1", &made.process, NULL));
    made.events = stat_events_parse(lists, NULL);
    assert_non_null(made.events);
    made.setup = (StatSetup){ .root = made.root,
                              .kernel = sim_pmu_kernel(made.sim),
                              .events = made.events,
                              .exit_tracepoint = TRACEPOINT };
    sim_pmu_thread_starts(made.sim, VCPU_0);
    return made;
}

static void
clear(Scene *made)
{
    stat_events_free(made->events);
    qemu_process_free(made->process);
    sysroot_free(made->root);
    sim_pmu_free(made->sim);
    fixture_copy_free(made->path);
}

static StatVcpu *
count(const Scene *made, GError **error)
{
    return stat_vcpu_open(&made->setup, made->process,
                          &g_array_index(made->process->vcpus, QemuThread, 0), 0, error);
}

/* A second in which the vCPU runs three quarters and waits a quarter. */
static void
pass_a_second(const Scene *made)
{
    sim_pmu_run(made->sim, VCPU_0, 0, SECOND / 4 * 3, 0.5);
    /* Into the same file, whose descriptor is open. */
    assert_true(sysroot_write(made->root, SCHEDSTAT, "38750000000 2750000000 60100\n", NULL));
}

static const StatRow *
row_of(const StatWindow *window, const char *name)
{
    for (unsigned i = 0; i < window->n_rows; i++)
        if (g_str_equal(window->rows[i].name, name))
            return &window->rows[i];
    fail_msg("no row %s", name);
    return NULL;
}

static PmuCapacity
icelake(void)
{
    return pmu_cpus_capacity(pmu_cpus_find("Ice Lake server"));
}

static char *
printed(const StatWindow *window, void (*print)(FILE *, const StatWindow *, const StatStyle *),
        StatPerf perf)
{
    const StatStyle style = { .perf = perf, .with_time = true, .separator = "," };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    print(out, window, &style);
    fclose(out);
    return text;
}

static void
counts_both_modes_apart_and_prints_them_as_either_perf_does(void **state)
{
    static const struct {
        const char *golden;
        void (*print)(FILE *, const StatWindow *, const StatStyle *);
        StatPerf perf;
    } outputs[] = {
        { "stat-6.1.csv", stat_print_csv, STAT_PERF_6_1 },
        { "stat-7.1.csv", stat_print_csv, STAT_PERF_7_1 },
        { "stat-6.1.json", stat_print_json, STAT_PERF_6_1 },
        { "stat-7.1.json", stat_print_json, STAT_PERF_7_1 },
        { "stat.txt", stat_print_table, STAT_PERF_6_1 },
    };
    Scene made = scene(&(SimPmuOptions){ .capacity = icelake() },
                       "task-clock,cycles,instructions,branches,branch-misses:G,r00c5:H");
    g_autoptr(StatVcpu) vcpu = NULL;
    StatWindow window;

    assert_int_equal(sim_pmu_guest_starts(made.sim, VCPU_0), 0);
    vcpu = count(&made, NULL);
    assert_non_null(vcpu);
    pass_a_second(&made);
    assert_true(stat_vcpu_window(vcpu, SECOND, &window, NULL));
    window.end_ns = SECOND;
    assert_near(row_of(&window, "cycles:G")->value, sim_pmu_truth(made.sim, VCPU_0, "cycles", true),
                2);
    assert_near(row_of(&window, "cycles:H")->value,
                sim_pmu_truth(made.sim, VCPU_0, "cycles", false), 2);
    assert_near(row_of(&window, "run-delay")->value, 250e6, 1);
    assert_near(row_of(&window, "run-delay")->metric.value, 25, 1e-9);
    assert_near(row_of(&window, "kvm:kvm_exit")->value, 375e6 / 8192, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
        char *text = printed(&window, outputs[i].print, outputs[i].perf);

        assert_golden(outputs[i].golden, text);
        free(text);
    }
    stat_vcpu_close(g_steal_pointer(&vcpu));
    clear(&made);
}

static void
the_next_window_holds_what_came_after_the_one_before(void **state)
{
    Scene made = scene(&(SimPmuOptions){ .capacity = icelake() }, "instructions:H");
    g_autoptr(StatVcpu) vcpu = count(&made, NULL);
    StatWindow first, second;

    pass_a_second(&made);
    assert_true(stat_vcpu_window(vcpu, SECOND, &first, NULL));
    sim_pmu_run(made.sim, VCPU_0, 0, SECOND / 4, 0);
    assert_true(stat_vcpu_window(vcpu, 2 * SECOND, &second, NULL));
    assert_near(first.rows[0].value / second.rows[0].value, 3, 1e-6);
    assert_near(row_of(&second, "run-delay")->value, 0, 1e-9);
    assert_int_equal(second.elapsed_ns, SECOND);
    stat_vcpu_close(g_steal_pointer(&vcpu));
    clear(&made);
}

static void
a_vcpu_without_a_cpu_is_not_counted_in_perfs_words(void **state)
{
    Scene made = scene(&(SimPmuOptions){ .capacity = icelake() }, "task-clock,cycles:H");
    g_autoptr(StatVcpu) vcpu = count(&made, NULL);
    StatWindow window;
    char *text;

    assert_true(stat_vcpu_window(vcpu, SECOND, &window, NULL));
    text = printed(&window, stat_print_csv, STAT_PERF_6_1);
    assert_non_null(strstr(text, "<not counted>,msec,task-clock,0,100.00,"));
    assert_non_null(strstr(text, "<not counted>,,cycles:H,0,100.00,"));
    free(text);
    stat_vcpu_close(g_steal_pointer(&vcpu));
    clear(&made);
}

static void
without_a_pmu_software_events_count_and_the_rest_says_why_not(void **state)
{
    Scene made = scene(&(SimPmuOptions){ .no_pmu = true }, "task-clock,cycles");
    g_autoptr(StatVcpu) vcpu = count(&made, NULL);
    StatWindow window;

    pass_a_second(&made);
    assert_true(stat_vcpu_window(vcpu, SECOND, &window, NULL));
    assert_near(row_of(&window, "task-clock")->value, SECOND / 4 * 3, 1);
    assert_false(row_of(&window, "cycles:G")->supported);
    assert_non_null(strstr(stat_vcpu_problem(vcpu), "no PMU that counts it"));
    stat_vcpu_close(g_steal_pointer(&vcpu));
    clear(&made);
}

static void
under_a_mediated_vpmu_no_event_of_guest_mode_is_opened(void **state)
{
    Scene made = scene(&(SimPmuOptions){ .capacity = icelake(), .mediated = true }, "cycles");
    g_autoptr(StatVcpu) vcpu = NULL;
    StatWindow window;

    made.setup.no_guest_mode = true;
    vcpu = count(&made, NULL);
    assert_non_null(vcpu);
    assert_int_equal(sim_pmu_guest_starts(made.sim, VCPU_0), 0); /* nothing of ours forbids it */
    pass_a_second(&made);
    assert_true(stat_vcpu_window(vcpu, SECOND, &window, NULL));
    assert_false(row_of(&window, "cycles:G")->supported);
    assert_near(row_of(&window, "cycles:H")->value,
                sim_pmu_truth(made.sim, VCPU_0, "cycles", false), 2);
    assert_non_null(strstr(stat_vcpu_problem(vcpu), "mediated vPMU"));
    stat_vcpu_close(g_steal_pointer(&vcpu));
    clear(&made);
}

static void
what_the_caller_may_not_do_is_an_error(void **state)
{
    static const struct {
        SimPmuOptions options;
        const char *words;
    } cases[] = {
        { { .refuse_errno = EACCES }, "CAP_PERFMON" },
        { { .max_fds = 1 }, "ulimit -n" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Scene made = scene(&cases[i].options, "task-clock,page-faults");
        g_autoptr(GError) error = NULL;

        assert_null(count(&made, &error));
        assert_non_null(strstr(error->message, cases[i].words));
        assert_non_null(strstr(error->message, "thread 2104"));
        clear(&made);
    }
}

static void
a_thread_that_has_ended_gives_its_last_window(void **state)
{
    Scene made = scene(&(SimPmuOptions){ .capacity = icelake() }, "task-clock");
    g_autoptr(StatVcpu) vcpu = count(&made, NULL);
    StatWindow window;

    pass_a_second(&made);
    stat_vcpu_remember(vcpu);
    sim_pmu_thread_ends(made.sim, VCPU_0);
    fixture_change(made.path, "proc/2101", NULL);
    assert_true(stat_vcpu_window(vcpu, SECOND, &window, NULL));
    assert_near(row_of(&window, "task-clock")->value, SECOND / 4 * 3, 1);
    assert_near(row_of(&window, "run-delay")->value, 250e6, 1);
    stat_vcpu_close(g_steal_pointer(&vcpu));
    clear(&made);
}

static void
a_domains_name_cannot_forge_columns(void **state)
{
    StatWindow window = { .thread = "CPU 0/KVM-1",
                          .domain = "a,b\nc\033[2J",
                          .n_rows = 1,
                          .rows = { { .name = "cycles:G", .mode = "guest" } } };
    char *csv = printed(&window, stat_print_csv, STAT_PERF_6_1);
    char *json = printed(&window, stat_print_json, STAT_PERF_6_1);
    char *table = printed(&window, stat_print_table, STAT_PERF_6_1);

    assert_non_null(strstr(csv, ",a_b_c_[2J,0,guest,\n"));
    assert_non_null(strstr(json, "\"domain\" : \"a,b\\nc\\u001b[2J\""));
    assert_null(strchr(table, '\033'));
    free(csv);
    free(json);
    free(table);
}

/* The second window with a text that was kept reads as one without. */
static void
a_text_that_is_kept_changes_no_row(void **state)
{
    g_autofree char *long_name = g_strnfill(300, 'e');
    g_autofree char *longer = g_strnfill(5000, 'e');
    const char *const names[] = { "cycles:G", long_name, longer };
    const char *const domains[] = { "web", "a,b" };

    for (size_t i = 0; i < G_N_ELEMENTS(names) * G_N_ELEMENTS(domains); i++) {
        StatRowText text = { 0 };
        StatWindow window = { .thread = "CPU 0/KVM-1",
                              .domain = domains[i % G_N_ELEMENTS(domains)],
                              .n_rows = 1,
                              .rows = { { .name = names[i / G_N_ELEMENTS(domains)],
                                          .mode = "guest",
                                          .source = "hardware",
                                          .supported = true,
                                          .value = 12 } } };
        char *csv[3];

        csv[0] = printed(&window, stat_print_csv, STAT_PERF_6_1);
        window.rows[0].text = &text;
        csv[1] = printed(&window, stat_print_csv, STAT_PERF_6_1);
        csv[2] = printed(&window, stat_print_csv, STAT_PERF_6_1);
        assert_string_equal(csv[1], csv[0]);
        assert_string_equal(csv[2], csv[0]);
        assert_true((text.n_head > 0) == (names[i / G_N_ELEMENTS(domains)] == names[0]));
        for (size_t k = 0; k < G_N_ELEMENTS(csv); k++)
            free(csv[k]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_both_modes_apart_and_prints_them_as_either_perf_does),
        cmocka_unit_test(the_next_window_holds_what_came_after_the_one_before),
        cmocka_unit_test(a_vcpu_without_a_cpu_is_not_counted_in_perfs_words),
        cmocka_unit_test(without_a_pmu_software_events_count_and_the_rest_says_why_not),
        cmocka_unit_test(under_a_mediated_vpmu_no_event_of_guest_mode_is_opened),
        cmocka_unit_test(what_the_caller_may_not_do_is_an_error),
        cmocka_unit_test(a_thread_that_has_ended_gives_its_last_window),
        cmocka_unit_test(a_domains_name_cannot_forge_columns),
        cmocka_unit_test(a_text_that_is_kept_changes_no_row),
    };

    return cmocka_run_group_tests_name("stat_vcpu", tests, NULL, NULL);
}
