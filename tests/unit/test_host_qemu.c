/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/host_qemu.h"

#include <string.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"
#include "tests/support/host_tree.h"

static void
finds_every_qemu_and_nothing_else(void **state)
{
    g_autofree char *path = fixture_path("host-two-guests");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(GPtrArray) qemus = NULL;
    const char *const names[] = { "web-1", "db-1", "old" };

    assert_true(host_qemu_list(root, &qemus, NULL));
    assert_int_equal(qemus->len, G_N_ELEMENTS(names));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const HostQemu *qemu = qemus->pdata[i];

        assert_string_equal(qemu->name, names[i]);
        assert_false(qemu->ours);
    }
    assert_string_equal(((HostQemu *) qemus->pdata[0])->uuid,
                        "5d3ab8a0-6c0b-4a7e-9d0c-1f2e3d4c5b6a");
}

/* A process of the tree, its arguments separated by blanks. */
static void
put_process(const HostTree *tree, const char *pid, const char *arguments)
{
    g_autofree char *name = g_strdup_printf("root/proc/%s/cmdline", pid);
    g_autofree char *path = g_build_filename(tree->path, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *text = g_strdelimit(g_strdup(arguments), " ", '\1');
    size_t length = strlen(text) + 1;

    for (size_t i = 0; i < length; i++)
        if (text[i] == '\1')
            text[i] = '\0';
    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    assert_true(g_file_set_contents(path, text, (gssize) length, NULL));
}

static void
refuses_while_others_guests_run_and_names_them(void **state)
{
    HostTree *tree = *state;
    g_autoptr(GError) error = NULL;

    put_process(tree, "10",
                "/usr/bin/qemu-system-x86_64 -name guest=ours,debug-threads=on -device "
                "{\"name\":\"org.insideout.probe.0\"}");
    assert_true(host_qemu_allow(tree->root, "KSM is not changed", false, NULL));

    put_process(tree, "11", "qemu-system-aarch64 -name guest=theirs -m 100");
    put_process(tree, "12", "/usr/libexec/qemu-kvm -m 100");
    put_process(tree, "13", "vim qemu-system-x86_64.txt");
    assert_false(host_qemu_allow(tree->root, "KSM is not changed", false, &error));
    assert_non_null(strstr(error->message, "KSM is not changed"));
    assert_non_null(strstr(error->message, "theirs, process 12 ("));
    assert_non_null(strstr(error->message, "--shared-host"));
    assert_true(host_qemu_allow(tree->root, "KSM is not changed", true, NULL));
}

static void
a_qemu_that_libvirt_only_asks_what_it_can_is_no_guest(void **state)
{
    HostTree *tree = *state;

    put_process(tree, "10", "qemu-system-x86_64 -S -nodefaults -machine none,accel=kvm:tcg");
    put_process(tree, "11", "qemu-system-x86_64 -machine none");
    assert_true(host_qemu_allow(tree->root, "KSM is not changed", false, NULL));
    put_process(tree, "12", "qemu-system-x86_64 -name guest=somebody -machine none");
    assert_false(host_qemu_allow(tree->root, "KSM is not changed", false, NULL));
    put_process(tree, "12", "qemu-system-x86_64 -machine nonesuch -m 100");
    assert_false(host_qemu_allow(tree->root, "KSM is not changed", false, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_qemu_and_nothing_else),
        cmocka_unit_test_setup_teardown(refuses_while_others_guests_run_and_names_them,
                                        host_tree_setup, host_tree_teardown),
        cmocka_unit_test_setup_teardown(a_qemu_that_libvirt_only_asks_what_it_can_is_no_guest,
                                        host_tree_setup, host_tree_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
