/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/recover.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostctl/knob/change.h"
#include "hostctl/knob/knob.h"
#include "hostctl/knob/ksm_knob.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define WATCHDOG "proc/sys/kernel/nmi_watchdog"
#define KSM KSM_SETTING_DIR

static int
setup(void **state)
{
    static const char *const files[][2] = {
        { WATCHDOG, "1" },
        { KSM "run", "0" },
        { KSM "pages_to_scan", "100" },
        { KSM "sleep_millisecs", "20" },
        { KSM "pages_shared", "0" },
        { KSM "pages_sharing", "0" },
        { KSM "pages_unshared", "0" },
        { KSM "pages_volatile", "0" },
        { KSM "full_scans", "0" },
    };

    host_tree_setup(state);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        host_tree_put(*state, files[i][0], files[i][1]);
    return 0;
}

/* Changes two knobs and KSM, then dies of SIGKILL with the changes made. */
static void
change_and_die(HostTree *tree)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        Knob *knob = knob_set(tree->journal, WATCHDOG, "0", NULL);
        KsmKnob *ksm = ksm_knob_new(tree->journal, false, NULL);

        if (knob && ksm && ksm_knob_apply(ksm, ksm_on, ksm_on_length, 1000, NULL, NULL))
            raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    host_tree_reopen_journal(tree);
}

static void
assert_as_before(const HostTree *tree)
{
    assert_host_tree(tree, WATCHDOG, "1");
    assert_host_tree(tree, KSM "run", "0");
    assert_host_tree(tree, KSM "pages_to_scan", "100");
}

static GPtrArray *
run_recover(HostTree *tree, bool dry_run)
{
    GPtrArray *steps = NULL;

    assert_true(recover_all(tree->state, tree->journal, dry_run, NULL, &steps, NULL));
    return steps;
}

static RecoverOutcome
outcome_of(const GPtrArray *steps, const char *target)
{
    for (guint i = 0; i < steps->len; i++) {
        const RecoverStep *step = steps->pdata[i];

        if (g_str_equal(step->entry->target, target))
            return step->outcome;
    }
    fail_msg("no step for %s", target);
    return RECOVER_FAILED;
}

static void
puts_back_what_a_killed_process_changed(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GPtrArray) again = NULL;

    change_and_die(tree);
    assert_host_tree(tree, WATCHDOG, "0");
    assert_host_tree(tree, KSM "run", "1");

    steps = run_recover(tree, false);
    assert_as_before(tree);
    assert_int_equal(steps->len, 3);
    assert_int_equal(outcome_of(steps, WATCHDOG), RECOVER_PUT_BACK);
    assert_int_equal(outcome_of(steps, KSM "run"), RECOVER_PUT_BACK);

    host_tree_reopen_journal(tree);
    again = run_recover(tree, false);
    assert_int_equal(again->len, 0);
}

static void
only_says_so_in_a_dry_run(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) steps = NULL;

    change_and_die(tree);
    steps = run_recover(tree, true);
    assert_int_equal(outcome_of(steps, WATCHDOG), RECOVER_WOULD);
    assert_host_tree(tree, WATCHDOG, "0");
    steps = (g_ptr_array_unref(steps), run_recover(tree, false));
    assert_as_before(tree);
}

static void
leaves_what_somebody_else_changed_meanwhile(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) steps = NULL;

    change_and_die(tree);
    host_tree_put(tree, WATCHDOG, "5");
    host_tree_put(tree, KSM "pages_to_scan", "77");
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, WATCHDOG), RECOVER_LEFT);
    assert_int_equal(outcome_of(steps, KSM "pages_to_scan"), RECOVER_LEFT);
    assert_int_equal(outcome_of(steps, KSM "run"), RECOVER_PUT_BACK);
    assert_host_tree(tree, WATCHDOG, "5");
    assert_host_tree(tree, KSM "pages_to_scan", "77");
}

