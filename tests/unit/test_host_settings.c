/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostctl/run/host_settings.h"
#include "hostctl/run/plan.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define WATCHDOG "proc/sys/kernel/nmi_watchdog"
#define NO_TURBO "sys/devices/system/cpu/intel_pstate/no_turbo"
#define GOVERNOR_0 "sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
#define GOVERNOR_1 "sys/devices/system/cpu/cpufreq/policy1/scaling_governor"
#define HUGE "sys/kernel/mm/hugepages/hugepages-2048kB/"
#define THP "sys/kernel/mm/transparent_hugepage/enabled"

static Plan *
plan_with(const char *conditions)
{
    g_autofree char *text = g_strdup_printf("{\"version\":1,\"name\":\"t\",\"load\":[\"x\"],"
                                            "\"steps_percent\":[0],\"conditions\":[%s]}",
                                            conditions);
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_parse("t.json", text, &error);

    if (!plan)
        fail_msg("%s", error->message);
    return plan;
}

static void
put_a_node(const HostTree *tree)
{
    host_tree_put(tree, WATCHDOG, "1\n");
    host_tree_put(tree, NO_TURBO, "0\n");
    host_tree_put(tree, GOVERNOR_0, "powersave\n");
    host_tree_put(tree, GOVERNOR_1, "ondemand\n");
    host_tree_put(tree, THP, "always [madvise] never\n");
    host_tree_put(tree, HUGE "nr_hugepages", "10\n");
    host_tree_put(tree, HUGE "free_hugepages", "4\n");
}

static void
sets_what_a_condition_wants_and_puts_it_back(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Plan) plan = plan_with(
        "{\"name\":\"still\",\"hugepages\":true,\"host\":{\"nmi_watchdog\":false,\"turbo\":false,"
        "\"governor\":\"performance\"}}");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(HostSettings) settings = host_settings_new(tree->journal);

    put_a_node(tree);
    assert_true(
        host_settings_apply(settings, plan->conditions->pdata[0], 16 * 1024 + 1, notes, NULL));
    assert_host_tree(tree, WATCHDOG, "0");
    assert_host_tree(tree, NO_TURBO, "1");
    assert_host_tree(tree, GOVERNOR_0, "performance");
    assert_host_tree(tree, GOVERNOR_1, "performance");
    assert_host_tree(tree, HUGE "nr_hugepages", "15"); /* 6 in use, 9 for the guests */
    assert_int_equal(notes->len, 5);
    assert_string_equal(notes->pdata[0], "/" WATCHDOG ": 0");

    assert_true(host_settings_put_back(settings, NULL, NULL));
    assert_host_tree(tree, WATCHDOG, "1");
    assert_host_tree(tree, NO_TURBO, "0");
    assert_host_tree(tree, GOVERNOR_0, "powersave");
    assert_host_tree(tree, GOVERNOR_1, "ondemand");
    assert_host_tree(tree, HUGE "nr_hugepages", "10");
}

#define MAX_0 "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"
#define MAX_1 "sys/devices/system/cpu/cpufreq/policy1/scaling_max_freq"

/* Policy 0 lists its clocks, policy 1 takes any. */
static void
put_clocks(const HostTree *tree)
{
    host_tree_put(tree, MAX_0, "3400000\n");
    host_tree_put(tree, MAX_1, "3700000\n");
    host_tree_put(tree, "sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "3400000\n");
    host_tree_put(tree, "sys/devices/system/cpu/cpufreq/policy0/cpuinfo_min_freq", "1400000\n");
    host_tree_put(tree, "sys/devices/system/cpu/cpufreq/policy0/scaling_available_frequencies",
                  "3400000 2200000 1400000 \n");
    host_tree_put(tree, "sys/devices/system/cpu/cpufreq/policy1/cpuinfo_max_freq", "3700000\n");
    host_tree_put(tree, "sys/devices/system/cpu/cpufreq/policy1/cpuinfo_min_freq", "800000\n");
}

static void
the_clock_is_stepped_and_put_back(void **state)
{
    static const struct {
        const char *percent, *first, *second;
    } cases[] = { { "100", "3400000", "3700000" },
                  { "70", "2200000", "2590000" },
                  { "50", "1400000", "1850000" },
                  { "1", "1400000", "800000" } };
    HostTree *tree = *state;

    put_a_node(tree);
    put_clocks(tree);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *condition = g_strdup_printf(
            "{\"name\":\"a\",\"host\":{\"frequency_percent\":%s}}", cases[i].percent);
        g_autoptr(Plan) plan = plan_with(condition);
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(HostSettings) settings = host_settings_new(tree->journal);

        assert_true(
            host_settings_check(journal_root(tree->journal), plan->conditions->pdata[0], 0, NULL));
        assert_true(host_settings_apply(settings, plan->conditions->pdata[0], 0, notes, NULL));
        assert_host_tree(tree, MAX_0, cases[i].first);
        assert_host_tree(tree, MAX_1, cases[i].second);
        assert_true(host_settings_put_back(settings, NULL, NULL));
        assert_host_tree(tree, MAX_0, "3400000");
        assert_host_tree(tree, MAX_1, "3700000");
    }
}

