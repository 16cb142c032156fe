/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated PMU held to the real kernel, where that can be asked on any machine. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/pmu/pmu_kernel.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/sim_pmu.h"

#define NOBODY 65534

static const PmuCapacity small = { .general = 2, .guest_general = 2 };

/* Who is counted in an attempt: real threads for the kernel, numbers for the simulation. */
typedef struct {
    const PmuKernel *kernel;
    pid_t self, other, dead;
} Ground;

static struct perf_event_attr
software(uint64_t config)
{
    return (struct perf_event_attr){ .type = PERF_TYPE_SOFTWARE,
                                     .size = sizeof(struct perf_event_attr),
                                     .config = config,
                                     .exclude_kernel = 1,
                                     .read_format = PERF_FORMAT_GROUP |
                                                    PERF_FORMAT_TOTAL_TIME_ENABLED |
                                                    PERF_FORMAT_TOTAL_TIME_RUNNING };
}

static int
open_on(const Ground *ground, struct perf_event_attr attr, pid_t tid, int group_fd)
{
    return ground->kernel->open(ground->kernel->context, &attr, tid, -1, group_fd);
}

static void
close_fd(const Ground *ground, int fd)
{
    int saved = errno;

    if (fd >= 0)
        ground->kernel->close(ground->kernel->context, fd);
    errno = saved;
}

/* Each attempt gives the errno that the last call left, 0 when it went well. */
static int
result_of(const Ground *ground, int fd)
{
    int refusal = fd < 0 ? errno : 0;

    close_fd(ground, fd);
    return refusal;
}

/* A sibling that differs from its leader in one thing. */
static int
with_sibling(const Ground *ground, struct perf_event_attr sibling, pid_t tid)
{
    int leader = open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->self, -1);
    int refusal = result_of(ground, open_on(ground, sibling, tid, leader));

    close_fd(ground, leader);
    return refusal;
}

static int
a_plain_event(const Ground *ground)
{
    return result_of(ground, open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->self, -1));
}

static int
a_thread_that_has_ended(const Ground *ground)
{
    return result_of(ground, open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->dead, -1));
}

static int
a_group_that_is_not_there(const Ground *ground)
{
    return result_of(ground,
                     open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->self, 499));
}

static int
a_plain_sibling(const Ground *ground)
{
    return with_sibling(ground, software(PERF_COUNT_SW_CONTEXT_SWITCHES), ground->self);
}

static int
a_pinned_sibling(const Ground *ground)
{
    struct perf_event_attr sibling = software(PERF_COUNT_SW_CONTEXT_SWITCHES);

    sibling.pinned = 1;
    return with_sibling(ground, sibling, ground->self);
}

static int
a_sibling_that_inherits(const Ground *ground)
{
    struct perf_event_attr sibling = software(PERF_COUNT_SW_CONTEXT_SWITCHES);

    sibling.inherit = 1;
    sibling.read_format = 0;
    return with_sibling(ground, sibling, ground->self);
}

static int
a_sibling_of_another_thread(const Ground *ground)
{
    return with_sibling(ground, software(PERF_COUNT_SW_CONTEXT_SWITCHES), ground->other);
}

static int
a_sibling_of_a_sibling(const Ground *ground)
{
    int leader = open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->self, -1);
    int second = open_on(ground, software(PERF_COUNT_SW_CPU_CLOCK), ground->self, leader);
    int refusal = result_of(
        ground, open_on(ground, software(PERF_COUNT_SW_CONTEXT_SWITCHES), ground->self, second));

    close_fd(ground, second);
    close_fd(ground, leader);
    return refusal;
}

static int
a_buffer_that_is_too_short(const Ground *ground)
{
    int fd = open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->self, -1);
    uint64_t record[3];
    ssize_t n = ground->kernel->read(ground->kernel->context, fd, record, sizeof record);
    int refusal = n < 0 ? errno : 0;

    close_fd(ground, fd);
    return refusal;
}

static int
an_order_that_there_is_not(const Ground *ground)
{
    int fd = open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK), ground->self, -1);
    int refusal = ground->kernel->ioctl(ground->kernel->context, fd, 0x2499, 0) < 0 ? errno : 0;

    close_fd(ground, fd);
    return refusal;
}