static void
works_again_after_being_killed_itself(void **state)
{
    HostTree *tree = *state;
    pid_t child;

    change_and_die(tree);
    child = fork();
    if (child == 0) {
        g_autofree char *note = NULL;
        g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);

        /* The newest change is undone in the file and nothing else: the cut comes here. */
        if (entries->len > 0)
            sysroot_write(tree->root, KSM "run", "0", NULL);
        raise(SIGKILL);
    }
    waitpid(child, &(int){ 0 }, 0);
    host_tree_reopen_journal(tree);
    g_autoptr(GPtrArray) steps = run_recover(tree, false);
    assert_int_equal(steps->len, 3);
    assert_as_before(tree);
}

static void
refuses_while_the_owner_is_at_work(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;
    GPtrArray *steps = NULL;
    int ready[2], leave[2];
    pid_t child;
    char byte;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(pipe2(leave, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        Knob *knob = knob_set(tree->journal, WATCHDOG, "0", NULL);

        close(leave[1]);
        if (knob && write(ready[1], "x", 1) == 1 && read(leave[0], &byte, 1) >= 0)
            knob_free(knob);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    host_tree_reopen_journal(tree);
    assert_false(recover_all(tree->state, tree->journal, false, NULL, &steps, &error));
    assert_non_null(strstr(error->message, "still at work"));
    assert_host_tree(tree, WATCHDOG, "0");

    close(leave[1]);
    waitpid(child, &(int){ 0 }, 0);
    assert_host_tree(tree, WATCHDOG, "1");
    for (int i = 0; i < 2; i++)
        close(ready[i]);
    close(leave[0]);
}

static void
leaves_what_was_set_by_hand_and_says_how_to_undo_it(void **state)
{
    HostTree *tree = *state;
    KsmKnob *ksm = ksm_knob_new(tree->journal, true, NULL);
    g_autoptr(GPtrArray) steps = NULL;

    assert_true(ksm_knob_apply(ksm, ksm_on, ksm_on_length, 1000, NULL, NULL));
    ksm_knob_free(ksm);
    host_tree_reopen_journal(tree);
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, KSM "run"), RECOVER_HELD);
    assert_non_null(strstr(((RecoverStep *) steps->pdata[0])->text, "hostctl ksm restore"));
    assert_host_tree(tree, KSM "run", "1");
}

/* hostctl doctor --apply before a run is the very purpose: the run must not undo it. */
static void
a_new_run_puts_back_leftovers_and_leaves_what_was_set_to_stay(void **state)
{
    HostTree *tree = *state;
    Change kept = { .kind = JOURNAL_FILE, .target = WATCHDOG, .held = true, .until_recover = true };
    g_autoptr(GPtrArray) steps = NULL;
    pid_t child = fork();

    kept.until_recover = true;
    if (child == 0) {
        KsmKnob *ksm = ksm_knob_new(tree->journal, false, NULL);

        if (change_make(&kept, tree->journal, "0", NULL) && ksm &&
            ksm_knob_apply(ksm, ksm_on, ksm_on_length, 1000, NULL, NULL))
            raise(SIGKILL);
        _exit(1);
    }
    waitpid(child, &(int){ 0 }, 0);
    host_tree_reopen_journal(tree);
    assert_false(journal_require_recovered(tree->journal, NULL));

    assert_true(recover_leftovers(tree->state, tree->journal, NULL, &steps, NULL));
    assert_int_equal(outcome_of(steps, KSM "run"), RECOVER_PUT_BACK);
    assert_host_tree(tree, KSM "run", "0");
    assert_host_tree(tree, WATCHDOG, "0");
    assert_true(journal_require_recovered(tree->journal, NULL));
    g_ptr_array_unref(steps);
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, WATCHDOG), RECOVER_PUT_BACK);
    assert_host_tree(tree, WATCHDOG, "1");
}

static void
writes_nothing_into_a_machine_that_was_restarted(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) steps = NULL;

    change_and_die(tree);
    host_tree_restart(tree);
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, WATCHDOG), RECOVER_GONE);
    assert_host_tree(tree, WATCHDOG, "0");
    host_tree_reopen_journal(tree);
    g_autoptr(GPtrArray) left = journal_unfinished(tree->journal);
    assert_int_equal(left->len, 0);
}

