/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/qemu_process.h"

#include <string.h>

#include "hostctl/collect/qemu_arguments.h"
#include "hostctl/collect/qemu_list.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/golden.h"

static Sysroot *
fixture_root(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static const QemuThread *
thread_at(const GArray *threads, guint i)
{
    return &g_array_index(threads, QemuThread, i);
}

static void
knows_a_vcpu_thread_by_its_name_alone(void **state)
{
    static const char *const others[] = { "CPU 0",      "CPU /KVM",      "CPU 0/KVMx",
                                          "CPU 0/HVF",  "CPU 01/KVM",    "CPU 00/TCG",
                                          "CPU -1/KVM", "cpu 0/KVM",     "ALL CPUs/TCG",
                                          "CPU 1 /KVM", "CPU 70000/KVM", "" };
    unsigned vcpu = 9;
    bool tcg = true;

    assert_true(vcpu_thread_parse_name("CPU 0/KVM", &vcpu, &tcg));
    assert_int_equal(vcpu, 0);
    assert_false(tcg);
    assert_true(vcpu_thread_parse_name("CPU 120/TCG", &vcpu, &tcg));
    assert_int_equal(vcpu, 120);
    assert_true(tcg);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (vcpu_thread_parse_name(others[i], &vcpu, &tcg))
            fail_msg("“%s” was taken for a vCPU thread", others[i]);
    assert_int_equal(vcpu, 120);
}

static void
reads_the_guest_out_of_every_form_of_name(void **state)
{
    static const struct {
        const char *argument, *guest;
    } cases[] = {
        { "guest=web-1,debug-threads=on", "web-1" },
        { "web-1,debug-threads=on", "web-1" },
        { "web-1", "web-1" },
        { "debug-threads=on,guest=web-1", "web-1" },
        { "guest=a,,b,debug-threads=on", "a,b" },
        { "process=x,,guest=no,guest=yes", "yes" },
        { "guest=a=b", "a=b" },
        { "debug-threads=on", "" },
        { "guest=", "" },
        { "", "" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *guest = qemu_name_parse(cases[i].argument);

        assert_string_equal(guest, cases[i].guest);
    }
}

static void
reads_the_memory_that_a_guest_was_given(void **state)
{
    static const struct {
        const char *argument;
        uint64_t kib;
    } cases[] = {
        { "192", 192 * 1024 },
        { "size=196608k", 196608 },
        { "size=2G,slots=4,maxmem=8G", 2 * 1024 * 1024 },
        { "4G", 4 * 1024 * 1024 },
        { "slots=4,size=1M", 1024 },
    };
    uint64_t kib = 7;

    assert_false(qemu_memory_parse("slots=4", &kib));
    assert_false(qemu_memory_parse("", &kib));
    assert_int_equal(kib, 7);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(qemu_memory_parse(cases[i].argument, &kib));
        assert_int_equal(kib, cases[i].kib);
    }
}

static void
finds_the_guests_of_a_node_and_their_threads(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(GPtrArray) guests = NULL;
    const QemuProcess *db, *web;

    assert_true(qemu_process_list(root, &guests, NULL));
    assert_int_equal(guests->len, 2);
    db = guests->pdata[0];
    web = guests->pdata[1];

    assert_string_equal(db->guest, "db-1");
    assert_null(db->uuid);
    assert_null(db->counter_page);
    assert_true(db->memory_kib == ABSENT_U64);
    assert_int_equal(db->vcpus->len, 1);
    assert_int_equal(thread_at(db->vcpus, 0)->tid, 3301);

    assert_string_equal(web->guest, "web-1");
    assert_string_equal(web->uuid, "5d3ab8a0-6c0b-4a7e-9d0c-1f2e3d4c5b6a");
    assert_int_equal(web->pid, 2101);
    assert_int_equal(web->start_ticks, 5000);
    assert_false(web->tcg);
    assert_int_equal(web->vcpus->len, 2);
    assert_int_equal(thread_at(web->vcpus, 0)->vcpu, 0);
    assert_int_equal(thread_at(web->vcpus, 0)->tid, 2104);
    assert_int_equal(thread_at(web->vcpus, 1)->vcpu, 1);
    assert_int_equal(thread_at(web->vcpus, 1)->tid, 2105);
    assert_int_equal(thread_at(web->vcpus, 1)->start_ticks, 5002);
}

#define WEB_STAT(threads, start)                                                              \
    "2101 (qemu-system-x86) S 1 2101 2101 0 -1 0 900 0 0 0 8 1 0 0 20 0 " threads " 0 " start \
    " 9 6\n"

static void
looks_again_at_a_process_only_when_its_threads_may_be_others(void **state)
{
    static const struct {
        const char *stat;
        guint vcpus;
    } cases[] = { { WEB_STAT("4", "5000"), 2 },
                  { WEB_STAT("5", "5000"), 3 },
                  { WEB_STAT("4", "6000"), 3 } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *copy = fixture_copy("host-two-guests");
        g_autoptr(Sysroot) root = sysroot_new(copy);
        g_autoptr(QemuList) list = qemu_list_new(root);
        const QemuProcess *web;
        guint others;

        assert_true(qemu_list_look(list, NULL));
        web = qemu_list_processes(list)->pdata[1];
        others = web->others->len;
        fixture_change(copy, "proc/2101/task/2103/comm", "CPU 2/KVM\n");
        fixture_change(copy, "proc/2101/task/2101/stat", cases[i].stat);
        assert_true(qemu_list_look(list, NULL));
        assert_int_equal(qemu_list_processes(list)->len, 2);
        web = qemu_list_processes(list)->pdata[1];
        assert_int_equal(web->vcpus->len, cases[i].vcpus);
        assert_int_equal(web->vcpus->len + web->others->len, 2 + others);
        for (int look = 0; look < 10; look++)
            assert_true(qemu_list_look(list, NULL));
        web = qemu_list_processes(list)->pdata[1];
        assert_int_equal(web->vcpus->len, 3); /* found in any case after a while */
        fixture_copy_free(copy);
    }
}

static void
a_program_that_becomes_qemu_is_found_at_once_when_young_and_after_ten_looks_when_old(void **state)
{
    static const struct {
        int looks_before, looks_until_found;
    } cases[] = { { 1, 1 }, { 5, 6 }, { 12, 9 } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *copy = fixture_copy("host-two-guests");
        g_autoptr(Sysroot) root = sysroot_new(copy);
        g_autoptr(QemuList) list = qemu_list_new(root);
        int looks = 0;

        fixture_change(copy, "proc/2101/comm", "sh\n");
        for (int look = 0; look < cases[i].looks_before; look++) {
            assert_true(qemu_list_look(list, NULL));
            assert_int_equal(qemu_list_processes(list)->len, 1);
        }
        fixture_change(copy, "proc/2101/comm", "qemu-system-x86\n");
        do {
            assert_true(qemu_list_look(list, NULL));
            looks++;
        } while (qemu_list_processes(list)->len == 1);
        assert_int_equal(looks, cases[i].looks_until_found);
        fixture_copy_free(copy);
    }
}

static void
tells_the_other_threads_apart(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(QemuProcess) web = NULL;
    int kinds[4] = { 0 };

    assert_true(qemu_process_find(root, "web-1", &web, NULL));
    for (guint i = 0; i < web->others->len; i++)
        kinds[thread_at(web->others, i)->kind]++;
    assert_int_equal(kinds[QEMU_THREAD_EMULATOR], 2);
    assert_int_equal(kinds[QEMU_THREAD_IOTHREAD], 1);
    assert_int_equal(kinds[QEMU_THREAD_VHOST], 1);
    assert_int_equal(kinds[QEMU_THREAD_VCPU], 0);
}

static void
finds_a_guest_by_its_uuid(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(QemuProcess) web = NULL;

    assert_true(qemu_process_find(root, "5D3AB8A0-6c0b-4a7e-9d0c-1f2e3d4c5b6a", &web, NULL));
    assert_string_equal(web->guest, "web-1");
}

static void
finds_translated_guests_with_commas_in_their_names(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-nested-lab");
    g_autoptr(QemuProcess) bulk = NULL;

    assert_true(qemu_process_find(root, "bulk,1=a", &bulk, NULL));
    assert_true(bulk->tcg);
    assert_int_equal(bulk->memory_kib, 96 * 1024);
    assert_string_equal(bulk->counter_page, "/dev/shm/insideout-1-bulk");
    assert_int_equal(bulk->vcpus->len, 1);
    assert_int_equal(thread_at(bulk->others, 1)->kind, QEMU_THREAD_VHOST);
    assert_int_equal(thread_at(bulk->others, 1)->pid, 700);
}

static void
says_which_guests_there_are_when_one_is_not(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(GError) error = NULL;
    QemuProcess *process = NULL;

    assert_false(qemu_process_find(root, "web-2", &process, &error));
    assert_null(process);
    assert_non_null(strstr(error->message, "web-2"));
    assert_non_null(strstr(error->message, "db-1, web-1"));
}

static void
refuses_a_guest_whose_vcpus_have_no_threads_of_their_own(void **state)
{
    g_autoptr(Sysroot) node = fixture_root("host-two-guests");
    g_autoptr(Sysroot) lab = fixture_root("host-nested-lab");
    g_autoptr(GError) unnamed = NULL;
    g_autoptr(GError) one_thread = NULL;
    QemuProcess *process = NULL;

    assert_false(qemu_process_find(node, "old", &process, &unnamed));
    assert_non_null(strstr(unnamed->message, "debug-threads=on"));
    assert_false(qemu_process_find(lab, "rr", &process, &one_thread));
    assert_non_null(strstr(one_thread->message, "one thread per vCPU"));
}

static void
refuses_a_name_that_two_guests_have(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-nested-lab");
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuProcess) process = NULL;

    assert_false(qemu_process_find(root, "twin", &process, &error));
    assert_non_null(strstr(error->message, "UUID"));
    assert_true(qemu_process_find(root, "ab-2", &process, NULL));
    assert_int_equal(process->pid, 730);
}

