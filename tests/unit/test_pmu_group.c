/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_group.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_kernel.h"

static PmuEvent
event(const char *name, PmuMode mode)
{
    PmuEvent encoded;

    assert_true(pmu_event_encode(name, mode, &encoded, NULL));
    return encoded;
}

static void
add(PmuGroup *group, const char *name, PmuMode mode)
{
    PmuEvent encoded = event(name, mode);
    g_autoptr(GError) error = NULL;

    if (pmu_group_add(group, &encoded, &error))
        fail_msg("%s", error->message);
}

static int64_t
cpu_time_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * 1000000000ll + used.tv_nsec;
}

/* Works for so much CPU time, however long that takes. */
static void
spin_ms(int ms)
{
    int64_t end_ns = cpu_time_ns() + ms * 1000000ll;

    while (cpu_time_ns() < end_ns)
        continue;
}

static void
counts_what_this_thread_does(void **state)
{
    const PmuTarget self = { .tid = 0, .cpu = -1 };
    g_autoptr(PmuGroup) group = pmu_group_new(&self);
    PmuReading idle, busy;

    add(group, "task-clock", PMU_MODE_SELF);
    add(group, "page-faults", PMU_MODE_SELF);
    assert_true(pmu_group_read(group, &idle, NULL));
    assert_int_equal(idle.n_values, 2);
    assert_int_equal(idle.values[0], 0); /* not yet switched on */

    assert_true(pmu_group_enable(group, NULL));
    spin_ms(20);
    for (int i = 0; i < 32; i++) {
        g_autofree volatile char *fresh = g_malloc(1 << 20);

        fresh[i << 12] = 1;
    }
    assert_true(pmu_group_read(group, &busy, NULL));
    assert_true(busy.values[0] > 0);
    assert_true(busy.values[1] > 0);
    assert_true(busy.enabled_ns > 0);
    assert_int_equal(busy.running_ns, busy.enabled_ns);
}

static void
stands_still_while_it_is_off(void **state)
{
    const PmuTarget self = { .tid = 0, .cpu = -1 };
    g_autoptr(PmuGroup) group = pmu_group_new(&self);
    PmuReading first, second;

    add(group, "task-clock", PMU_MODE_SELF);
    assert_true(pmu_group_enable(group, NULL));
    spin_ms(2);
    assert_true(pmu_group_disable(group, NULL));
    assert_true(pmu_group_read(group, &first, NULL));
    spin_ms(2);
    assert_true(pmu_group_read(group, &second, NULL));
    assert_int_equal(first.values[0], second.values[0]);
    assert_int_equal(first.enabled_ns, second.enabled_ns);

    assert_true(pmu_group_rearm(group, NULL));
    spin_ms(2);
    assert_true(pmu_group_read(group, &second, NULL));
    assert_true(second.values[0] > first.values[0]);
}

static void
counts_the_children_of_a_thread(void **state)
{
    const PmuTarget child = { .tid = 0, .cpu = -1, .inherit = true };
    g_autoptr(PmuGroup) group = pmu_group_new(&child);
    PmuReading alone, with_child;
    pid_t pid;

    add(group, "task-clock", PMU_MODE_SELF);
    assert_true(pmu_group_enable(group, NULL));
    assert_true(pmu_group_read(group, &alone, NULL));
    pid = fork();
    if (pid == 0) {
        spin_ms(100);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(pmu_group_read(group, &with_child, NULL));
    assert_true(with_child.values[0] - alone.values[0] > 90000000);
}

static void
opens_one_leader_and_its_siblings(void **state)
{
    const uint64_t read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
                                 PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    FakeKernel fake;

    fake_kernel_init(&fake);
    {
        const PmuTarget vcpu = { .tid = 4711, .cpu = -1, .kernel = &fake.kernel };
        g_autoptr(PmuGroup) group = pmu_group_new(&vcpu);

        add(group, "cycles", PMU_MODE_GUEST);
        assert_int_equal(fake.group_fd, -1);
        add(group, "branch-misses", PMU_MODE_GUEST);
        assert_int_equal(fake.group_fd, 1000);
        assert_int_equal(fake.tid, 4711);
        assert_int_equal(fake.cpu, -1);
        assert_int_equal(pmu_group_size(group), 2);
    }
    assert_int_equal(fake.n_open, 0);
    assert_int_equal(fake.attrs[0].disabled, 1);
    assert_int_equal(fake.attrs[1].disabled, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fake.attrs[i].pinned, 0);
        assert_int_equal(fake.attrs[i].inherit, 0);
        assert_int_equal(fake.attrs[i].exclude_host, 1);
        assert_int_equal(fake.attrs[i].exclude_guest, 0);
        assert_int_equal(fake.attrs[i].read_format, read_format);
    }
}