static void
removes_only_files_of_ours_from_shared_memory(void **state)
{
    HostTree *tree = *state;
    g_autofree char *name = g_strdup_printf("insideout-test-%d", (int) getpid());
    g_autofree char *path = g_strconcat("/dev/shm/", name, NULL);
    const char *const others[] = { "../../etc/hostname", "somebody-elses", "insideout-/../x" };
    g_autoptr(GPtrArray) steps = NULL;
    uint64_t id;

    assert_true(g_file_set_contents(path, "page", -1, NULL));
    assert_true(journal_add(tree->journal, &(JournalEntry){ .kind = JOURNAL_SHM, .target = name },
                            &id, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        assert_true(journal_add(
            tree->journal, &(JournalEntry){ .kind = JOURNAL_SHM, .target = (char *) others[i] },
            &id, NULL));
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, name), RECOVER_PUT_BACK);
    assert_int_equal(access(path, F_OK), -1);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        assert_int_equal(outcome_of(steps, others[i]), RECOVER_FAILED);
}

/* A guest that was journaled and never started; libvirt's test driver runs one called "test". */
static void
removes_the_console_of_a_guest_that_is_gone_and_no_other(void **state)
{
    HostTree *tree = *state;
    const char *const names[] = { "never-started", "test" };
    g_autoptr(GPtrArray) steps = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_strdup_printf("console-%s.sock", names[i]);
        g_autofree char *path = state_run_file(tree->state, file);
        uint64_t id;

        assert_true(g_file_set_contents(path, "", -1, NULL));
        assert_true(
            journal_add(tree->journal,
                        &(JournalEntry){ .kind = JOURNAL_GUEST,
                                         .target = (char *) names[i],
                                         .uri = (char *) "test:///default",
                                         .uuid = (char *) "0dd8a9a2-11f5-4c5e-9d36-1f1a3c5ae4d3" },
                        &id, NULL));
    }
    steps = run_recover(tree, false);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_strdup_printf("console-%s.sock", names[i]);
        g_autofree char *path = state_run_file(tree->state, file);

        assert_int_equal(outcome_of(steps, names[i]), RECOVER_GONE);
        assert_int_equal(access(path, F_OK), i == 0 ? -1 : 0);
        unlink(path);
    }
}

static void
keeps_what_it_could_not_put_back(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GPtrArray) left = NULL;
    uint64_t id;

    assert_true(journal_add(tree->journal,
                            &(JournalEntry){ .kind = JOURNAL_GUEST,
                                             .target = (char *) "lost",
                                             .uri = (char *) "qemu+unix:///system?socket=/nowhere",
                                             .uuid = (char *) "u" },
                            &id, NULL));
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, "lost"), RECOVER_FAILED);
    assert_non_null(strstr(((RecoverStep *) steps->pdata[0])->text, "/nowhere"));
    left = journal_unfinished(tree->journal);
    assert_int_equal(left->len, 1);
}

/* What the doctor applied is in no run's way, and goes back all the same. */
static void
puts_back_what_was_to_stay_until_now(void **state)
{
    HostTree *tree = *state;
    Change change = {
        .kind = JOURNAL_FILE, .target = WATCHDOG, .held = true, .until_recover = true
    };
    g_autoptr(GPtrArray) steps = NULL;

    assert_true(change_make(&change, tree->journal, "0", NULL));
    host_tree_reopen_journal(tree);
    assert_true(journal_require_recovered(tree->journal, NULL));
    steps = run_recover(tree, false);
    assert_int_equal(outcome_of(steps, WATCHDOG), RECOVER_PUT_BACK);
    assert_host_tree(tree, WATCHDOG, "1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(puts_back_what_a_killed_process_changed),
        CASE(only_says_so_in_a_dry_run),
        CASE(leaves_what_somebody_else_changed_meanwhile),
        CASE(works_again_after_being_killed_itself),
        CASE(refuses_while_the_owner_is_at_work),
        CASE(leaves_what_was_set_by_hand_and_says_how_to_undo_it),
        CASE(puts_back_what_was_to_stay_until_now),
        CASE(a_new_run_puts_back_leftovers_and_leaves_what_was_set_to_stay),
        CASE(writes_nothing_into_a_machine_that_was_restarted),
        CASE(removes_only_files_of_ours_from_shared_memory),
        CASE(removes_the_console_of_a_guest_that_is_gone_and_no_other),
        CASE(keeps_what_it_could_not_put_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
