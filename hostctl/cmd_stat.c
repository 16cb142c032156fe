/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/option_parse.h"
#include "common/base/pace.h"
#include "common/pmu/stat_print.h"
#include "hostctl/command.h"
#include "hostctl/exits/exits.h"
#include "hostctl/stat/stat_setup.h"
#include "hostctl/stat/stat_watch.h"

#define INTERVAL_MS_MIN 10
#define INTERVAL_MS_MAX (24 * 3600 * 1000)
#define LOOK_NS NS_PER_SECOND

typedef struct {
    StatStyle style;
    bool json;
    int64_t interval_ns; /* INT64_MAX / 4: one window at the end */
    int64_t duration_ns; /* INT64_MAX / 4: until a signal comes */
    FILE *out;
} Output;

static void
print_window(const StatWindow *window, void *data)
{
    const Output *output = data;

    if (output->json)
        stat_print_json(output->out, window, &output->style);
    else if (output->style.separator)
        stat_print_csv(output->out, window, &output->style);
    else
        stat_print_table(output->out, window, &output->style);
}

static void
print_notes(StatWatch *watch)
{
    g_autofree char *notes = stat_watch_take_notes(watch);
    g_auto(GStrv) lines = g_strsplit(notes ? notes : "", "\n", -1);

    if (*lines)
        pace_end();
    for (char **line = lines; *line; line++)
        if (**line)
            fprintf(stderr, "# hostctl stat: %s\n", *line);
}

static bool
print_all(StatWatch *watch, Output *output, GError **error)
{
    pace_end();
    if (!stat_watch_print(watch, print_window, output, error))
        return false;
    if (fflush(output->out) != 0)
        return failure_set_errno(error, errno, "writing the counts");
    return true;
}

/* A signal ends the counting, as with perf: what was counted so far is printed. */
static bool
wait_and_look(const CommandContext *context, StatWatch *watch, int64_t until_ns, int64_t *look_ns,
              bool *ret_stop, GError **error)
{
    while (clock_raw_ns() < until_ns) {
        if (*look_ns < until_ns && until_ns < INT64_MAX / 8)
            pace_until("counting", until_ns);
        if (!interrupt_sleep_until(context->interrupt, MIN(until_ns, *look_ns), NULL)) {
            *ret_stop = true;
            return true;
        }
        if (clock_raw_ns() < *look_ns)
            continue;
        if (!stat_watch_look(watch, error))
            return false;
        print_notes(watch);
        *look_ns = clock_raw_ns() + LOOK_NS;
    }
    return true;
}

static bool
count(const CommandContext *context, StatWatch *watch, Output *output, GError **error)
{
    int64_t begin_ns = stat_watch_begin_ns(watch);
    int64_t end_ns = begin_ns + output->duration_ns;
    int64_t due_ns = begin_ns, look_ns = begin_ns + LOOK_NS;
    bool stop = false;

    if (!output->json && !output->style.separator)
        stat_print_table_head(output->out, true);
    /* We always wait, also when late: that is where a signal is heard. */
    while (!stop && due_ns < end_ns) {
        due_ns = MIN(clock_next_due(due_ns, output->interval_ns), end_ns);
        if (!wait_and_look(context, watch, due_ns, &look_ns, &stop, error) ||
            !print_all(watch, output, error))
            return false;
    }
    return true;
}

static bool
set_times(Output *output, int interval_ms, double seconds, GError **error)
{
    if (interval_ms != 0 && (interval_ms < INTERVAL_MS_MIN || interval_ms > INTERVAL_MS_MAX))
        return failure_set(error, FAILURE_USAGE, "-I %d: an interval has %d ms to a day",
                           interval_ms, INTERVAL_MS_MIN);
    if (seconds < 0)
        return failure_set(error, FAILURE_USAGE, "--for %g: no time to count", seconds);
    output->style.with_time = interval_ms > 0;
    output->interval_ns = interval_ms ? interval_ms * NS_PER_MS : INT64_MAX / 4;
    output->duration_ns = seconds > 0 ? (int64_t) (seconds * 1e9) : INT64_MAX / 4;
    return true;
}

/* What cannot be told is said, and everything else is counted. */
static Exits *
open_exits(const CommandContext *context, const Output *output)
{
    g_autoptr(GError) problem = NULL;
    Exits *exits = NULL;

    if (output->style.with_exits && !exits_open(context->root, &exits_place_kvm, &exits, &problem))
        fprintf(stderr, "# hostctl stat: VM exits are not told: %s\n", problem->message);
    return exits;
}