static void
gives_values_in_the_order_of_adding_whatever_the_kernels(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    fake.shuffle = true;
    {
        const PmuTarget cpu = { .tid = -1, .cpu = 3, .kernel = &fake.kernel };
        g_autoptr(PmuGroup) group = pmu_group_new(&cpu);
        PmuReading reading;

        add(group, "cycles", PMU_MODE_SELF);
        add(group, "instructions", PMU_MODE_SELF);
        add(group, "branches", PMU_MODE_SELF);
        fake.values[0] = 10, fake.values[1] = 20, fake.values[2] = 30;
        fake.enabled_ns = 7, fake.running_ns = 5;
        assert_true(pmu_group_read(group, &reading, NULL));
        assert_int_equal(reading.values[0], 10);
        assert_int_equal(reading.values[1], 20);
        assert_int_equal(reading.values[2], 30);
        assert_int_equal(reading.enabled_ns, 7);
        assert_int_equal(reading.running_ns, 5);
    }
}

static void
goes_on_without_an_event_that_is_refused(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    fake.no_hardware = true;
    {
        const PmuTarget cpu = { .tid = -1, .cpu = 3, .kernel = &fake.kernel };
        g_autoptr(PmuGroup) group = pmu_group_new(&cpu);
        const PmuEvent cycles = event("cycles", PMU_MODE_SELF);

        assert_int_equal(pmu_group_add(group, &cycles, NULL), ENOENT);
        assert_int_equal(pmu_group_size(group), 0);
        add(group, "task-clock", PMU_MODE_SELF);
        assert_int_equal(pmu_group_size(group), 1);
        assert_int_equal(fake.attrs[0].disabled, 1);
    }
}

static const struct {
    int refusal;
    PmuMode mode;
    unsigned n_before;
    FailureCode code;
    const char *advice;
} refusals[] = {
    { EACCES, PMU_MODE_SELF, 0, FAILURE_FAILED, "CAP_PERFMON" },
    { EPERM, PMU_MODE_SELF, 0, FAILURE_FAILED, "seccomp" },
    { ENOENT, PMU_MODE_SELF, 0, FAILURE_UNSUPPORTED, "vPMU" },
    { ENOENT, PMU_MODE_GUEST, 0, FAILURE_UNSUPPORTED, "this host has no PMU" },
    { EOPNOTSUPP, PMU_MODE_GUEST, 0, FAILURE_UNSUPPORTED, "mediated" },
    { EOPNOTSUPP, PMU_MODE_HOST, 0, FAILURE_UNSUPPORTED, "generic event" },
    { ENODEV, PMU_MODE_SELF, 0, FAILURE_UNSUPPORTED, "offline" },
    { ENOSYS, PMU_MODE_SELF, 0, FAILURE_UNSUPPORTED, "without perf events" },
    { EBUSY, PMU_MODE_GUEST, 0, FAILURE_FAILED, "nmi_watchdog" },
    { EMFILE, PMU_MODE_GUEST, 0, FAILURE_FAILED, "ulimit -n" },
    { ENFILE, PMU_MODE_GUEST, 0, FAILURE_FAILED, "fs.file-max" },
    { ESRCH, PMU_MODE_GUEST, 0, FAILURE_FAILED, "no such thread" },
    { EINVAL, PMU_MODE_GUEST, 0, FAILURE_FAILED, "modifiers" },
    { EINVAL, PMU_MODE_GUEST, 2, FAILURE_FAILED, "more events than the PMU has counters" },
    { EIO, PMU_MODE_GUEST, 0, FAILURE_FAILED, "nput/output error" },
};