static void
names_the_folder_it_could_not_read(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/nonexistent");
    g_autoptr(GError) error = NULL;
    GPtrArray *guests = NULL;

    assert_false(qemu_process_list(root, &guests, &error));
    assert_non_null(strstr(error->message, "/nonexistent/proc"));
    assert_null(guests);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_vcpu_thread_by_its_name_alone),
        cmocka_unit_test(reads_the_guest_out_of_every_form_of_name),
        cmocka_unit_test(reads_the_memory_that_a_guest_was_given),
        cmocka_unit_test(finds_the_guests_of_a_node_and_their_threads),
        cmocka_unit_test(looks_again_at_a_process_only_when_its_threads_may_be_others),
        cmocka_unit_test(
            a_program_that_becomes_qemu_is_found_at_once_when_young_and_after_ten_looks_when_old),
        cmocka_unit_test(tells_the_other_threads_apart),
        cmocka_unit_test(finds_a_guest_by_its_uuid),
        cmocka_unit_test(finds_translated_guests_with_commas_in_their_names),
        cmocka_unit_test(says_which_guests_there_are_when_one_is_not),
        cmocka_unit_test(refuses_a_guest_whose_vcpus_have_no_threads_of_their_own),
        cmocka_unit_test(refuses_a_name_that_two_guests_have),
        cmocka_unit_test(names_the_folder_it_could_not_read),
    };

    return cmocka_run_group_tests_name("qemu_process", tests, NULL, NULL);
}
