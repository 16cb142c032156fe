/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/option_parse.h"
#include "common/base/pace.h"
#include "hostctl/collect/kvm_pmu.h"
#include "hostctl/command.h"
#include "hostctl/record/recorder.h"

#define INTERVAL_MS_MIN 100
#define INTERVAL_MS_MAX (3600 * 1000)
#define MAX_MIB_LEAST 4
#define HYBRID_PMU "sys/bus/event_source/devices/cpu_core"
#define CORE_PMU "sys/bus/event_source/devices/cpu"

static const char *const default_events[] = { "cycles",        "instructions", "branches",
                                              "branch-misses", "cache-misses", NULL };

static void
say(const char *line)
{
    pace_end();
    fprintf(stderr, "# hostctl record: %s\n", line);
}

/* What can be counted here and now; a node without a PMU still records who waited. */
static bool
choose_source(const Sysroot *root, const char *name, CounterSource *ret_source, GError **error)
{
    g_autoptr(GPtrArray) processes = NULL;

    if (!counter_source_parse(name, ret_source, error))
        return false;
    if (*ret_source != COUNTER_SOURCE_AUTO)
        return true;
    if (!qemu_process_list(root, &processes, error))
        return false;
    *ret_source = sysroot_exists(root, CORE_PMU) && !sysroot_exists(root, HYBRID_PMU)
                      ? COUNTER_SOURCE_HARDWARE
                      : COUNTER_SOURCE_SOFTWARE;
    for (guint i = 0; i < processes->len; i++)
        if (((const QemuProcess *) processes->pdata[i])->counter_page)
            *ret_source = COUNTER_SOURCE_EMULATED;
    return true;
}

static bool
check_events(char **events, GError **error)
{
    guint n = g_strv_length(events);

    if (n == 0 || n > EVENT_MAX)
        return failure_set(error, FAILURE_USAGE, "-e: %u events (want 1 to %d)", n, EVENT_MAX);
    for (char **event = events; *event; event++) {
        PmuEvent encoded;

        if (!pmu_event_encode(*event, PMU_MODE_GUEST, &encoded, error))
            return false;
    }
    return true;
}

/* A name that nobody has yet may come; a slip of the pen should be seen all the same. */
static void
tell_missing(const Sysroot *root, const char *const *domains)
{
    for (; *domains; domains++) {
        g_autoptr(QemuProcess) process = NULL;
        g_autoptr(GError) problem = NULL;
        g_autofree char *line = NULL;

        if (qemu_process_find(root, *domains, &process, &problem))
            continue;
        line = g_strdup_printf("%s; recorded as soon as it runs", problem->message);
        say(line);
    }
}

static void
print_cost(const Recorder *recorder, const char *output)
{
    RecorderCost cost = recorder_cost(recorder);
    double ticks = (double) MAX(cost.ticks, 1), vcpus = (double) MAX(cost.vcpu_ticks, 1);

    fprintf(stderr,
            "# hostctl record: %s: %" G_GUINT64_FORMAT " ticks in %" G_GINT64_FORMAT
            " s, %" G_GUINT64_FORMAT " late; %.2f ms CPU a tick; %.2f MiB, %.0f bytes a vCPU and "
            "tick\n",
            output, cost.ticks, cost.seconds, cost.late, (double) cost.cpu_ns / ticks / 1e6,
            (double) cost.disk_bytes / (1 << 20), (double) cost.disk_bytes / vcpus);
}

static bool
record(const CommandContext *context, const RecorderOptions *options, RecordSetup *setup,
       bool with_exits, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(Exits) exits = NULL;
    g_autoptr(Recorder) recorder = NULL;
    g_autofree char *why = NULL;

    /* What cannot be told is said, and everything else is recorded. */
    if (with_exits && !exits_open(context->root, &exits_place_kvm, &exits, &problem))
        setup->exits_problem = problem->message;
    setup->exits = exits;
    tell_missing(context->root, options->domains);
    recorder = recorder_new(options, setup, error);
    if (!recorder)
        return false;
    fprintf(stderr, "# hostctl record: %u guests, %u vCPUs, every %.4g s into %s, counters %s\n",
            recorder_guests(recorder), recorder_vcpus(recorder),
            (double) options->interval_ns / NS_PER_SECOND, options->output,
            counter_source_name(setup->source));
    if (!recorder_run(recorder, context->interrupt, &why, error))
        return false;
    pace_end();
    if (why)
        say(why);
    print_cost(recorder, options->output);
    return true;
}

