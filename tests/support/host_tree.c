/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/host_tree.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"

int
host_tree_setup(void **state)
{
    HostTree *tree = g_new0(HostTree, 1);
    g_autofree char *root = NULL;
    g_autofree char *dir = NULL;
    g_autofree char *run = NULL;

    tree->path = g_dir_make_tmp("insideout-host-XXXXXX", NULL);
    assert_non_null(tree->path);
    root = g_build_filename(tree->path, "root", NULL);
    dir = g_build_filename(tree->path, "state", NULL);
    run = g_build_filename(tree->path, "run", NULL);
    assert_int_equal(g_mkdir(root, 0755), 0);
    g_setenv("INSIDEOUT_STATE_DIR", dir, TRUE);
    g_setenv("INSIDEOUT_RUN_DIR", run, TRUE);

    tree->root = sysroot_new(root);
    tree->state = state_open(NULL);
    assert_non_null(tree->state);
    tree->journal = journal_open(tree->state, tree->root, NULL);
    assert_non_null(tree->journal);
    *state = tree;
    return 0;
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    return remove(path);
}

int
host_tree_teardown(void **state)
{
    HostTree *tree = *state;

    journal_free(tree->journal);
    state_free(tree->state);
    sysroot_free(tree->root);
    nftw(tree->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_free(tree->path);
    g_free(tree);
    return 0;
}

void
host_tree_put(const HostTree *tree, const char *name, const char *text)
{
    g_autofree char *path = sysroot_path(tree->root, name);
    g_autofree char *folder = g_path_get_dirname(path);

    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

void
assert_host_tree(const HostTree *tree, const char *name, const char *want)
{
    g_autofree char *got = NULL;

    assert_true(sysroot_read(tree->root, name, &got, NULL));
    assert_string_equal(got, want);
}

void
host_tree_reopen_journal(HostTree *tree)
{
    journal_free(tree->journal);
    tree->journal = journal_open(tree->state, tree->root, NULL);
    assert_non_null(tree->journal);
}

char *
host_tree_state_file(const HostTree *tree, const char *name)
{
    return g_build_filename(tree->path, "state", name, NULL);
}

void
host_tree_restart(HostTree *tree)
{
    g_autofree char *path = host_tree_state_file(tree, "journal.jsonl");
    g_autofree char *text = NULL;
    g_auto(GStrv) parts = NULL;
    g_autofree char *other = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    parts = g_strsplit(text, "\"boot\":\"", -1);
    other = g_strjoinv("\"boot\":\"0", parts);
    assert_true(g_file_set_contents(path, other, -1, NULL));
    host_tree_reopen_journal(tree);
}