static void
names_event_target_and_remedy_of_each_refusal(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        FakeKernel fake;
        const PmuEvent cycles = event("cycles", refusals[i].mode);
        g_autoptr(GError) error = NULL;
        int result;

        fake_kernel_init(&fake);
        fake.open_errno[refusals[i].n_before] = refusals[i].refusal;
        {
            const PmuTarget vcpu = { .tid = 4711, .cpu = -1, .kernel = &fake.kernel };
            g_autoptr(PmuGroup) group = pmu_group_new(&vcpu);

            for (unsigned n = 0; n < refusals[i].n_before; n++)
                add(group, "task-clock", PMU_MODE_SELF);
            result = pmu_group_add(group, &cycles, &error);
        }
        assert_int_equal(result, refusals[i].refusal);
        assert_int_equal(error->code, refusals[i].code);
        if (!strstr(error->message, cycles.printable) || !strstr(error->message, "thread 4711") ||
            !strstr(error->message, refusals[i].advice))
            fail_msg("%d: %s", refusals[i].refusal, error->message);
    }
}

static void
refuses_a_seventeenth_event(void **state)
{
    const PmuTarget self = { .tid = 0, .cpu = -1 };
    g_autoptr(PmuGroup) group = pmu_group_new(&self);
    const PmuEvent faults = event("page-faults", PMU_MODE_SELF);

    for (int i = 0; i < EVENT_MAX; i++)
        add(group, "task-clock", PMU_MODE_SELF);
    assert_int_equal(pmu_group_add(group, &faults, NULL), E2BIG);
}

static void
leaves_the_reading_alone_when_it_cannot_read(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    {
        const PmuTarget cpu = { .tid = -1, .cpu = 3, .kernel = &fake.kernel };
        g_autoptr(PmuGroup) group = pmu_group_new(&cpu);
        g_autoptr(GError) gone = NULL;
        g_autoptr(GError) cut = NULL;
        PmuReading reading = { .n_values = 99 };

        add(group, "cycles", PMU_MODE_SELF);
        fake.read_errno = ENODEV;
        assert_false(pmu_group_read(group, &reading, &gone));
        assert_non_null(strstr(gone->message, "CPU 3"));

        fake.read_errno = 0;
        fake.read_short = 8;
        assert_false(pmu_group_read(group, &reading, &cut));
        assert_int_equal(reading.n_values, 99);
    }
}

static void
names_the_thread_that_it_could_not_count(void **state)
{
    const PmuTarget nobody = { .tid = 0x3fffff, .cpu = -1 };
    g_autoptr(PmuGroup) group = pmu_group_new(&nobody);
    const PmuEvent clock = event("task-clock", PMU_MODE_SELF);
    g_autoptr(GError) error = NULL;

    assert_int_equal(pmu_group_add(group, &clock, &error), ESRCH);
    assert_non_null(strstr(error->message, "task-clock on thread 4194303"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_this_thread_does),
        cmocka_unit_test(stands_still_while_it_is_off),
        cmocka_unit_test(counts_the_children_of_a_thread),
        cmocka_unit_test(opens_one_leader_and_its_siblings),
        cmocka_unit_test(gives_values_in_the_order_of_adding_whatever_the_kernels),
        cmocka_unit_test(goes_on_without_an_event_that_is_refused),
        cmocka_unit_test(names_event_target_and_remedy_of_each_refusal),
        cmocka_unit_test(refuses_a_seventeenth_event),
        cmocka_unit_test(leaves_the_reading_alone_when_it_cannot_read),
        cmocka_unit_test(names_the_thread_that_it_could_not_count),
    };

    return cmocka_run_group_tests_name("pmu_group", tests, NULL, NULL);
}
