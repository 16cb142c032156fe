/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/stat_session.h"

#include <math.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/pmu/window.h"
#include "guestprobe/guest_facts.h"

struct StatSession {
    CounterSet *set;
    CpuTimesReader *times;
    bool is_command;
    int witness; /* index of cycles or instructions of the PMU; -1: none */
    GString *note;

    int64_t begin_ns, last_ns, last_busy_ns;
    CounterReading last;
    StatRowText texts[EVENT_MAX];
};

static Counters *
first_counters(const StatSession *session)
{
    return counter_set_at(session->set, 0);
}

/* What a guest's PMU cannot count as 0 while the guest works. */
static int
find_witness(const StatSession *session)
{
    static const char *const moving[] = { "cycles", "instructions" };
    const Counters *counters = first_counters(session);

    if (counters_source(counters) != COUNTER_SOURCE_HARDWARE)
        return -1;
    for (size_t m = 0; m < G_N_ELEMENTS(moving); m++)
        for (unsigned i = 0; i < counters_n_events(counters); i++) {
            const Event *event = counters_event(counters, i);

            if (event && g_str_equal(event->name, moving[m]) &&
                counters_event_errno(counters, i) == 0)
                return (int) i;
        }
    return -1;
}

/* The kernel composes all of /proc/stat for whoever wants a line of it: only where it is needed. */
static bool
needs_busy_time(const StatSession *session)
{
    return session->witness >= 0 && !session->is_command;
}

static bool
open_set(StatSession *session, const Sysroot *root, CounterSource source, const char *const *events,
         pid_t command, const PmuKernel *kernel, GError **error)
{
    g_autoptr(GError) not_alone = NULL;
    cpu_set_t cpus;

    if (command) {
        session->set = counter_set_open_command(source, root, command, events, &not_alone);
        session->is_command = session->set != NULL;
        if (session->set)
            return true;
        if (!g_error_matches(not_alone, FAILURE, FAILURE_UNSUPPORTED)) {
            g_propagate_error(error, g_steal_pointer(&not_alone));
            return false;
        }
    }
    if (!guest_cpus(root, &cpus, error))
        return false;
    session->set = counter_set_open(source, root, &cpus, events, kernel, error);
    return session->set != NULL;
}

static void
make_note(StatSession *session, bool wanted_command)
{
    const Counters *counters = first_counters(session);
    CounterSource source = counters_source(counters);

    if (source == COUNTER_SOURCE_EMULATED ||
        (source == COUNTER_SOURCE_SOFTWARE && *counters_problem(counters)))
        g_string_append_printf(session->note, "%s counters", counter_source_name(source));
    if (wanted_command && !session->is_command)
        g_string_append(session->note, ", which count the whole guest, not the command alone");
    if (*counters_problem(counters))
        g_string_append_printf(session->note, "%snot counted: %s", session->note->len ? "; " : "",
                               counters_problem(counters));
}

StatSession *
stat_session_open(const Sysroot *root, CounterSource source, const char *const *events,
                  pid_t command, const PmuKernel *kernel, GError **error)
{
    g_autoptr(StatSession) session = g_new0(StatSession, 1);
    cpu_set_t cpus;

    session->note = g_string_new(NULL);
    if (!guest_cpus(root, &cpus, error))
        return NULL;
    session->times = cpu_times_open(root, &cpus, error);
    if (!session->times || !open_set(session, root, source, events, command, kernel, error))
        return NULL;
    session->witness = find_witness(session);
    make_note(session, command != 0);

    if (!cpu_times_update(session->times, error) ||
        !counter_set_read_sum(session->set, &session->last, error))
        return NULL;
    session->last_busy_ns = cpu_times_total(session->times).busy_ns;
    session->begin_ns = session->last_ns = clock_raw_ns();
    return g_steal_pointer(&session);
}

void
stat_session_close(StatSession *session)
{
    if (!session)
        return;

    counter_set_close(session->set);
    cpu_times_close(session->times);
    g_string_free(session->note, TRUE);
    g_free(session);
}

bool
stat_session_cpu_times(StatSession *session, CpuTimes *ret_times, GError **error)
{
    if (!needs_busy_time(session) && !cpu_times_update(session->times, error))
        return false;
    *ret_times = cpu_times_total(session->times);
    return true;
}

CounterSource
stat_session_source(const StatSession *session)
{
    return counters_source(first_counters(session));
}

const char *
stat_session_note(const StatSession *session)
{
    return session->note->str;
}

static void
fill_rows(StatSession *session, const Window *window, StatWindow *out)
{
    const Counters *counters = first_counters(session);

    out->n_rows = window->n_values;
    for (unsigned i = 0; i < window->n_values; i++) {
        bool supported = counters_event_errno(counters, i) == 0;
        /* A task that had no CPU in the window is "not counted" in perf's words, not 0. */
        bool counted = supported && window->running_ns > 0;

        out->rows[i] = (StatRow){ .name = counters_event_name(counters, i),
                                  .event = counters_event(counters, i),
                                  .source = counter_source_name(counters_source(counters)),
                                  .is_time = stat_is_time(counters_event(counters, i)),
                                  .text = &session->texts[i],
                                  .supported = supported,
                                  .value = counted ? window->values[i] : NAN,
                                  .enabled_ns = supported ? window->enabled_ns : 0,
                                  .running_ns = supported ? window->running_ns : 0 };
    }
}

bool
stat_session_next(StatSession *session, StatWindow *ret_window, GError **error)
{
    WindowWitness witness = { .event = (unsigned) session->witness };
    CounterReading now;
    Window window;
    int64_t now_ns, busy_ns;

    if (!counter_set_read_sum(session->set, &now, error) ||
        (needs_busy_time(session) && !cpu_times_update(session->times, error)))
        return false;
    now_ns = clock_raw_ns();
    busy_ns = cpu_times_total(session->times).busy_ns;
    /* A task's own time on a CPU is known from its counters; a CPU's is not. */
    witness.busy_ns = session->is_command ? (int64_t) (now.enabled_ns - session->last.enabled_ns)
                                          : busy_ns - session->last_busy_ns;

    window_between(&session->last, &now, session->witness < 0 ? NULL : &witness, &window);
    if (window.verdict == WINDOW_INVALID && !counter_set_rearm(session->set, error))
        return false;
    /* Written in place: a window is too large to be cleared each time. */
    ret_window->thread = ret_window->domain = NULL;
    ret_window->vcpu = 0;
    ret_window->verdict = NULL;
    ret_window->end_ns = now_ns - session->begin_ns;
    ret_window->elapsed_ns = now_ns - session->last_ns;
    fill_rows(session, &window, ret_window);
    stat_window_add_metrics(ret_window);
    session->last = now;
    session->last_ns = now_ns;
    session->last_busy_ns = busy_ns;
    return true;
}
