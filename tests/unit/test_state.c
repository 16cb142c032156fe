/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/state.h"

#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

static void
makes_both_directories_readable_and_ours(void **state)
{
    HostTree *tree = *state;
    GStatBuf info;

    assert_int_equal(g_stat(state_dir(tree->state), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0755);
    assert_int_equal(g_stat(state_run_dir(tree->state), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0755);
}

static void
refuses_a_symlink_for_a_directory(void **state)
{
    HostTree *tree = *state;
    g_autofree char *link = g_build_filename(tree->path, "link", NULL);
    g_autoptr(GError) error = NULL;

    assert_int_equal(symlink(state_dir(tree->state), link), 0);
    g_setenv("INSIDEOUT_RUN_DIR", link, TRUE);
    assert_null(state_open(&error));
    assert_non_null(strstr(error->message, link));
}

static void
refuses_a_directory_that_others_may_write(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;

    g_chmod(state_dir(tree->state), 0777);
    assert_null(state_open(&error));
    assert_non_null(strstr(error->message, "chmod 755"));
}

static void
locks_once_for_the_same_process_object(void **state)
{
    HostTree *tree = *state;

    assert_true(state_lock(tree->state, NULL));
    assert_true(state_lock(tree->state, NULL));
}

static void
names_the_process_that_holds_the_lock(void **state)
{
    HostTree *tree = *state;
    g_autofree char *pid = g_strdup_printf("process %d (", (int) getpid());
    g_autoptr(State) second = state_open(NULL);
    g_autoptr(GError) error = NULL;

    assert_true(state_lock(tree->state, NULL));
    assert_false(state_lock(second, &error));
    assert_non_null(strstr(error->message, pid));
    assert_non_null(strstr(error->message, "test_state"));
}

static void
gives_the_lock_back_with_its_process(void **state)
{
    HostTree *tree = *state;
    pid_t child = fork();

    if (child == 0) {
        g_autoptr(State) own = state_open(NULL);

        /* Killed like this, nothing is cleaned up. */
        if (own && state_lock(own, NULL))
            raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &(int){ 0 }, 0), child);
    assert_true(state_lock(tree->state, NULL));
}

static void
finds_data_where_the_variable_says(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    host_tree_put(tree, "xml/some.xml", "<x/>");
    g_autofree char *dir = sysroot_path(tree->root, "");
    g_setenv("INSIDEOUT_DATA_DIR", dir, TRUE);
    assert_true(state_data_file("xml/some.xml", &path, &error));
    assert_true(g_str_has_suffix(path, "/xml/some.xml"));
    assert_false(state_data_file("xml/none.xml", &path, &error));
    assert_non_null(strstr(error->message, dir));
    g_unsetenv("INSIDEOUT_DATA_DIR");
}

static void
copies_the_plugin_under_a_name_made_of_its_content(void **state)
{
    HostTree *tree = *state;
    g_autofree char *dir = sysroot_path(tree->root, "");
    g_autofree char *first = NULL;
    g_autofree char *again = NULL;
    g_autofree char *other = NULL;
    GStatBuf info;

    g_setenv("INSIDEOUT_DATA_DIR", dir, TRUE);
    host_tree_put(tree, "emupmu.so", "one build");
    assert_true(state_install_plugin(tree->state, &first, NULL));
    assert_true(state_install_plugin(tree->state, &again, NULL));
    assert_string_equal(first, again);
    assert_true(g_str_has_prefix(first, state_dir(tree->state)));
    assert_int_equal(g_stat(first, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0644);

    host_tree_put(tree, "emupmu.so", "another build");
    assert_true(state_install_plugin(tree->state, &other, NULL));
    assert_string_not_equal(first, other);
    assert_int_not_equal(g_stat(first, &info), 0);
    g_unsetenv("INSIDEOUT_DATA_DIR");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(makes_both_directories_readable_and_ours),
        CASE(refuses_a_symlink_for_a_directory),
        CASE(refuses_a_directory_that_others_may_write),
        CASE(locks_once_for_the_same_process_object),
        CASE(names_the_process_that_holds_the_lock),
        CASE(gives_the_lock_back_with_its_process),
        CASE(finds_data_where_the_variable_says),
        CASE(copies_the_plugin_under_a_name_made_of_its_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
