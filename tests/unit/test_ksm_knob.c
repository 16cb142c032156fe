/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/ksm_knob.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/failure.h"
#include "hostctl/knob/ksm_undo.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define DIR KSM_SETTING_DIR

static const char *const files[][2] = {
    { DIR "run", "1" },
    { DIR "pages_to_scan", "100" },
    { DIR "sleep_millisecs", "200" },
    { DIR "merge_across_nodes", "1" },
    { DIR "max_page_sharing", "256" },
    { DIR "use_zero_pages", "0" },
    { DIR "smart_scan", "1" },
    { DIR "advisor_mode", "[none] scan-time" },
    { DIR "pages_shared", "0" },
    { DIR "pages_sharing", "0" },
    { DIR "pages_unshared", "0" },
    { DIR "pages_volatile", "0" },
    { DIR "full_scans", "0" },
};

static int
setup(void **state)
{
    host_tree_setup(state);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        host_tree_put(*state, files[i][0], files[i][1]);
    host_tree_put(
        *state, "proc/meminfo",
        "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    return 0;
}

static void
assert_all_as_before(const HostTree *tree)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *now = NULL;

        assert_true(sysroot_read(tree->root, files[i][0], &now, NULL));
        /* A plain file keeps the bare word that was written, where the kernel shows its list. */
        if (strstr(files[i][0], "advisor_mode"))
            assert_non_null(strstr(now, "none"));
        else
            assert_string_equal(now, files[i][1]);
    }
}

static guint
count_unfinished(const HostTree *tree)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);

    return entries->len;
}

static void
switches_on_and_off_and_puts_everything_back(void **state)
{
    HostTree *tree = *state;
    KsmKnob *knob = ksm_knob_new(tree->journal, false, NULL);

    assert_true(ksm_knob_apply(knob, ksm_on, ksm_on_length, 1000, NULL, NULL));
    assert_host_tree(tree, DIR "run", "1");
    assert_host_tree(tree, DIR "pages_to_scan", "1000");
    assert_host_tree(tree, DIR "sleep_millisecs", "20");
    assert_true(ksm_knob_apply(knob, ksm_off, ksm_off_length, 1000, NULL, NULL));
    assert_host_tree(tree, DIR "run", "2");
    ksm_knob_free(knob);
    assert_all_as_before(tree);
    assert_int_equal(count_unfinished(tree), 0);
}

static void
puts_back_what_another_process_left(void **state)
{
    HostTree *tree = *state;
    KsmKnob *knob = ksm_knob_new(tree->journal, false, NULL);

    assert_true(ksm_knob_apply(knob, ksm_on, ksm_on_length, 1000, NULL, NULL));
    assert_true(ksm_knob_apply(knob, ksm_off, ksm_off_length, 1000, NULL, NULL));

    g_autoptr(Journal) later = journal_open(tree->state, tree->root, NULL);
    g_autoptr(GPtrArray) entries = journal_unfinished(later);
    assert_true(ksm_put_back_entries(later, entries, NULL, NULL, NULL));
    assert_all_as_before(tree);
    ksm_knob_free(knob); /* finds everything as it was */
    assert_all_as_before(tree);
}

/* A plain file does not show which values it passed; the journal does. */
static bool
journal_names(const HostTree *tree, const char *text)
{
    g_autofree char *path = host_tree_state_file(tree, "journal.jsonl");
    g_autofree char *lines = NULL;

    assert_true(g_file_get_contents(path, &lines, NULL, NULL));
    return strstr(lines, text) != NULL;
}

static void
leaves_no_page_shared_where_none_was_before(void **state)
{
    static const struct {
        const char *run_before;
        const char *shared_before, *shared_after;
        const char *sharing_after;
        bool unshares;
    } cases[] = { { "0", "0", "12", "40", true },
                  { "0", "0", "0", "0", true },
                  { "0", "0", "12", "200000", false }, /* the copies would not fit */
                  { "0", "3", "12", "40", false },
                  { "1", "0", "12", "40", false } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        HostTree *tree = *state;
        KsmKnob *knob;
        bool switched;

        host_tree_put(tree, DIR "run", cases[i].run_before);
        host_tree_put(tree, DIR "pages_shared", cases[i].shared_before);
        knob = ksm_knob_new(tree->journal, false, NULL);
        switched = ksm_knob_apply(knob, ksm_on, ksm_on_length, 1000, NULL, NULL);
        host_tree_put(tree, DIR "pages_shared", cases[i].shared_after);
        host_tree_put(tree, DIR "pages_sharing", cases[i].sharing_after);
        ksm_knob_free(knob);
        assert_true(switched);
        assert_host_tree(tree, DIR "run", cases[i].run_before);
        assert_int_equal(journal_names(tree, "\"change\":\"2\""), cases[i].unshares);
        host_tree_teardown(state);
        setup(state);
    }
}

