/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/cgroup.h"

#include "hostctl/collect/exit_count.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define GUEST "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"
#define FOLDER "sys/fs/cgroup" GUEST

static void
put_version_2(const HostTree *tree)
{
    host_tree_put(tree, "proc/700/cgroup", "0::" GUEST "/libvirt/emulator\n");
    host_tree_put(tree, FOLDER "/cpu.stat", "usage_usec 9\nnr_periods 4\nthrottled_usec 30\n");
    host_tree_put(tree, FOLDER "/cpu.max", "max 100000\n");
    host_tree_put(tree, FOLDER "/libvirt/vcpu0/cpu.stat", "usage_usec 9\nthrottled_usec 12\n");
    host_tree_put(tree, FOLDER "/libvirt/vcpu0/cpu.max", "50000 100000\n");
    host_tree_put(tree, FOLDER "/io.pressure",
                  "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"
                  "full avg10=0.00 avg60=0.00 avg300=0.00 total=55\n");
}

static void
sums_the_groups_of_version_2_and_takes_the_smallest_quota(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Cgroup) cgroup = NULL;
    CgroupStats stats;

    put_version_2(tree);
    cgroup = cgroup_open(tree->root, 700);
    cgroup_read(cgroup, &stats);
    assert_int_equal(stats.throttled_ns, 42000);
    assert_int_equal(stats.quota_percent, 50);
    assert_int_equal(stats.io_some_us, 77);
    assert_true(stats.memory_some_us == ABSENT_U64);
}

/* As the kernel does it: the open file shows the new text. */
static void
write_in_place(const HostTree *tree, const char *file, const char *text)
{
    g_autofree char *path = g_strconcat(FOLDER, file, NULL);

    assert_true(sysroot_write(tree->root, path, text, NULL));
}

static void
sees_what_changes_after_it_was_opened(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Cgroup) cgroup = NULL;
    CgroupStats stats;

    put_version_2(tree);
    cgroup = cgroup_open(tree->root, 700);
    write_in_place(tree, "/cpu.stat", "usage_usec 9\nnr_periods 4\nthrottled_usec 130\n");
    write_in_place(tree, "/libvirt/vcpu0/cpu.stat", "usage_usec 9\nthrottled_usec 512\n");
    cgroup_read(cgroup, &stats);
    assert_int_equal(stats.throttled_ns, 542000); /* the first has no quota: not looked at */
    cgroup_read_all(cgroup, &stats);
    assert_int_equal(stats.throttled_ns, 542000);

    write_in_place(tree, "/cpu.max", "20000 100000\n");
    cgroup_read_all(cgroup, &stats);
    assert_int_equal(stats.quota_percent, 20);
    assert_int_equal(stats.throttled_ns, 642000);
}

static void
a_quota_that_is_taken_away_is_read_to_its_end(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Cgroup) cgroup = NULL;
    CgroupStats stats;

    put_version_2(tree);
    cgroup = cgroup_open(tree->root, 700);
    write_in_place(tree, "/libvirt/vcpu0/cpu.stat", "usage_usec 9\nthrottled_usec 512\n");
    write_in_place(tree, "/libvirt/vcpu0/cpu.max", "max 100000\n");
    cgroup_read_all(cgroup, &stats);
    assert_true(stats.quota_percent == ABSENT_U64);
    assert_int_equal(stats.throttled_ns, 542000);
}

static void
reads_version_1_whose_quota_of_minus_one_is_none(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Cgroup) cgroup = NULL;
    CgroupStats stats;

    host_tree_put(tree, "proc/700/cgroup", "4:cpu,cpuacct:/machine/web.libvirt-qemu/vcpu0\n");
    host_tree_put(tree, "sys/fs/cgroup/cpu/machine/web.libvirt-qemu/cpu.stat",
                  "nr_periods 1\nnr_throttled 1\nthrottled_time 900\n");
    host_tree_put(tree, "sys/fs/cgroup/cpu/machine/web.libvirt-qemu/cpu.cfs_quota_us", "-1\n");
    host_tree_put(tree, "sys/fs/cgroup/cpu/machine/web.libvirt-qemu/cpu.cfs_period_us", "100000\n");
    cgroup = cgroup_open(tree->root, 700);
    cgroup_read(cgroup, &stats);
    assert_int_equal(stats.throttled_ns, 900);
    assert_true(stats.quota_percent == ABSENT_U64);
}

static void
knows_nothing_of_a_process_that_is_gone(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Cgroup) cgroup = cgroup_open(tree->root, 9999);
    CgroupStats stats;

    cgroup_read(cgroup, &stats);
    assert_true(stats.throttled_ns == ABSENT_U64);
    assert_true(stats.quota_percent == ABSENT_U64);
}

static void
finds_the_exits_of_the_right_process(void **state)
{
    HostTree *tree = *state;
    KeptNumber exits = KEPT_NUMBER_CLOSED;
    uint64_t value = 0;

    host_tree_put(tree, "sys/kernel/debug/kvm/7001-12/exits", "1\n");
    host_tree_put(tree, "sys/kernel/debug/kvm/700-14/exits", "2\n");
    assert_true(exit_count_open(tree->root, 700, &exits));
    assert_true(kept_number_read(&exits, &value));
    assert_int_equal(value, 2);
    kept_number_close(&exits);
    assert_false(exit_count_open(tree->root, 70, &exits));
    assert_false(kept_number_read(&exits, &value));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sums_the_groups_of_version_2_and_takes_the_smallest_quota),
        CASE(sees_what_changes_after_it_was_opened),
        CASE(a_quota_that_is_taken_away_is_read_to_its_end),
        CASE(reads_version_1_whose_quota_of_minus_one_is_none),
        CASE(knows_nothing_of_a_process_that_is_gone),
        CASE(finds_the_exits_of_the_right_process),
    };

    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
