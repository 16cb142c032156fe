/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/timer_interrupts.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/cmocka_all.h"

#define PER_SECOND 5000
#define WANTED_PER_SECOND 1500 /* more than any kernel ticks by itself, which is 1000 */
#define TRIES 60

static int
a_cpu_of_ours(cpu_set_t *ret_cpus)
{
    int cpu = 0;

    assert_int_equal(sched_getaffinity(0, sizeof *ret_cpus, ret_cpus), 0);
    while (!CPU_ISSET(cpu, ret_cpus))
        cpu++;
    CPU_ZERO(ret_cpus);
    CPU_SET(cpu, ret_cpus);
    return cpu;
}

static void
what_cannot_be_started_is_told_by_its_cpu(void **state)
{
    g_autoptr(GError) error = NULL;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(CPU_SETSIZE - 1, &cpus);
    assert_null(timer_interrupts_start(PER_SECOND, &cpus, &error));
    assert_non_null(strstr(error->message, "timer interrupts a second on CPU 1023"));
}

static void
none_are_none(void **state)
{
    g_autoptr(TimerInterrupts) interrupts = NULL;
    cpu_set_t cpus;

    a_cpu_of_ours(&cpus);
    interrupts = timer_interrupts_start(0, &cpus, NULL);
    assert_non_null(interrupts);
}

/* Local timer interrupts of a CPU, as the kernel counts them; its columns are the online CPUs. */
static unsigned long long
timer_interrupts_of(int cpu)
{
    g_autofree char *text = NULL, *name = g_strdup_printf("CPU%d", cpu);
    g_auto(GStrv) lines = NULL, heads = NULL;
    guint column = 0;

    assert_true(g_file_get_contents("/proc/interrupts", &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    heads = g_strsplit_set(g_strstrip(lines[0]), " ", -1);
    for (guint i = 0, n = 0; heads[i]; i++) {
        if (!*heads[i])
            continue;
        if (g_str_equal(heads[i], name))
            column = n;
        n++;
    }
    for (char **line = lines; *line; line++) {
        char *at = strstr(*line, "LOC:");

        if (!at)
            continue;
        at += strlen("LOC:");
        for (guint i = 0; i < column; i++)
            g_ascii_strtoull(at, &at, 10);
        return g_ascii_strtoull(at, NULL, 10);
    }
    print_message("SKIP: /proc/interrupts tells no local timer interrupts\n");
    skip();
    return 0;
}

static double
rate_of(int cpu)
{
    unsigned long long before = timer_interrupts_of(cpu);
    int64_t begin_ns = clock_raw_ns();

    g_usleep(300000);
    return (double) (timer_interrupts_of(cpu) - before) /
           ((double) (clock_raw_ns() - begin_ns) / 1e9);
}

/* Under a hypervisor that is busy itself some are lost: one span that has them is enough. */
static void
they_come(void **state)
{
    cpu_set_t cpus;
    int cpu = a_cpu_of_ours(&cpus);
    g_autoptr(GError) error = NULL;
    g_autoptr(TimerInterrupts) interrupts = timer_interrupts_start(PER_SECOND, &cpus, &error);
    double rate = 0;

    if (!interrupts) {
        print_message("SKIP: %s\n", error->message);
        skip();
    }
    for (int i = 0; rate < WANTED_PER_SECOND && i < TRIES; i++)
        rate = rate_of(cpu);
    assert_true(rate >= WANTED_PER_SECOND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_started_is_told_by_its_cpu),
        cmocka_unit_test(none_are_none),
        cmocka_unit_test(they_come),
    };

    return cmocka_run_group_tests_name("timer_interrupts", tests, NULL, NULL);
}