typedef struct {
    char *output, *list, *source;
    gboolean replace, ring, no_exits;
    int interval_ms, max_mib;
    double seconds;
} Words;

static bool
check_words(const Words *words, GError **error)
{
    if (!words->output)
        return failure_set(error, FAILURE_USAGE, "want -o FILE for the dataset");
    if (words->interval_ms < INTERVAL_MS_MIN || words->interval_ms > INTERVAL_MS_MAX)
        return failure_set(error, FAILURE_USAGE, "-I %d: an interval has %d ms to an hour",
                           words->interval_ms, INTERVAL_MS_MIN);
    if (words->seconds < 0)
        return failure_set(error, FAILURE_USAGE, "--for %g: no time to record", words->seconds);
    if (words->max_mib < MAX_MIB_LEAST)
        return failure_set(error, FAILURE_USAGE, "--max-mib %d: want at least %d", words->max_mib,
                           MAX_MIB_LEAST);
    return true;
}

static bool
record_words(const CommandContext *context, const Words *words, char **domains, GError **error)
{
    g_auto(GStrv) events = words->list ? g_strsplit(words->list, ",", -1) : NULL;
    RecordSetup setup = {
        .root = context->root,
        .no_guest_mode = kvm_pmu_is_mediated(context->root),
        .events = events ? (const char *const *) events : default_events,
    };
    const RecorderOptions options = {
        .output = words->output,
        .replace = words->replace,
        .domains = (const char *const *) domains,
        .interval_ns = words->interval_ms * NS_PER_MS,
        .duration_ns = words->seconds > 0 ? (int64_t) (words->seconds * 1e9) : INT64_MAX / 4,
        .max_bytes = (uint64_t) words->max_mib << 20,
        .ring = words->ring,
        .say = say,
    };

    if (!sysroot_is_live(context->root))
        return failure_set(error, FAILURE_USAGE, "recording needs the machine itself: no --root");
    return (!events || check_events(events, error)) &&
           choose_source(context->root, words->source ? words->source : "auto", &setup.source,
                         error) &&
           record(context, &options, &setup, !words->no_exits, error);
}

bool
cmd_record(const CommandContext *context, int argc, char **argv, GError **error)
{
    Words words = { .interval_ms = 1000, .max_mib = 1024 };
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &words.output, "Write the dataset to FILE",
          "FILE" },
        { "replace", 0, 0, G_OPTION_ARG_NONE, &words.replace, "Overwrite an existing dataset",
          NULL },
        { "interval", 'I', 0, G_OPTION_ARG_INT, &words.interval_ms,
          "A sample each MS (default 1000)", "MS" },
        { "for", 0, 0, G_OPTION_ARG_DOUBLE, &words.seconds, "End after so many seconds",
          "SECONDS" },
        { "max-mib", 0, 0, G_OPTION_ARG_INT, &words.max_mib,
          "Take no more than MIB of the disk (default 1024)", "MIB" },
        { "ring", 0, 0, G_OPTION_ARG_NONE, &words.ring,
          "At that bound forget the oldest and go on, not end", NULL },
        { "event", 'e', 0, G_OPTION_ARG_STRING, &words.list,
          "Count these, in guest and in host mode, apart", "LIST" },
        { "no-exits", 0, 0, G_OPTION_ARG_NONE, &words.no_exits,
          "Leave out why vCPUs left their guests", NULL },
        { "counters", 0, 0, G_OPTION_ARG_STRING, &words.source,
          "auto (default), hardware, emulated; software: run and wait times only", "SOURCE" },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options =
        g_option_context_new("[DOMAIN…] — record what the host sees of guests, changing nothing");
    bool recorded;

    g_option_context_add_main_entries(options, entries, NULL);
    recorded = option_parse(options, &argc, &argv, error) && check_words(&words, error) &&
               record_words(context, &words, argv + 1, error);
    g_free(words.output);
    g_free(words.list);
    g_free(words.source);
    return recorded;
}