static int
a_hardware_event(const Ground *ground)
{
    struct perf_event_attr attr = software(0);

    attr.type = PERF_TYPE_HARDWARE;
    attr.config = PERF_COUNT_HW_CPU_CYCLES;
    return result_of(ground, open_on(ground, attr, ground->self, -1));
}

static void *
stay(void *data)
{
    int *pipe_fds = data;
    pid_t tid = gettid();
    char end;

    g_assert(write(pipe_fds[1], &tid, sizeof tid) == sizeof tid);
    g_assert(read(pipe_fds[2], &end, 1) == 0);
    return NULL;
}

static pid_t
ended_process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return pid;
}

static void
the_simulation_refuses_what_the_kernel_refuses(void **state)
{
    static const struct {
        const char *what;
        int (*attempt)(const Ground *ground);
        int want; /* -1: whatever the kernel says */
    } attempts[] = {
        { "a plain event", a_plain_event, 0 },
        { "a thread that has ended", a_thread_that_has_ended, ESRCH },
        { "a group that is not there", a_group_that_is_not_there, EBADF },
        { "a plain sibling", a_plain_sibling, 0 },
        { "a pinned sibling", a_pinned_sibling, EINVAL },
        { "a sibling that inherits", a_sibling_that_inherits, EINVAL },
        { "a sibling of another thread", a_sibling_of_another_thread, EINVAL },
        { "a sibling of a sibling", a_sibling_of_a_sibling, EINVAL },
        { "a buffer that is too short", a_buffer_that_is_too_short, ENOSPC },
        { "an order that there is not", an_order_that_there_is_not, ENOTTY },
        { "a hardware event", a_hardware_event, -1 },
    };
    bool has_pmu = access("/sys/bus/event_source/devices/cpu", F_OK) == 0;
    g_autoptr(SimPmu) sim = sim_pmu_new(&(SimPmuOptions){ .capacity = small, .no_pmu = !has_pmu });
    int there[2], back[2], ends[3];
    Ground real = { .kernel = &pmu_kernel_real };
    GThread *thread;

    assert_int_equal(pipe(there), 0);
    assert_int_equal(pipe(back), 0);
    ends[1] = there[1];
    ends[2] = back[0];
    thread = g_thread_new("stays", stay, ends);
    assert_int_equal(read(there[0], &real.other, sizeof real.other), sizeof real.other);
    real.dead = ended_process();

    sim_pmu_thread_starts(sim, 0);
    sim_pmu_thread_starts(sim, real.other);
    sim_pmu_thread_starts(sim, real.dead);
    sim_pmu_thread_ends(sim, real.dead);
    for (size_t i = 0; i < G_N_ELEMENTS(attempts); i++) {
        const Ground simulated = { sim_pmu_kernel(sim), 0, real.other, real.dead };
        int by_kernel = attempts[i].attempt(&real);
        int by_simulation = attempts[i].attempt(&simulated);

        if (by_kernel != by_simulation || (attempts[i].want >= 0 && by_kernel != attempts[i].want))
            fail_msg("%s: the kernel says “%s”, the simulation “%s”", attempts[i].what,
                     g_strerror(by_kernel), g_strerror(by_simulation));
    }

    close(back[1]);
    g_thread_join(thread);
    close(there[0]);
    close(there[1]);
    close(back[0]);
}

static int
fill_descriptors(const Ground *ground, unsigned n)
{
    int fds[8];
    unsigned opened = 0;
    int refusal;

    while (opened < n && (fds[opened] = open_on(ground, software(PERF_COUNT_SW_TASK_CLOCK),
                                                ground->self, -1)) >= 0)
        opened++;
    refusal = opened < n ? errno : 0;
    while (opened > 0)
        close_fd(ground, fds[--opened]);
    return refusal;
}