static bool
run(const CommandContext *context, const StatEvents *events, const char *const *domains,
    Output *output, GError **error)
{
    g_autoptr(Exits) exits = NULL;
    g_autoptr(StatWatch) watch = NULL;
    g_autofree char *note = NULL;
    PmuCapacity capacity;
    StatSetup setup;

    if (!sysroot_is_live(context->root))
        return failure_set(error, FAILURE_USAGE, "counting needs the machine itself: no --root");
    if (!stat_setup_read(context->root, events, &setup, error))
        return false;
    exits = open_exits(context, output);
    setup.exits = exits;
    setup.wants_exits = output->style.with_exits;
    watch = stat_watch_new(&setup, domains, error);
    if (!watch)
        return false;
    note = pmu_capacity_of_this_cpu(&capacity) ? stat_setup_budget_note(&setup, &capacity) : NULL;
    if (note)
        fprintf(stderr, "# hostctl stat: %s\n", note);
    if (stat_watch_vcpus(watch) == 0)
        fprintf(stderr, "# hostctl stat: no guest runs yet\n");
    print_notes(watch);
    return count(context, watch, output, error);
}

static bool
open_output(Output *output, const char *path, GError **error)
{
    output->out = path ? fopen(path, "we") : stdout;
    return output->out || failure_set_errno(error, errno, "%s", path);
}

static bool
close_output(Output *output, const char *path, GError **error)
{
    if (!path || fclose(output->out) == 0)
        return true;
    return failure_set_errno(error, errno, "%s", path);
}

/* perf's users write "-x," and "-I1000" in one word, which GOption does not know. */
static char **
split_short_options(int argc, char **argv, int *ret_argc)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    char **split;

    for (int i = 0; i < argc; i++) {
        bool joined = argv[i][0] == '-' && argv[i][1] && strchr("xIeo", argv[i][1]) && argv[i][2];
        g_autofree char *option = joined ? g_strndup(argv[i], 2) : NULL;

        if (joined)
            g_strv_builder_add_many(words, option, argv[i] + 2, NULL);
        else
            g_strv_builder_add(words, argv[i]);
    }
    split = g_strv_builder_end(words);
    *ret_argc = (int) g_strv_length(split);
    return split;
}

bool
cmd_stat(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(GStrv) words = split_short_options(argc, argv, &argc);
    g_auto(GStrv) lists = NULL;
    g_autofree char *separator = NULL;
    g_autofree char *path = NULL;
    g_autofree char *perf = g_strdup("6.1");
    gboolean json = FALSE, exits = FALSE;
    int interval_ms = 0;
    double seconds = 0;
    const GOptionEntry entries[] = {
        { "event", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &lists,
          "Count these: cycles (both modes, apart), cycles:G, cycles:H, task-clock, …", "LIST" },
        { "interval-print", 'I', 0, G_OPTION_ARG_INT, &interval_ms, "A window each MS", "MS" },
        { "exits", 0, 0, G_OPTION_ARG_NONE, &exits, "VM exits by reason: how often, how long",
          NULL },
        { "for", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "End after so many seconds", "SECONDS" },
        { "field-separator", 'x', 0, G_OPTION_ARG_STRING, &separator, "CSV as perf stat's", "SEP" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "JSON lines as perf stat's", NULL },
        { "as-perf", 0, 0, G_OPTION_ARG_STRING, &perf, "… of perf 6.1 (default) or 7.1",
          "VERSION" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path, "Into FILE", "FILE" },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options =
        g_option_context_new("[DOMAIN…] — count what the vCPUs of guests do");
    g_autoptr(StatEvents) events = NULL;
    Output output = { 0 };
    bool counted;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!option_parse_strv(options, &words, error) ||
        !set_times(&output, interval_ms, seconds, error) ||
        !stat_perf_parse(perf, &output.style.perf, error))
        return false;
    if (json && separator)
        return failure_set(error, FAILURE_USAGE, "either -x or -j");
    if (separator && !*separator)
        return failure_set(error, FAILURE_USAGE, "-x wants a separator");
    output.json = json;
    output.style.with_exits = exits;
    output.style.separator = separator;
    events = stat_events_parse((const char *const *) lists, error);
    if (!events || !open_output(&output, path, error))
        return false;

    counted = run(context, events, (const char *const *) words + 1, &output, error);
    return close_output(&output, path, counted ? error : NULL) && counted;
}
