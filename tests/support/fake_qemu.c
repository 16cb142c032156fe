/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that looks like QEMU to whoever reads /proc, with vCPU threads that only burn time:
 * for tests of scheduling that need no guest.
 *
 *   fake_qemu -name guest=NAME,debug-threads=on VCPUS CPU [BUSY_US IDLE_US [HELPERS]]
 *
 * Every vCPU is pinned to CPU and burns without end, or BUSY_US in turn with sleeping IDLE_US.
 * HELPERS threads of the emulator burn there too. Ends when its standard input does. Its vCPUs are
 * called after TCG, or after what FAKE_QEMU_ACCELERATOR says.
 */
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static gint64 busy_us, idle_us;
static int host_cpu;
static pthread_barrier_t named;

static void *
burn(void *name)
{
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(host_cpu, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
    prctl(PR_SET_NAME, name);
    pthread_barrier_wait(&named);
    for (;;) {
        struct timespec used, start;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
        do
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
        while ((used.tv_sec - start.tv_sec) * 1000000 + (used.tv_nsec - start.tv_nsec) / 1000 <
               busy_us);
        if (idle_us > 0)
            g_usleep(idle_us);
    }
    return NULL;
}

static void
start(char *name)
{
    pthread_t thread;

    pthread_create(&thread, NULL, burn, name);
}

int
main(int argc, char **argv)
{
    const char *accelerator = g_getenv("FAKE_QEMU_ACCELERATOR");
    int vcpus, helpers;
    char byte;

    if (argc < 5)
        return 2;
    vcpus = (int) g_ascii_strtoll(argv[3], NULL, 10);
    host_cpu = (int) g_ascii_strtoll(argv[4], NULL, 10);
    busy_us = argc > 6 ? g_ascii_strtoll(argv[5], NULL, 10) : 1000;
    idle_us = argc > 6 ? g_ascii_strtoll(argv[6], NULL, 10) : 0;
    helpers = argc > 7 ? (int) g_ascii_strtoll(argv[7], NULL, 10) : 0;

    prctl(PR_SET_NAME, "qemu-fake");
    pthread_barrier_init(&named, NULL, vcpus + helpers + 1);
    for (int i = 0; i < vcpus; i++)
        start(g_strdup_printf("CPU %d/%s", i, accelerator ? accelerator : "TCG"));
    for (int i = 0; i < helpers; i++)
        start(g_strdup("helper"));
    pthread_barrier_wait(&named);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    return 0;
}
