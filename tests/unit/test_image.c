/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/image.h"

#include <string.h>
#include <sys/stat.h>

#include "hostctl/recover.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define IMAGE_BYTES (1 << 20)

static bool
needs_a_program(const char *name)
{
    g_autofree char *path = g_find_program_in_path(name);

    if (!path)
        print_message("SKIP: %s is not installed\n", name);
    return path != NULL;
}

static char *
make_backing(const HostTree *tree, const char *name)
{
    char *path = host_tree_state_file(tree, name);
    g_autofree char *bytes = g_malloc0(IMAGE_BYTES);

    memset(bytes, 'x', 4096);
    assert_true(g_file_set_contents(path, bytes, IMAGE_BYTES, NULL));
    return path;
}

static guint
count_unfinished(const HostTree *tree)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(tree->journal);

    return entries->len;
}

/* What qemu-img says of the overlay. */
static void
assert_backing(const char *overlay, const char *backing, const char *format)
{
    const char *const argv[] = { "qemu-img", "info", "--output=json", overlay, NULL };
    g_autofree char *said = NULL, *want = NULL;

    assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said,
                             NULL, NULL, NULL));
    want = g_strdup_printf("\"backing-filename-format\": \"%s\"", format);
    assert_non_null(strstr(said, want));
    assert_non_null(strstr(said, "\"backing-filename\""));
    assert_non_null(strstr(said, g_strrstr(backing, "/") + 1));
}

static void
makes_an_overlay_and_a_seed_and_takes_both_away(void **state)
{
    HostTree *tree = *state;
    g_autofree char *backing = make_backing(tree, "image.raw");
    g_autofree char *meta = host_tree_state_file(tree, STATE_DISKS "/t-micro.meta-data");
    g_autofree char *overlay = NULL, *seed = NULL, *iso = NULL;
    g_autoptr(GError) error = NULL;
    Image *image;
    gsize length;

    if (!needs_a_program("qemu-img") || !needs_a_program("xorrisofs"))
        skip();
    image = image_new(tree->journal, tree->state, NULL, "t-micro",
                      &(ImageSource){ .name = backing }, &error);
    if (!image)
        fail_msg("%s", error->message);
    overlay = g_strdup(image_overlay(image));
    seed = g_strdup(image_seed(image));
    assert_backing(overlay, backing, "raw");
    assert_int_equal(count_unfinished(tree), 2);
    assert_false(g_file_test(meta, G_FILE_TEST_EXISTS));

    /* ISO 9660: the volume's name at byte 40 of sector 16, padded with spaces. */
    assert_true(g_file_get_contents(seed, &iso, &length, NULL));
    assert_true(length > 17 * 2048);
    assert_memory_equal(iso + 16 * 2048 + 1, "CD001", 5);
    assert_memory_equal(iso + 16 * 2048 + 40, "cidata ", 7);
    assert_non_null(memmem(iso, length, "local-hostname: t-micro\ndsmode: local\n", 38));
    assert_non_null(memmem(iso, length, "#cloud-boothook\n", 16));
    assert_non_null(memmem(iso, length, "ExecStart=/usr/local/bin/guestprobe --agent\n", 44));

    image_free(image);
    assert_false(g_file_test(overlay, G_FILE_TEST_EXISTS));
    assert_false(g_file_test(seed, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(backing, G_FILE_TEST_EXISTS));
    assert_int_equal(count_unfinished(tree), 0);
}

static void
knows_a_qcow2_by_its_content(void **state)
{
    HostTree *tree = *state;
    g_autofree char *backing = host_tree_state_file(tree, "image.raw");
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", backing, "1M", NULL };
    Image *image;

    if (!needs_a_program("qemu-img") || !needs_a_program("xorrisofs"))
        skip();
    assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                             NULL, NULL, NULL));
    image = image_new(tree->journal, tree->state, NULL, "t-micro",
                      &(ImageSource){ .name = backing }, NULL);
    assert_non_null(image);
    assert_backing(image_overlay(image), backing, "qcow2");
    image_free(image);
}

static void
recover_removes_what_a_killed_run_left(void **state)
{
    HostTree *tree = *state;
    g_autofree char *backing = make_backing(tree, "image.raw");
    g_autoptr(GPtrArray) steps = NULL;
    Image *image;

    if (!needs_a_program("qemu-img") || !needs_a_program("xorrisofs"))
        skip();
    image = image_new(tree->journal, tree->state, NULL, "t-micro",
                      &(ImageSource){ .name = backing }, NULL);
    assert_non_null(image);
    assert_true(recover_all(tree->state, tree->journal, false, NULL, &steps, NULL));
    assert_int_equal(steps->len, 2);
    for (guint i = 0; i < steps->len; i++)
        assert_int_equal(((const RecoverStep *) steps->pdata[i])->outcome, RECOVER_PUT_BACK);
    assert_false(g_file_test(image_overlay(image), G_FILE_TEST_EXISTS));
    image_free(image);
}

static void
a_kept_guests_files_go_with_it(void **state)
{
    HostTree *tree = *state;
    g_autofree char *backing = make_backing(tree, "image.raw");
    g_autofree char *overlay = NULL;
    Image *image;

    if (!needs_a_program("qemu-img") || !needs_a_program("xorrisofs"))
        skip();
    image = image_new(tree->journal, tree->state, NULL, "t-hand", &(ImageSource){ .name = backing },
                      NULL);
    assert_non_null(image);
    assert_true(image_keep(image, NULL));
    overlay = g_strdup(image_overlay(image));
    image_free(image);
    assert_int_equal(count_unfinished(tree), 0);
    assert_true(g_file_test(overlay, G_FILE_TEST_EXISTS));
    image_remove(state_dir(tree->state), "t-hand");
    assert_false(g_file_test(overlay, G_FILE_TEST_EXISTS));
}

static void
an_image_that_is_not_there_leaves_nothing(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;

    assert_null(image_new(tree->journal, tree->state, NULL, "t-micro",
                          &(ImageSource){ .name = "/no/such.qcow2" }, &error));
    assert_non_null(strstr(error->message, "guest t-micro: image /no/such.qcow2: "));
    assert_int_equal(count_unfinished(tree), 0);
    assert_null(image_new(tree->journal, tree->state, NULL, "t-micro",
                          &(ImageSource){ .name = "/dev/null" }, NULL));
    assert_int_equal(count_unfinished(tree), 0);
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TREE(makes_an_overlay_and_a_seed_and_takes_both_away),
        IN_A_TREE(knows_a_qcow2_by_its_content),
        IN_A_TREE(recover_removes_what_a_killed_run_left),
        IN_A_TREE(a_kept_guests_files_go_with_it),
        IN_A_TREE(an_image_that_is_not_there_leaves_nothing),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
