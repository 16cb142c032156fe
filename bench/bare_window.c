/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that counting in a guest can cost: bare_window -a -x, -I MS -e EVENTS -o FILE
 *
 * Takes guestprobe's options and does what a window cannot do without: waits, reads a group of
 * these four software events of each CPU, whatever EVENTS says, and writes the rows of CSV, without
 * a library, a check or a choice.
 */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_EVENTS 4
#define CPUS_MAX 64

static const char *const names[N_EVENTS] = { ",msec,task-clock,", ",,context-switches,",
                                             ",,cpu-migrations,", ",,page-faults," };
static const char *const units[N_EVENTS] = { ",CPUs utilized\n", ",/sec\n", ",/sec\n", ",/sec\n" };

/* As PERF_FORMAT_GROUP with times and ids gives it. */
typedef struct {
    uint64_t n, enabled_ns, running_ns;
    struct {
        uint64_t value, id;
    } events[N_EVENTS];
} Group;

static int
open_group(int cpu)
{
    static const uint64_t events[] = { PERF_COUNT_SW_TASK_CLOCK, PERF_COUNT_SW_CONTEXT_SWITCHES,
                                       PERF_COUNT_SW_CPU_MIGRATIONS, PERF_COUNT_SW_PAGE_FAULTS };
    int leader = -1;

    for (size_t i = 0; i < N_EVENTS; i++) {
        struct perf_event_attr attr = {
            .type = PERF_TYPE_SOFTWARE,
            .size = sizeof attr,
            .config = events[i],
            .read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED |
                           PERF_FORMAT_TOTAL_TIME_RUNNING,
        };
        int fd = (int) syscall(SYS_perf_event_open, &attr, -1, cpu, leader, PERF_FLAG_FD_CLOEXEC);

        if (fd < 0)
            return -1;
        if (leader < 0)
            leader = fd;
    }
    return leader;
}

static char *
put_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    return at;
}

/* A whole number of which the last `decimals` digits stand behind a point. */
static char *
put_number(char *at, uint64_t value, int decimals)
{
    char digits[24];
    int n = 0;

    for (; value > 0 || n <= decimals; value /= 10) {
        if (decimals > 0 && n == decimals)
            digits[n++] = '.', decimals = -1;
        digits[n++] = (char) ('0' + value % 10);
    }
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

static int
write_window(int out, const Group *before, const Group *now, uint64_t since_ns)
{
    uint64_t elapsed_ns = now->enabled_ns - before->enabled_ns;
    char text[1024], *at = text;

    for (int i = 0; i < N_EVENTS; i++) {
        uint64_t value = now->events[i].value - before->events[i].value;

        at = put_text(at, "     ");
        at = put_number(at, since_ns, 9);
        at = put_text(at, ",");
        at = i == 0 ? put_number(at, value / 10000, 2) : put_number(at, value, 0);
        at = put_text(at, names[i]);
        at = put_number(at, now->running_ns - before->running_ns, 0);
        at = put_text(at, ",100.00,");
        at = put_number(at, value * (i == 0 ? 1000 : 1000000000000) / elapsed_ns, 3);
        at = put_text(at, units[i]);
    }
    return write(out, text, (size_t) (at - text)) < 0;
}

/* The sum over all CPUs. */
static int
read_groups(const int *groups, int n, Group *sum)
{
    Group one;

    *sum = (Group){ 0 };
    for (int cpu = 0; cpu < n; cpu++) {
        if (read(groups[cpu], &one, sizeof one) < 0)
            return -1;
        sum->enabled_ns += one.enabled_ns;
        sum->running_ns += one.running_ns;
        for (int i = 0; i < N_EVENTS; i++)
            sum->events[i].value += one.events[i].value;
    }
    return 0;
}

static int
count(const int *groups, int n, int out, const sigset_t *ends, long interval_ms)
{
    const struct timespec wait = { interval_ms / 1000, interval_ms % 1000 * 1000000 };
    Group first, before, now;

    if (read_groups(groups, n, &first) < 0)
        return 1;
    before = first;
    while (sigtimedwait(ends, NULL, &wait) < 0) {
        if (read_groups(groups, n, &now) < 0 ||
            write_window(out, &before, &now, (now.enabled_ns - first.enabled_ns) / (uint64_t) n))
            return 1;
        before = now;
    }
    return 0;
}

/* 0 for anything but digits. */
static long
whole_number(const char *text)
{
    long number = 0;

    for (; *text >= '0' && *text <= '9' && number < 1000000; text++)
        number = number * 10 + (*text - '0');
    return *text ? 0 : number;
}

int
main(int argc, char **argv)
{
    const char *path = NULL;
    long interval_ms = 0;
    sigset_t ends;
    int groups[CPUS_MAX], n = (int) sysconf(_SC_NPROCESSORS_ONLN), out, option;
    bool open_all = n <= CPUS_MAX;

    while ((option = getopt(argc, argv, "ax:I:e:o:")) != -1) {
        if (option == 'I')
            interval_ms = whole_number(optarg);
        else if (option == 'o')
            path = optarg;
    }
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    for (int cpu = 0; open_all && cpu < n; cpu++)
        open_all = (groups[cpu] = open_group(cpu)) >= 0;
    out = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    if (!open_all || out < 0 || interval_ms < 1) {
        perror("bare_window");
        return 1;
    }
    return count(groups, n, out, &ends, interval_ms);
}
