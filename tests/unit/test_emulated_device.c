/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/pmu/emulated.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/page_file.h"

#define DEVICE "sys/bus/pci/devices/0000:00:05.0"

static const char *const cycles_only[] = { "cycles", NULL };

static void
write_file(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
make_device(const char *tree, const char *address, const char *device, bool with_page)
{
    g_autofree char *folder = g_build_filename(tree, "sys/bus/pci/devices", address, NULL);
    g_autofree char *memory = g_build_filename(folder, "resource2", NULL);

    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    write_file(folder, "vendor", "0x1af4\n");
    write_file(folder, "device", device);
    write_file(folder, "enable", "0\n");
    write_file(folder, "resource2", "");
    assert_int_equal(truncate(memory, EMUPMU_PAGE_BYTES), 0);
    if (with_page) {
        EmupmuPage *page = page_file_make(memory);

        page_file_publish(page, 0, 4);
        munmap(page, EMUPMU_PAGE_BYTES);
    }
}

static void
remove_tree(const char *path)
{
    const char *argv[] = { "rm", "-rf", "--", path, NULL };

    assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                             NULL, NULL, NULL));
}

static void
finds_the_device_with_the_page_in_a_guest_and_enables_it(void **state)
{
    g_autofree char *tree = g_dir_make_tmp("emulated-tree-XXXXXX", NULL);
    g_autofree char *enable = NULL;
    g_autoptr(Sysroot) root = sysroot_new(tree);
    g_autoptr(EmulatedPage) page = NULL;
    EmulatedReading reading;

    (void) state;
    make_device(tree, "0000:00:03.0", "0x1000\n", true);
    make_device(tree, "0000:00:04.0", "0x1110\n", false);
    make_device(tree, "0000:00:05.0", "0x1110\n", true);
    page = emulated_open_guest(root, NULL);
    assert_non_null(page);
    assert_true(emulated_read(page, 0, cycles_only, &reading, NULL));
    assert_int_equal(reading.values[0], 400);
    assert_true(sysroot_read(root, DEVICE "/enable", &enable, NULL));
    assert_string_equal(enable, "1");
    remove_tree(tree);
}

static void
tells_a_guest_without_the_device_from_one_without_the_page(void **state)
{
    g_autofree char *tree = g_dir_make_tmp("emulated-tree-XXXXXX", NULL);
    g_autoptr(Sysroot) root = sysroot_new(tree);
    g_autoptr(GError) error = NULL;

    (void) state;
    assert_null(emulated_open_guest(root, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
    g_clear_error(&error);
    make_device(tree, "0000:00:03.0", "0x1000\n", true);
    assert_null(emulated_open_guest(root, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
    g_clear_error(&error);
    make_device(tree, "0000:00:05.0", "0x1110\n", false);
    assert_null(emulated_open_guest(root, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_FAILED));
    assert_non_null(strstr(error->message, DEVICE "/resource2"));
    remove_tree(tree);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_device_with_the_page_in_a_guest_and_enables_it),
        cmocka_unit_test(tells_a_guest_without_the_device_from_one_without_the_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