static void
what_the_next_condition_leaves_is_put_back(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Plan) plan = plan_with("{\"name\":\"a\",\"host\":{\"nmi_watchdog\":false,"
                                     "\"governor\":\"performance\"}},"
                                     "{\"name\":\"b\",\"host\":{\"governor\":\"schedutil\"}}");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(HostSettings) settings = host_settings_new(tree->journal);

    put_a_node(tree);
    for (guint i = 0; i < 2; i++)
        assert_true(host_settings_apply(settings, plan->conditions->pdata[i], 0, notes, NULL));
    assert_host_tree(tree, WATCHDOG, "1");
    assert_host_tree(tree, GOVERNOR_1, "schedutil");
    g_clear_pointer(&settings, host_settings_free);
    assert_host_tree(tree, GOVERNOR_0, "powersave");
    assert_host_tree(tree, GOVERNOR_1, "ondemand");
}

static void
a_killed_run_leaves_them_to_recover(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Plan) plan =
        plan_with("{\"name\":\"a\",\"host\":{\"nmi_watchdog\":false,\"turbo\":false}}");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(HostSettings) settings = host_settings_new(tree->journal);
    g_autoptr(GPtrArray) left = NULL;

    put_a_node(tree);
    assert_true(host_settings_apply(settings, plan->conditions->pdata[0], 0, notes, NULL));
    left = journal_unfinished(tree->journal);
    assert_int_equal(left->len, 2);
    for (guint i = 0; i < left->len; i++)
        assert_false(((const JournalEntry *) left->pdata[i])->held);
}

static void
says_what_a_host_does_not_have(void **state)
{
    static const struct {
        const char *condition, *message;
    } cases[] = {
        { "{\"name\":\"a\",\"host\":{\"turbo\":true}}", "host.turbo: this host has neither" },
        { "{\"name\":\"a\",\"host\":{\"governor\":\"performance\"}}", "this host has no cpufreq" },
        { "{\"name\":\"a\",\"host\":{\"frequency_percent\":50}}", "this host has no cpufreq" },
        { "{\"name\":\"a\",\"host\":{\"nmi_watchdog\":false}}", "this host has no /" WATCHDOG },
        { "{\"name\":\"a\",\"host\":{\"halt_poll_ns\":0}}", "halt_poll_ns" },
        { "{\"name\":\"a\",\"hugepages\":true}", "hugepages: " },
    };
    HostTree *tree = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Plan) plan = plan_with(cases[i].condition);
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(HostSettings) settings = host_settings_new(tree->journal);
        g_autoptr(GError) error = NULL, early = NULL;

        assert_false(host_settings_check(journal_root(tree->journal), plan->conditions->pdata[0],
                                         1024, &early));
        assert_non_null(strstr(early->message, cases[i].message));
        assert_false(
            host_settings_apply(settings, plan->conditions->pdata[0], 1024, notes, &error));
        if (!strstr(error->message, cases[i].message))
            fail_msg("“%s” does not contain “%s”", error->message, cases[i].message);
    }
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TREE(sets_what_a_condition_wants_and_puts_it_back),
        IN_A_TREE(the_clock_is_stepped_and_put_back),
        IN_A_TREE(what_the_next_condition_leaves_is_put_back),
        IN_A_TREE(a_killed_run_leaves_them_to_recover),
        IN_A_TREE(says_what_a_host_does_not_have),
    };

    return cmocka_run_group_tests_name("host_settings", tests, NULL, NULL);
}
