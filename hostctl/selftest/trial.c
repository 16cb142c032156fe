/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/trial.h"

#include <math.h>

#include "common/base/clock.h"
#include "common/base/failure.h"

/* Long beside what else the guest does on the way to and from a loop. */
#define LOOP_NS (700 * NS_PER_MS)
#define TASTE_NS (50 * NS_PER_MS)
#define FIRST_ROUNDS (1u << 16)
#define MOST_ROUNDS (1u << 30)

/* Rules that are counted at the same time. */
typedef struct {
    unsigned rule[EVENT_MAX]; /* by the order of the events */
    const char *events[EVENT_MAX + 1];
    unsigned n;
} Group;

typedef struct {
    const TrialSubject *subject;
    TrialResult *result;
    uint32_t rounds[2]; /* by WireLoop */
} Trial;

static void
add_rule(const TrialSubject *subject, Group *group, unsigned rule)
{
    group->rule[group->n] = rule;
    group->events[group->n++] = subject->rules[rule].event;
    group->events[group->n] = NULL;
}

/* All together; or the first rule (cycles) with each of the others. */
static unsigned
make_groups(const TrialSubject *subject, Group *groups)
{
    unsigned n = 0;

    for (unsigned i = 0; i < subject->n_rules; i++) {
        if (subject->together) {
            add_rule(subject, &groups[0], i);
            n = 1;
        } else if (i > 0) {
            add_rule(subject, &groups[n], 0);
            add_rule(subject, &groups[n++], i);
        }
    }
    return n;
}

/* So many rounds that the loop lasts LOOP_NS. */
static bool
choose_rounds(Trial *trial, WireLoop loop, GError **error)
{
    const TrialSubject *subject = trial->subject;
    uint32_t rounds = FIRST_ROUNDS;
    TrialLoop taste;

    for (;; rounds *= 4) {
        if (!subject->loop(subject->context, loop, rounds, &taste, error))
            return false;
        if (taste.duration_ns >= TASTE_NS || rounds >= MOST_ROUNDS)
            break;
    }
    trial->rounds[loop] =
        (uint32_t) CLAMP((double) rounds * LOOP_NS / (double) MAX(taste.duration_ns, 1),
                         (double) FIRST_ROUNDS, (double) MOST_ROUNDS);
    return true;
}

static SelftestCount
count_of(const CounterReading *before, const CounterReading *after, unsigned event)
{
    Window window;

    window_between(before, after, NULL, &window);
    return (SelftestCount){ window.verdict, window.values[event] };
}

typedef enum { SEEN_ALONE, SEEN_WITH, SEEN_AFTER } Moment;

static void
keep_guest(Trial *trial, const Group *group, WireLoop loop, Moment moment, const TrialLoop *run)
{
    for (unsigned i = 0; i < group->n; i++) {
        unsigned rule = group->rule[i];
        SelftestFacts *facts = &trial->result->facts[rule];
        SelftestCount *counts[] = { &facts->alone, &facts->with, &facts->after };

        if ((trial->subject->rules[rule].loads ? WIRE_LOOP_OF_LOADS : WIRE_LOOP_OF_BRANCHES) !=
            loop)
            continue;
        facts->rounds = trial->rounds[loop];
        *counts[moment] = count_of(&run->before, &run->after, i);
    }
}

static void
keep_host(Trial *trial, const Group *group, WireLoop loop, const CounterReading *before,
          const CounterReading *after)
{
    for (unsigned i = 0; i < group->n; i++) {
        unsigned rule = group->rule[i];

        if ((trial->subject->rules[rule].loads ? WIRE_LOOP_OF_LOADS : WIRE_LOOP_OF_BRANCHES) ==
            loop)
            trial->result->facts[rule].host = count_of(before, after, i);
    }
}

/* One loop of each kind that a rule of the group wants. `host` NULL: the host does not count. */
static bool
run_loops(Trial *trial, const Group *group, Moment moment, Counters *host, GError **error)
{
    const TrialSubject *subject = trial->subject;

    for (int loop = WIRE_LOOP_OF_BRANCHES; loop <= WIRE_LOOP_OF_LOADS; loop++) {
        CounterReading before, after;
        TrialLoop run;

        if ((host && !counters_read(host, &before, error)) ||
            !subject->loop(subject->context, (WireLoop) loop, trial->rounds[loop], &run, error) ||
            (host && !counters_read(host, &after, error)))
            return false;
        keep_guest(trial, group, (WireLoop) loop, moment, &run);
        if (host)
            keep_host(trial, group, (WireLoop) loop, &before, &after);
    }
    return true;
}

