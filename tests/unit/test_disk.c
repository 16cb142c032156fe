/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/disk.h"

#include <string.h>
#include <sys/stat.h>

#include "hostctl/recover.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

static guint
count_unfinished(const HostTree *tree)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);

    return entries->len;
}

static void
has_its_blocks_beforehand_and_goes_when_freed(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Disk) disk = disk_new(tree->journal, tree->state, "t-micro", 16, NULL);
    g_autofree char *path = NULL;
    struct stat info;

    assert_non_null(disk);
    path = g_strdup(disk_path(disk));
    assert_true(g_str_has_suffix(path, "/state/disks/t-micro.raw"));
    assert_int_equal(disk_kib(disk), 16 * 1024);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 16 << 20);
    assert_true((int64_t) info.st_blocks * 512 >= 16 << 20);
    assert_int_equal(count_unfinished(tree), 1);

    g_clear_pointer(&disk, disk_free);
    assert_int_equal(stat(path, &info), -1);
    assert_int_equal(count_unfinished(tree), 0);
}

static void
one_that_does_not_fit_leaves_nothing(void **state)
{
    HostTree *tree = *state;
    g_autofree char *path = host_tree_state_file(tree, STATE_DISKS "/t-micro.raw");
    g_autoptr(GError) error = NULL;

    assert_null(disk_new(tree->journal, tree->state, "t-micro", 1ll << 40, &error));
    assert_non_null(strstr(error->message, "t-micro.raw (a guest's disk of"));
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_int_equal(count_unfinished(tree), 0);
}

static void
recover_removes_what_a_killed_run_left(void **state)
{
    HostTree *tree = *state;
    const char *const theirs[] = { "../journal.jsonl", ".", "a/b" };
    Disk *disk = disk_new(tree->journal, tree->state, "t-micro", 16, NULL);
    g_autoptr(GPtrArray) steps = NULL;
    uint64_t id;

    for (size_t i = 0; i < G_N_ELEMENTS(theirs); i++)
        assert_true(journal_add(
            tree->journal, &(JournalEntry){ .kind = JOURNAL_DISK, .target = (char *) theirs[i] },
            &id, NULL));
    assert_true(recover_all(tree->state, tree->journal, false, NULL, &steps, NULL));
    assert_int_equal(steps->len, 4);
    for (guint i = 0; i < steps->len; i++) {
        const RecoverStep *step = steps->pdata[i];

        assert_int_equal(step->outcome, g_str_equal(step->entry->target, "t-micro.raw")
                                            ? RECOVER_PUT_BACK
                                            : RECOVER_FAILED);
    }
    assert_false(g_file_test(disk_path(disk), G_FILE_TEST_EXISTS));
    disk_free(disk);
}

static void
recover_removes_what_outlived_a_restart(void **state)
{
    HostTree *tree = *state;
    g_autofree char *folder = host_tree_state_file(tree, STATE_DISKS);
    g_autofree char *path = g_build_filename(folder, "t-micro.qcow2", NULL);
    const JournalEntry entry = { .kind = JOURNAL_DISK, .target = (char *) "t-micro.qcow2" };
    g_autoptr(GPtrArray) steps = NULL;
    uint64_t id;

    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    assert_true(g_file_set_contents(path, "overlay", -1, NULL));
    assert_true(journal_add(tree->journal, &entry, &id, NULL));
    host_tree_restart(tree);
    assert_true(recover_all(tree->state, tree->journal, false, NULL, &steps, NULL));
    assert_int_equal(steps->len, 1);
    assert_int_equal(((const RecoverStep *) steps->pdata[0])->outcome, RECOVER_PUT_BACK);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_int_equal(count_unfinished(tree), 0);
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TREE(has_its_blocks_beforehand_and_goes_when_freed),
        IN_A_TREE(one_that_does_not_fit_leaves_nothing),
        IN_A_TREE(recover_removes_what_a_killed_run_left),
        IN_A_TREE(recover_removes_what_outlived_a_restart),
    };

    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
