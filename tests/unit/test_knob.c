/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/knob.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define FILE_NAME "proc/sys/kernel/nmi_watchdog"

static guint
count_unfinished(const HostTree *tree)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);

    return entries->len;
}

static void
puts_the_old_value_back_when_freed(void **state)
{
    HostTree *tree = *state;

    host_tree_put(tree, FILE_NAME, "1\n");
    {
        g_autoptr(Knob) knob = knob_set(tree->journal, FILE_NAME, "0", NULL);

        assert_non_null(knob);
        assert_host_tree(tree, FILE_NAME, "0");
        assert_int_equal(count_unfinished(tree), 1);
        assert_true(knob_change(knob, "5", NULL));
        assert_host_tree(tree, FILE_NAME, "5");
    }
    assert_host_tree(tree, FILE_NAME, "1");
    assert_int_equal(count_unfinished(tree), 0);
}

static void
journals_nothing_for_the_value_that_is_there(void **state)
{
    HostTree *tree = *state;

    host_tree_put(tree, FILE_NAME, "0\n");
    g_autoptr(Knob) knob = knob_set(tree->journal, FILE_NAME, "0", NULL);

    assert_non_null(knob);
    assert_int_equal(count_unfinished(tree), 0);
    assert_true(knob_change(knob, "1", NULL));
    assert_int_equal(count_unfinished(tree), 1);
}

static void
takes_the_chosen_word_out_of_a_list(void **state)
{
    HostTree *tree = *state;
    g_autofree char *value = NULL;

    host_tree_put(tree, "sys/mode", "always [madvise] never\n");
    assert_true(knob_read(tree->root, "sys/mode", &value, NULL));
    assert_string_equal(value, "madvise");
}

static void
leaves_alone_what_somebody_else_changed(void **state)
{
    HostTree *tree = *state;
    g_autofree char *note = NULL;

    host_tree_put(tree, FILE_NAME, "1");
    g_autoptr(Knob) knob = knob_set(tree->journal, FILE_NAME, "0", NULL);

    host_tree_put(tree, FILE_NAME, "7");
    assert_true(knob_put_back(knob, &note, NULL));
    assert_non_null(strstr(note, FILE_NAME));
    assert_non_null(strstr(note, "“7”"));
    assert_host_tree(tree, FILE_NAME, "7");
    assert_int_equal(count_unfinished(tree), 0);
}

static void
is_content_when_the_old_value_is_back_already(void **state)
{
    HostTree *tree = *state;
    g_autofree char *note = NULL;

    host_tree_put(tree, FILE_NAME, "1");
    g_autoptr(Knob) knob = knob_set(tree->journal, FILE_NAME, "0", NULL);

    host_tree_put(tree, FILE_NAME, "1");
    assert_true(knob_put_back(knob, &note, NULL));
    assert_null(note);
    assert_int_equal(count_unfinished(tree), 0);
}

static void
says_so_when_a_free_could_not_put_back(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = sysroot_path(tree->root, FILE_NAME);
    g_autoptr(GPtrArray) remarks = NULL;

    host_tree_put(tree, FILE_NAME, "1");
    Knob *knob = knob_set(tree->journal, FILE_NAME, "0", NULL);

    g_unlink(path);
    assert_int_equal(g_mkdir(path, 0755), 0);
    knob_free(knob);
    remarks = journal_take_remarks(tree->journal);
    assert_int_equal(remarks->len, 1);
    assert_non_null(strstr(remarks->pdata[0], "hostctl recover"));
    assert_int_equal(count_unfinished(tree), 1);
}

static void
changes_nothing_that_it_cannot_journal(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = host_tree_state_file(tree, "journal.jsonl");
    g_autoptr(GError) error = NULL;

    host_tree_put(tree, FILE_NAME, "1");
    assert_int_equal(symlink("/nowhere", path), 0);
    assert_null(knob_set(tree->journal, FILE_NAME, "0", &error));
    assert_non_null(strstr(error->message, "nothing was changed"));
    assert_host_tree(tree, FILE_NAME, "1");
}

static void
names_the_file_that_is_not_there(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;

    assert_null(knob_set(tree->journal, "sys/none", "0", &error));
    assert_non_null(strstr(error->message, "sys/none"));
}

/* A systemctl of our own in PATH that keeps the unit's state in a file. */
static void
install_systemctl(const HostTree *tree)
{
    g_autofree char *program = sysroot_path(tree->root, "bin/systemctl");
    g_autofree char *folder = sysroot_path(tree->root, "bin");
    g_autofree char *text = g_strdup_printf(
        "#!/bin/sh\ncase $2 in\nis-active) [ \"$(cat %s/$3)\" = active ];;\n"
        "start) [ -e %s/$3 ] && echo active > %s/$3;;\nstop) echo inactive > %s/$3;;\nesac\n",
        folder, folder, folder, folder);
    g_autofree char *path = g_strconcat(folder, ":", g_getenv("PATH"), NULL);

    host_tree_put(tree, "bin/systemctl", text);
    g_chmod(program, 0755);
    g_setenv("PATH", path, TRUE);
}

static void
stops_a_service_and_starts_it_again(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    Knob *knob;

    install_systemctl(tree);
    host_tree_put(tree, "bin/tuner.service", "active\n");
    knob = knob_set_service(tree->journal, "tuner.service", false, NULL);
    assert_non_null(knob);
    assert_host_tree(tree, "bin/tuner.service", "inactive");
    assert_int_equal(count_unfinished(tree), 1);
    knob_free(knob);
    assert_host_tree(tree, "bin/tuner.service", "active");
    assert_int_equal(count_unfinished(tree), 0);

    g_autoptr(GError) error = NULL;
    assert_null(knob_set_service(tree->journal, "none.service", true, &error));
    assert_non_null(strstr(error->message, "none.service"));
    assert_int_equal(count_unfinished(tree), 0);
    g_setenv("PATH", path, TRUE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(puts_the_old_value_back_when_freed),
        CASE(journals_nothing_for_the_value_that_is_there),
        CASE(takes_the_chosen_word_out_of_a_list),
        CASE(leaves_alone_what_somebody_else_changed),
        CASE(is_content_when_the_old_value_is_back_already),
        CASE(says_so_when_a_free_could_not_put_back),
        CASE(changes_nothing_that_it_cannot_journal),
        CASE(names_the_file_that_is_not_there),
        CASE(stops_a_service_and_starts_it_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