static void
keep_host_problems(Trial *trial, const Group *group, const Counters *host)
{
    for (unsigned i = 0; i < group->n; i++) {
        SelftestFacts *facts = &trial->result->facts[group->rule[i]];

        facts->host_errno = counters_event_errno(host, i);
        if (facts->host_errno && !facts->problem)
            facts->problem = g_strdup(counters_problem(host));
    }
}

static bool
run_with_host(Trial *trial, const Group *group, GError **error)
{
    const TrialSubject *subject = trial->subject;
    CounterTarget target = subject->vcpu;
    g_autoptr(Counters) host = NULL;

    target.mode = PMU_MODE_GUEST;
    if (!trial->result->mediated) {
        host = counters_open(subject->source, &target, group->events, error);
        if (!host)
            return false;
        keep_host_problems(trial, group, host);
    }
    return run_loops(trial, group, SEEN_WITH, host, error);
}

static bool
arm(Trial *trial, const Group *group, GError **error)
{
    int errnos[EVENT_MAX] = { 0 };

    if (!trial->subject->arm(trial->subject->context, group->events, errnos, error))
        return false;
    for (unsigned i = 0; i < group->n; i++)
        trial->result->facts[group->rule[i]].guest_errno = errnos[i];
    return true;
}

static bool
run_group(Trial *trial, const Group *group, GError **error)
{
    return arm(trial, group, error) && run_loops(trial, group, SEEN_ALONE, NULL, error) &&
           run_with_host(trial, group, error) && run_loops(trial, group, SEEN_AFTER, NULL, error);
}

/* While nothing else counts on the host: that it can count host mode at all. */
static bool
look_at_host_mode(Trial *trial, GError **error)
{
    static const char *const cycles[] = { "cycles", NULL };
    const TrialSubject *subject = trial->subject;
    CounterTarget target = subject->vcpu;
    g_autoptr(GError) problem = NULL;
    g_autoptr(Counters) host = NULL;
    CounterReading before, after;
    SelftestCount count;
    TrialLoop run;

    if (subject->source != COUNTER_SOURCE_HARDWARE)
        return true;
    target.mode = PMU_MODE_HOST;
    host = counters_open(subject->source, &target, cycles, &problem);
    if (!host) {
        trial->result->host_mode_problem = g_strdup(problem->message);
        return true;
    }
    if (!counters_read(host, &before, error) ||
        !subject->loop(subject->context, WIRE_LOOP_OF_BRANCHES,
                       trial->rounds[WIRE_LOOP_OF_BRANCHES], &run, error) ||
        !counters_read(host, &after, error))
        return false;
    count = count_of(&before, &after, 0);
    trial->result->host_mode_counts = count.count > 0;
    if (!trial->result->host_mode_counts)
        trial->result->host_mode_problem = g_strdup_printf(
            "cycles:H is open and counts nothing (%s)", window_verdict_name(count.verdict));
    return true;
}

static void
forget_all(Trial *trial)
{
    const SelftestCount none = { WINDOW_INVALID, NAN };

    for (size_t i = 0; i < trial->subject->n_rules; i++)
        trial->result->facts[i] = (SelftestFacts){
            .alone = none,
            .with = none,
            .after = none,
            .host = none,
            .mediated = trial->result->mediated,
            .one_page = trial->subject->source == COUNTER_SOURCE_EMULATED,
        };
}

bool
trial_run(const TrialSubject *subject, TrialResult *ret_result, GError **error)
{
    Trial trial = { .subject = subject, .result = ret_result };
    Group groups[EVENT_MAX] = { 0 };
    unsigned n = make_groups(subject, groups);

    ret_result->mediated = subject->source == COUNTER_SOURCE_HARDWARE &&
                           counters_guest_mode_refused(&subject->vcpu.pmu);
    forget_all(&trial);
    if (!arm(&trial, &groups[0], error) || !choose_rounds(&trial, WIRE_LOOP_OF_BRANCHES, error) ||
        !choose_rounds(&trial, WIRE_LOOP_OF_LOADS, error) || !look_at_host_mode(&trial, error))
        return false;
    for (unsigned i = 0; i < n; i++)
        if (!run_group(&trial, &groups[i], error))
            return false;
    return true;
}

void
trial_result_clear(TrialResult *result)
{
    for (size_t i = 0; i < EVENT_MAX; i++)
        g_clear_pointer(&result->facts[i].problem, g_free);
    g_clear_pointer(&result->host_mode_problem, g_free);
}
