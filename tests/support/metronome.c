/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/metronome.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "hostctl/interrupt.h"
#include "tests/support/cmocka_all.h"

struct Metronome {
    pid_t pid;
    unsigned n;
    int64_t *stamps_ns; /* shared with the process */
};

static size_t
bytes_of(unsigned n)
{
    return (n + 1) * sizeof(int64_t);
}

static void
beat(Metronome *metronome, int cpu, int64_t first_raw_ns, int64_t interval_ns)
{
    const struct sched_param above = { .sched_priority = 2 };
    cpu_set_t cpus;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
    sched_setscheduler(0, SCHED_FIFO, &above);
    for (unsigned i = 0; i <= metronome->n; i++) {
        interrupt_sleep_until(NULL, first_raw_ns + i * interval_ns, NULL);
        metronome->stamps_ns[i] = clock_raw_ns();
    }
}

Metronome *
metronome_start(int cpu, int64_t first_raw_ns, int64_t interval_ns, unsigned n)
{
    Metronome *metronome = g_new0(Metronome, 1);

    metronome->n = n;
    metronome->stamps_ns =
        mmap(NULL, bytes_of(n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(metronome->stamps_ns != MAP_FAILED);
    metronome->pid = fork();
    assert_true(metronome->pid >= 0);
    if (metronome->pid == 0) {
        beat(metronome, cpu, first_raw_ns, interval_ns);
        _exit(0);
    }
    return metronome;
}

const int64_t *
metronome_wait(Metronome *metronome)
{
    int status;

    assert_int_equal(waitpid(metronome->pid, &status, 0), metronome->pid);
    assert_int_equal(status, 0);
    metronome->pid = 0;
    return metronome->stamps_ns;
}

void
metronome_free(Metronome *metronome)
{
    if (!metronome)
        return;

    if (metronome->pid > 0) {
        kill(metronome->pid, SIGKILL);
        waitpid(metronome->pid, NULL, 0);
    }
    munmap(metronome->stamps_ns, bytes_of(metronome->n));
    g_free(metronome);
}

static int
compare_off(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

double
jitter_p99_ns(const int64_t *stamps_ns, unsigned n, int64_t interval_ns)
{
    g_autofree double *off_ns = g_new(double, n);

    for (unsigned i = 0; i < n; i++)
        off_ns[i] = (double) llabs(stamps_ns[i + 1] - stamps_ns[i] - interval_ns);
    qsort(off_ns, n, sizeof off_ns[0], compare_off);
    return off_ns[n * 99 / 100];
}