static void
both_run_out_of_descriptors(void **state)
{
    g_autoptr(SimPmu) sim = sim_pmu_new(&(SimPmuOptions){ .capacity = small, .max_fds = 3 });
    struct rlimit saved, few;
    int next = dup(0), by_kernel;

    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
    few = (struct rlimit){ .rlim_cur = (rlim_t) next + 3, .rlim_max = saved.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    by_kernel = fill_descriptors(&(Ground){ .kernel = &pmu_kernel_real }, 8);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);

    sim_pmu_thread_starts(sim, 0);
    assert_int_equal(by_kernel, EMFILE);
    assert_int_equal(fill_descriptors(&(Ground){ .kernel = sim_pmu_kernel(sim) }, 8), EMFILE);
}

/* A child without rights tries to count process 1, which is root's. */
static void
the_kernel_refuses_other_peoples_threads_with_the_errno_of_the_simulation(void **state)
{
    const Ground real = { .kernel = &pmu_kernel_real };
    int status;
    pid_t pid;

    pid = fork();
    if (pid == 0) {
        int refusal;

        if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
            _exit(255);
        refusal = result_of(&real, open_on(&real, software(PERF_COUNT_SW_TASK_CLOCK), 1, -1));
        _exit(refusal);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), EACCES);
}

/* Read in one go: value, enabled and running of a group of one. */
static void
read_one(const Ground *ground, int fd, uint64_t record[4])
{
    assert_int_equal(ground->kernel->read(ground->kernel->context, fd, record, 32), 32);
    assert_int_equal(record[0], 1);
}

/* What is true of the times of a software event, on either kernel. */
static void
assert_times(const Ground *ground, void (*pass_time)(SimPmu *sim), SimPmu *sim)
{
    struct perf_event_attr attr = software(PERF_COUNT_SW_TASK_CLOCK);
    uint64_t off[4], on[4], off_again[4];
    int fd;

    attr.disabled = 1;
    fd = open_on(ground, attr, ground->self, -1);
    assert_true(fd >= 0);
    pass_time(sim);
    read_one(ground, fd, off);
    assert_int_equal(off[1], 0);
    assert_int_equal(off[3], 0);

    assert_int_equal(ground->kernel->ioctl(ground->kernel->context, fd, PERF_EVENT_IOC_ENABLE, 0),
                     0);
    pass_time(sim);
    read_one(ground, fd, on);
    assert_true(on[1] > 0);
    assert_int_equal(on[1], on[2]);
    assert_true(on[3] > 0);

    assert_int_equal(ground->kernel->ioctl(ground->kernel->context, fd, PERF_EVENT_IOC_DISABLE, 0),
                     0);
    read_one(ground, fd, off);
    pass_time(sim);
    read_one(ground, fd, off_again);
    assert_int_equal(off[1], off_again[1]);
    assert_int_equal(off[3], off_again[3]);

    assert_int_equal(ground->kernel->ioctl(ground->kernel->context, fd, PERF_EVENT_IOC_RESET, 0),
                     0);
    read_one(ground, fd, on);
    assert_int_equal(on[3], 0);
    assert_int_equal(on[1], off_again[1]); /* resetting leaves the times */
    close_fd(ground, fd);
}

static void
spin(SimPmu *sim)
{
    gint64 end_us = g_get_monotonic_time() + 5000;

    while (g_get_monotonic_time() < end_us)
        continue;
}

static void
run_simulated(SimPmu *sim)
{
    sim_pmu_run(sim, 0, 0, 5000000, 0);
}

static void
times_of_software_events_pass_alike(void **state)
{
    g_autoptr(SimPmu) sim = sim_pmu_new(&(SimPmuOptions){ .capacity = small });

    sim_pmu_thread_starts(sim, 0);
    assert_times(&(Ground){ .kernel = &pmu_kernel_real }, spin, NULL);
    assert_times(&(Ground){ .kernel = sim_pmu_kernel(sim) }, run_simulated, sim);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_simulation_refuses_what_the_kernel_refuses),
        cmocka_unit_test(both_run_out_of_descriptors),
        cmocka_unit_test(the_kernel_refuses_other_peoples_threads_with_the_errno_of_the_simulation),
        cmocka_unit_test(times_of_software_events_pass_alike),
    };

    return cmocka_run_group_tests_name("sim_kernel", tests, NULL, NULL);
}
