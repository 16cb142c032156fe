/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/sysroot.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "tests/support/cmocka_all.h"

/* A tree of our own: sys/number = 42, sys/text = "two words", sys/big over the limit. */
typedef struct {
    char *path;
    Sysroot *root;
} Tree;

static void
put(const Tree *tree, const char *name, const char *text, gssize len)
{
    g_autofree char *path = g_build_filename(tree->path, "sys", name, NULL);

    assert_true(g_file_set_contents(path, text, len, NULL));
}

static int
make_tree(void **state)
{
    Tree *tree = g_new0(Tree, 1);
    g_autofree char *big = g_strnfill(1024 * 1024 + 1, 'x');

    tree->path = g_dir_make_tmp("insideout-sysroot-XXXXXX", NULL);
    g_autofree char *sys = g_build_filename(tree->path, "sys", NULL);

    g_mkdir(sys, 0700);
    put(tree, "number", "42\n", -1);
    put(tree, "text", "two words \n\n", -1);
    put(tree, "big", big, -1);
    tree->root = sysroot_new(tree->path);
    *state = tree;
    return 0;
}

static int
remove_tree(void **state)
{
    static const char *const names[] = { "sys/number", "sys/text", "sys/big", "sys", "" };
    Tree *tree = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(tree->path, names[i], NULL);

        g_remove(path);
    }
    sysroot_free(tree->root);
    g_free(tree->path);
    g_free(tree);
    return 0;
}

static void
reads_text_without_its_trailing_blanks(void **state)
{
    Tree *tree = *state;
    g_autofree char *text = NULL;

    assert_true(sysroot_read(tree->root, "sys/text", &text, NULL));
    assert_string_equal(text, "two words");
}

static void
reads_a_number(void **state)
{
    Tree *tree = *state;
    uint64_t value = 0;

    assert_true(sysroot_read_u64(tree->root, "sys/number", &value, NULL));
    assert_int_equal(value, 42);
}

static void
names_the_file_it_could_not_read(void **state)
{
    Tree *tree = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = sysroot_path(tree->root, "sys/missing");
    char *text = (char *) "untouched";

    assert_false(sysroot_read(tree->root, "sys/missing", &text, &error));
    assert_non_null(strstr(error->message, path));
    assert_string_equal(text, "untouched");
}

static void
names_the_file_whose_text_is_no_number(void **state)
{
    Tree *tree = *state;
    g_autoptr(GError) error = NULL;
    uint64_t value = 7;

    assert_false(sysroot_read_u64(tree->root, "sys/text", &value, &error));
    assert_non_null(strstr(error->message, "sys/text"));
    assert_int_equal(value, 7);
}

static void
refuses_a_file_over_the_limit(void **state)
{
    Tree *tree = *state;
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    assert_false(sysroot_read(tree->root, "sys/big", &text, &error));
    assert_non_null(strstr(error->message, "larger than"));
    assert_null(text);
}

static void
lists_names_in_order(void **state)
{
    Tree *tree = *state;
    g_auto(GStrv) names = NULL;
    g_autofree char *joined = NULL;

    assert_true(sysroot_list(tree->root, "sys", &names, NULL));
    joined = g_strjoinv(" ", names);
    assert_string_equal(joined, "big number text");
}

static void
fails_to_list_what_is_not_there(void **state)
{
    Tree *tree = *state;
    g_autoptr(GError) error = NULL;
    char **names = NULL;

    assert_false(sysroot_list(tree->root, "none", &names, &error));
    assert_non_null(error);
    assert_null(names);
}

static void
writes_into_an_existing_file_and_replaces_its_text(void **state)
{
    Tree *tree = *state;
    uint64_t value = 0;

    assert_true(sysroot_write_u64(tree->root, "sys/number", 1234, NULL));
    assert_true(sysroot_write(tree->root, "sys/number", "7", NULL));
    assert_true(sysroot_read_u64(tree->root, "sys/number", &value, NULL));
    assert_int_equal(value, 7);
}

static void
makes_no_new_file(void **state)
{
    Tree *tree = *state;
    g_autoptr(GError) error = NULL;

    assert_false(sysroot_write(tree->root, "sys/missing", "1", &error));
    assert_non_null(strstr(error->message, "sys/missing"));
    assert_false(sysroot_exists(tree->root, "sys/missing"));
}

static void
opens_a_descriptor_that_children_do_not_get(void **state)
{
    Tree *tree = *state;
    autofd int fd = sysroot_open(tree->root, "sys/number", NULL);

    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void
only_the_machines_own_tree_is_live(void **state)
{
    Tree *tree = *state;
    g_autoptr(Sysroot) live = sysroot_new("/");

    assert_true(sysroot_is_live(live));
    assert_false(sysroot_is_live(tree->root));
    assert_true(sysroot_exists(live, "proc/self/stat"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_text_without_its_trailing_blanks),
        cmocka_unit_test(reads_a_number),
        cmocka_unit_test(names_the_file_it_could_not_read),
        cmocka_unit_test(names_the_file_whose_text_is_no_number),
        cmocka_unit_test(refuses_a_file_over_the_limit),
        cmocka_unit_test(lists_names_in_order),
        cmocka_unit_test(fails_to_list_what_is_not_there),
        cmocka_unit_test(writes_into_an_existing_file_and_replaces_its_text),
        cmocka_unit_test(makes_no_new_file),
        cmocka_unit_test(opens_a_descriptor_that_children_do_not_get),
        cmocka_unit_test(only_the_machines_own_tree_is_live),
    };

    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