/* The way back needs pages unshared: max_page_sharing was changed. */
static void
unshares_on_the_way_back_only_with_memory_and_unless_a_signal_came(void **state)
{
    static const struct {
        const char *sharing; /* pages */
        bool signal;
        const char *note; /* NULL: none */
    } cases[] = { { "40", false, NULL },
                  { "200000", false, "937 MiB" },
                  { "40", true, "stopped by signal" } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        HostTree *tree = *state;
        const KsmSetting sharing = { "max_page_sharing", "300" };
        const KsmSetting run = { "run", "0" };
        KsmKnob *knob = ksm_knob_new(tree->journal, true, NULL);
        g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;

        assert_true(ksm_knob_apply(knob, &sharing, 1, 1000, NULL, NULL));
        assert_true(ksm_knob_apply(knob, &run, 1, 1000, NULL, NULL));
        ksm_knob_free(knob);
        host_tree_put(tree, DIR "pages_shared", "12");
        host_tree_put(tree, DIR "pages_sharing", cases[i].sharing);
        host_tree_reopen_journal(tree);
        if (cases[i].signal)
            interrupt_raise(interrupt, SIGTERM);
        assert_true(ksm_put_back_held(tree->journal, interrupt, notes, &error));
        /* A plain file takes the setting all the same, and nothing is left to recover. */
        assert_host_tree(tree, DIR "max_page_sharing", "256");
        assert_host_tree(tree, DIR "run", "1");
        assert_int_equal(count_unfinished(tree), 0);
        assert_int_equal(notes->len, cases[i].note ? 1 : 0);
        if (cases[i].note)
            assert_non_null(strstr(notes->pdata[0], cases[i].note));
        host_tree_teardown(state);
        setup(state);
    }
}

static void
passes_the_advisor_by_when_it_sets_pages(void **state)
{
    HostTree *tree = *state;
    const KsmSetting pages = { "pages_to_scan", "5000" };
    KsmKnob *knob;

    host_tree_put(tree, DIR "advisor_mode", "none [scan-time]");
    knob = ksm_knob_new(tree->journal, false, NULL);
    assert_true(ksm_knob_apply(knob, &pages, 1, 1000, NULL, NULL));
    assert_host_tree(tree, DIR "advisor_mode", "none");
    assert_host_tree(tree, DIR "pages_to_scan", "5000");
    ksm_knob_free(knob);
    assert_host_tree(tree, DIR "advisor_mode", "scan-time");
    assert_host_tree(tree, DIR "pages_to_scan", "100");
}

static void
unshares_before_what_the_kernel_takes_only_unshared(void **state)
{
    HostTree *tree = *state;
    const KsmSetting nodes = { "merge_across_nodes", "0" };
    g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, false, NULL);
    g_autoptr(GError) error = NULL;

    assert_true(ksm_knob_apply(knob, &nodes, 1, 1000, NULL, NULL));
    assert_host_tree(tree, DIR "merge_across_nodes", "0");
    assert_host_tree(tree, DIR "run", "1");

    /* Where pages stay shared, the setting is not even tried. */
    host_tree_put(tree, DIR "pages_shared", "12");
    assert_false(
        ksm_knob_apply(knob, &(KsmSetting){ "max_page_sharing", "300" }, 1, 0, NULL, &error));
    assert_non_null(strstr(error->message, "12 pages are still shared"));
    assert_host_tree(tree, DIR "max_page_sharing", "256");
    host_tree_put(tree, DIR "pages_shared", "0");
}

static void
refuses_to_unshare_without_memory_for_the_copies(void **state)
{
    HostTree *tree = *state;
    g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, false, NULL);
    g_autoptr(GError) error = NULL;

    host_tree_put(tree, DIR "pages_sharing", "200000");
    assert_false(ksm_knob_apply(knob, ksm_off, ksm_off_length, 1000, NULL, &error));
    assert_non_null(strstr(error->message, "937 MiB"));
    assert_host_tree(tree, DIR "run", "1");
}

