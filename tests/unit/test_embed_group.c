/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/embed_group.h"

#include <glib/gstdio.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"

#define EMBED_ROOT                                                                  \
    "/run/io-cg/run/embed" /* libvirt 9.0 called its groups qemu-embed-9d4653cf-… \
                            */
#define CPU "sys/fs/cgroup/cpu/machine/"
#define UNIFIED "sys/fs/cgroup/machine/"

static void
make(const char *copy, const char *folder)
{
    g_autofree char *path = g_build_filename(copy, folder, NULL);

    assert_int_equal(g_mkdir_with_parents(path, 0755), 0);
}

static bool
is_there(const char *copy, const char *folder)
{
    g_autofree char *path = g_build_filename(copy, folder, NULL);

    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static void
what_a_guest_has_left_is_removed_in_every_tree(void **state)
{
    static const char *const gone[] = { CPU "qemu-embed-9d4653cf-1-cg.libvirt-qemu",
                                        CPU "qemu-embed-9d4653cf-27-cg.libvirt-qemu",
                                        UNIFIED "qemu-embed-9d4653cf-1-cg.libvirt-qemu" };
    char *copy = fixture_copy("host-two-guests");
    g_autoptr(Sysroot) root = sysroot_new(copy);

    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
        g_autofree char *vcpu = g_strconcat(gone[i], "/vcpu0", NULL);
        g_autofree char *emulator = g_strconcat(gone[i], "/emulator", NULL);

        make(copy, vcpu);
        make(copy, emulator);
    }
    embed_group_remove(root, EMBED_ROOT, "cg");
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++)
        assert_false(is_there(copy, gone[i]));
    fixture_copy_free(copy);
}

static void
other_guests_other_drivers_and_what_is_in_use_stay(void **state)
{
    static const char *const stay[] = {
        CPU "qemu-embed-9d4653cf-1-cg-2.libvirt-qemu",
        CPU "qemu-embed-9d4653cf-1-my-cg.libvirt-qemu",
        CPU "qemu-embed-00000000-1-cg.libvirt-qemu",
        CPU "qemu-1-cg.libvirt-qemu",
        CPU "qemu-embed-9d4653cf-1-cg.libvirt-qemu/somebody-elses",
    };
    char *copy = fixture_copy("host-two-guests");
    g_autoptr(Sysroot) root = sysroot_new(copy);

    for (size_t i = 0; i < G_N_ELEMENTS(stay); i++)
        make(copy, stay[i]);
    embed_group_remove(root, EMBED_ROOT, "cg");
    for (size_t i = 0; i < G_N_ELEMENTS(stay); i++)
        assert_true(is_there(copy, stay[i]));
    fixture_copy_free(copy);
}

static void
a_host_without_groups_is_no_error(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/nonexistent");

    embed_group_remove(root, EMBED_ROOT, "cg");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_guest_has_left_is_removed_in_every_tree),
        cmocka_unit_test(other_guests_other_drivers_and_what_is_in_use_stay),
        cmocka_unit_test(a_host_without_groups_is_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
