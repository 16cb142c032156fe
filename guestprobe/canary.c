/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/canary.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#include "common/base/clock.h"
#include "guestprobe/canary_kernel.h"
#include "guestprobe/realtime.h"

#define EVENT "branch-misses"
#define GAP_NS (NS_PER_MS / 4) /* longer than the fastest burst by this: something stood still */

const CanaryForm canary_form = { .words = 4, .trainings = 3, .gap_us = 0, .period_ms = 40 };

/* One CPU's. */
typedef struct {
    Canary *canary;
    GThread *thread;
    int cpu;
    _Atomic uint64_t branches, misses, kept, dropped, gaps;

    /* The thread's own, but for the counters of a PMU. */
    EmulatedPage *page;
    Counters *counters;
    unsigned event; /* which of the counters' events are branch misses */
    int64_t fastest_counted_ns;
    uint32_t random;
} Singer;

struct Canary {
    const Sysroot *root;
    CounterSet *set;
    CanaryForm form;
    atomic_bool stop;
    unsigned n_singers;
    Singer singers[];
};

/* How often the guest's kernel gave the CPU to something else while this thread wanted it, or
 * slept. */
static long
own_switches(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* The index of what counts branch misses at all levels; -1: nothing does. */
static int
find_event(const Counters *counters)
{
    for (unsigned i = 0; i < counters_n_events(counters); i++)
        if (g_str_equal(counters_event_name(counters, i), EVENT) &&
            counters_event_errno(counters, i) == 0)
            return (int) i;
    return -1;
}

/* A handle of the page is one thread's; reading a PMU's group keeps no state. */
static bool
open_counters(Singer *singer, unsigned member)
{
    static const char *const events[] = { EVENT, NULL };
    const CounterTarget target = { .mode = PMU_MODE_SELF,
                                   .page = singer->page,
                                   .vcpu = (unsigned) singer->cpu };

    if (!singer->page)
        singer->counters = counter_set_at(singer->canary->set, member);
    else
        singer->counters = counters_open(COUNTER_SOURCE_EMULATED, &target, events, NULL);
    singer->event = singer->counters ? (unsigned) find_event(singer->counters) : 0;
    return singer->counters != NULL;
}

static void
wait_on_the_cpu(unsigned us)
{
    int64_t until_ns = clock_raw_ns() + us * 1000ll;

    while (clock_raw_ns() < until_ns)
        continue;
}

static void
train(const CanaryForm *form)
{
    for (unsigned i = 0; i < form->trainings; i++)
        canary_kernel_pass(form->words);
}

/* By what it was counted all the time, and did not begin anew. */
static bool
counted(const CounterReading *before, const CounterReading *after, unsigned event)
{
    uint64_t enabled_ns = after->enabled_ns - before->enabled_ns;

    return !after->restarted && after->values[event] >= before->values[event] && enabled_ns > 0 &&
           after->running_ns - before->running_ns == enabled_ns;
}

static void
keep(Singer *singer, uint64_t misses, int64_t took_ns)
{
    const uint64_t branches = (uint64_t) singer->canary->form.words * CANARY_ROUND_BRANCHES;

    if (!singer->fastest_counted_ns || took_ns < singer->fastest_counted_ns)
        singer->fastest_counted_ns = took_ns;
    /* An interrupt's branches are counted too: a burst is worth no more than itself. */
    singer->misses += MIN(misses, branches);
    singer->branches += branches;
    singer->gaps += took_ns > singer->fastest_counted_ns + GAP_NS;
    singer->kept++;
}

/*
 * The page is of up to some thousand instructions ago: straight code before each reading makes it
 * tell of the branches up to here and no others. A PMU needs none of it.
 */
static void
sing(Singer *singer)
{
    const CanaryForm *form = &singer->canary->form;
    const bool pad = singer->page != NULL;
    CounterReading before = { 0 }, after = { 0 };
    long switches = own_switches();
    int64_t begin_ns;
    bool ok;

    if (form->gap_us) {
        train(form);
        wait_on_the_cpu(form->gap_us);
    }
    begin_ns = clock_raw_ns();
    if (pad)
        canary_kernel_pad();
    ok = counters_read(singer->counters, &before, NULL);
    canary_kernel_pass(form->words);
    if (pad)
        canary_kernel_pad();
    ok = counters_read(singer->counters, &after, NULL) && ok;
    if (ok && counted(&before, &after, singer->event) && own_switches() == switches)
        keep(singer, after.values[singer->event] - before.values[singer->event],
             clock_raw_ns() - begin_ns);
    else
        singer->dropped++;
    if (!form->gap_us)
        train(form);
}

/* A quarter of it at random, so that bursts do not fall into step with anything. */
static int64_t
next_wait_ns(Singer *singer)
{
    int64_t period_ns = singer->canary->form.period_ms * NS_PER_MS;

    singer->random = singer->random * 1664525u + 1013904223u;
    return period_ns + period_ns / 4 * (singer->random >> 24) / 256 - period_ns / 8;
}

static void *
singer_run(void *data)
{
    Singer *singer = data;
    cpu_set_t own;

    CPU_ZERO(&own);
    CPU_SET(singer->cpu, &own);
    if (sched_setaffinity(0, sizeof own, &own) < 0)
        return NULL;
    realtime_first();
    while (!singer->canary->stop) {
        int64_t wait_ns = next_wait_ns(singer);
        struct timespec wait;

        sing(singer);
        wait = (struct timespec){ wait_ns / NS_PER_SECOND, wait_ns % NS_PER_SECOND };
        clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
    }
    return NULL;
}

/* A CPU whose page cannot be read stays silent. */
static void
start_singer(Canary *canary, unsigned member)
{
    Singer *singer = &canary->singers[member];

    singer->canary = canary;
    singer->cpu = counter_set_cpu(canary->set, member);
    singer->random = (uint32_t) singer->cpu;
    if (counters_source(counter_set_at(canary->set, member)) == COUNTER_SOURCE_EMULATED)
        singer->page = emulated_open_guest(canary->root, NULL);
    if (open_counters(singer, member))
        singer->thread = g_thread_new("canary", singer_run, singer);
}

Canary *
canary_start(const Sysroot *root, CounterSet *set, const CanaryForm *form)
{
    const unsigned n = counter_set_size(set);
    Canary *canary;

    if (find_event(counter_set_at(set, 0)) < 0 || counter_set_cpu(set, 0) < 0)
        return NULL;
    canary = g_malloc0(sizeof *canary + n * sizeof canary->singers[0]);
    canary->root = root;
    canary->set = set;
    canary->form = form ? *form : canary_form;
    canary->n_singers = n;
    for (unsigned i = 0; i < n; i++)
        start_singer(canary, i);
    return canary;
}

void
canary_stop(Canary *canary)
{
    if (!canary)
        return;

    canary->stop = true;
    for (unsigned i = 0; i < canary->n_singers; i++) {
        Singer *singer = &canary->singers[i];

        if (singer->thread)
            g_thread_join(singer->thread);
        if (singer->page)
            counters_close(singer->counters);
        emulated_close(singer->page);
    }
    g_free(canary);
}

static void
add(CanaryCounts *sum, const Singer *singer)
{
    sum->branches += singer->branches;
    sum->misses += singer->misses;
    sum->kept += singer->kept;
    sum->dropped += singer->dropped;
    sum->gaps += singer->gaps;
}

CanaryCounts
canary_counts(const Canary *canary, int cpu)
{
    CanaryCounts counts = { 0 };

    for (unsigned i = 0; canary && i < canary->n_singers; i++)
        if (canary->singers[i].cpu == cpu)
            add(&counts, &canary->singers[i]);
    return counts;
}

CanaryCounts
canary_total(const Canary *canary)
{
    CanaryCounts counts = { 0 };

    for (unsigned i = 0; canary && i < canary->n_singers; i++)
        add(&counts, &canary->singers[i]);
    return counts;
}