static void
stops_waiting_at_a_signal(void **state)
{
    HostTree *tree = *state;
    g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, false, NULL);
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autoptr(GError) error = NULL;

    host_tree_put(tree, DIR "pages_shared", "12");
    interrupt_raise(interrupt, SIGINT);
    assert_false(ksm_knob_apply(knob, ksm_off, ksm_off_length, 3600000, interrupt, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
}

static void
says_what_somebody_else_changed_and_leaves_it(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, false, NULL);

    assert_true(ksm_knob_apply(knob, ksm_on, ksm_on_length, 1000, NULL, NULL));
    host_tree_put(tree, DIR "pages_to_scan", "333");
    assert_true(ksm_knob_put_back(knob, notes, NULL));
    assert_int_equal(notes->len, 1);
    assert_non_null(strstr(notes->pdata[0], "333"));
    assert_host_tree(tree, DIR "pages_to_scan", "333");
    assert_host_tree(tree, DIR "sleep_millisecs", "200");
}

static void
keeps_the_first_state_through_settings_made_by_hand(void **state)
{
    HostTree *tree = *state;

    for (int i = 0; i < 2; i++) {
        g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, true, NULL);
        g_autofree char *pages = g_strdup_printf("%d", 2000 + i);

        assert_true(
            ksm_knob_apply(knob, &(KsmSetting){ "pages_to_scan", pages }, 1, 1000, NULL, NULL));
        host_tree_reopen_journal(tree);
    }
    assert_host_tree(tree, DIR "pages_to_scan", "2001");
    assert_int_equal(count_unfinished(tree), 1);
    assert_true(ksm_put_back_held(tree->journal, NULL, NULL, NULL));
    assert_all_as_before(tree);
}

static void
runs_on_a_kernel_without_the_newer_files(void **state)
{
    HostTree *tree = *state;
    g_autofree char *advisor = sysroot_path(tree->root, DIR "advisor_mode");
    g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, false, NULL);
    g_autoptr(GError) error = NULL;

    assert_int_equal(remove(advisor), 0);
    assert_true(ksm_knob_apply(knob, ksm_on, ksm_on_length, 1000, NULL, NULL));
    assert_false(
        ksm_knob_apply(knob, &(KsmSetting){ "advisor_mode", "scan-time" }, 1, 1000, NULL, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
}

static void
checks_settings_before_it_touches_anything(void **state)
{
    const struct {
        KsmSetting setting;
        const char *says;
    } wrong[] = {
        { { "pages_to_scam", "1" }, "did you mean “pages_to_scan”" },
        { { "pages_to_scan", "-1" }, "not a number from 1" },
        { { "pages_to_scan", "0" }, "not a number from 1" },
        { { "run", "3" }, "from 0 to 2" },
        { { "run", "" }, "from 0 to 2" },
        { { "advisor_mode", "fast" }, "none, scan-time" },
        { { "pages_shared", "1" }, "no KSM setting" },
        { { "../../../../etc/passwd", "1" }, "no KSM setting" },
    };
    HostTree *tree = *state;
    g_autoptr(KsmKnob) knob = ksm_knob_new(tree->journal, false, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const KsmSetting both[] = { { "run", "2" }, wrong[i].setting };
        g_autoptr(GError) error = NULL;

        assert_false(ksm_knob_apply(knob, both, 2, 1000, NULL, &error));
        assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
        assert_non_null(strstr(error->message, wrong[i].says));
    }
    assert_all_as_before(tree);
    assert_int_equal(count_unfinished(tree), 0);
}

static void
says_when_the_kernel_has_no_ksm(void **state)
{
    HostTree *tree = *state;
    g_autofree char *run = sysroot_path(tree->root, DIR "run");
    g_autoptr(GError) error = NULL;

    assert_int_equal(remove(run), 0);
    assert_null(ksm_knob_new(tree->journal, false, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(switches_on_and_off_and_puts_everything_back),
        CASE(puts_back_what_another_process_left),
        CASE(leaves_no_page_shared_where_none_was_before),
        CASE(unshares_on_the_way_back_only_with_memory_and_unless_a_signal_came),
        CASE(passes_the_advisor_by_when_it_sets_pages),
        CASE(unshares_before_what_the_kernel_takes_only_unshared),
        CASE(refuses_to_unshare_without_memory_for_the_copies),
        CASE(stops_waiting_at_a_signal),
        CASE(says_what_somebody_else_changed_and_leaves_it),
        CASE(keeps_the_first_state_through_settings_made_by_hand),
        CASE(runs_on_a_kernel_without_the_newer_files),
        CASE(checks_settings_before_it_touches_anything),
        CASE(says_when_the_kernel_has_no_ksm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
