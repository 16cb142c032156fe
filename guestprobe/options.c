/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/options.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/option_parse.h"
#include "common/base/text.h"
#include "common/estimate/estimator.h"
#include "guestprobe/textfile.h"

#define DEFAULT_EVENTS \
    "task-clock,context-switches,cycles,instructions,branches,branch-misses,cache-misses"
#define INTERVAL_MIN_MS 10
#define INTERVAL_MAX_MS (24 * 3600 * 1000)

/* As typed, before it is checked. */
typedef struct {
    gboolean help, version, facts, agent, all_cpus, json, may_power_off;
    char **events;
    char *source, *interval, *for_seconds, *separator, *output, *textfile, *port, *work;
    char *judge, *from, *estimator, *cpu_model, *load;
} Typed;

/* G_OPTION_ARG_… names are long; these are the two kinds that we have. */
#define FLAG(long_name, letter, member, text)                               \
    {                                                                       \
        long_name, letter, 0, G_OPTION_ARG_NONE, &typed->member, text, NULL \
    }
#define VALUE(long_name, letter, member, text, value_name)                          \
    {                                                                               \
        long_name, letter, 0, G_OPTION_ARG_STRING, &typed->member, text, value_name \
    }
#define LIST(long_name, letter, member, text, value_name)                                 \
    {                                                                                     \
        long_name, letter, 0, G_OPTION_ARG_STRING_ARRAY, &typed->member, text, value_name \
    }

#define MAX_ENTRIES 8

/* One list for parsing and for the help. */
typedef struct {
    const char *title;
    GOptionEntry entries[MAX_ENTRIES];
} Section;
#define N_SECTIONS 5

static void
make_sections(Typed *typed, Section *ret_sections)
{
    const Section sections[N_SECTIONS] = {
        { "What is counted",
          { LIST("event", 'e', events, "events, as perf names them; may be repeated", "LIST"),
            FLAG("all-cpus", 'a', all_cpus, "the whole guest (without a command always)"),
            VALUE("source", 0, source, "auto, hardware, emulated or software", "SOURCE"),
            VALUE("interval-print", 'I', interval, "a window each MS milliseconds", "MS"),
            VALUE("for", 0, for_seconds, "end after so many seconds", "SECONDS"),
            { NULL } } },
        { "How it is printed",
          { VALUE("field-separator", 'x', separator, "CSV as perf stat -x prints it", "SEP"),
            FLAG("json-output", 'j', json, "JSON as perf stat -j prints it"),
            VALUE("output", 'o', output, "into FILE", "FILE"),
            VALUE("textfile", 0, textfile, "metrics for node_exporter, into FILE.prom", "FILE"),
            { NULL } } },
        { "Whether the host is overcommitted",
          { VALUE("judge", 0, judge, "a verdict of each window, by what correlate learn wrote",
                  "THRESHOLDS"),
            VALUE("from", 0, from, "of the windows in FILE, which perf stat printed", "FILE"),
            VALUE("estimator", 0, estimator, "judge by this one alone", "NAME"),
            VALUE("cpu-model", 0, cpu_model, "of the host, where the guest is not told", "TEXT"),
            VALUE("load", 0, load, "what runs in the guest, as one line", "COMMAND"),
            { NULL } } },
        { "As hostctl's agent in a guest",
          { FLAG("agent", 0, agent, "serve hostctl over a virtio-serial port"),
            VALUE("port", 0, port, "the port's device (else it is looked for)", "PATH"),
            FLAG("may-power-off", 0, may_power_off, "power the guest off when the host says BYE"),
            { NULL } } },
        { "Else",
          { VALUE("work", 0, work, "make load: cpu, memory, disk or network", "KIND"),
            FLAG("facts", 0, facts, "print what this guest is, as JSON"),
            FLAG("version", 0, version, "print the version"),
            FLAG("help", 'h', help, "print this"),
            { NULL } } },
    };

    memcpy(ret_sections, sections, sizeof sections);
}

void
options_print_help(FILE *out)
{
    Typed unused;
    Section sections[N_SECTIONS];

    make_sections(&unused, sections);
    fputs("Usage: guestprobe [OPTION…] [--] [COMMAND [ARGUMENT…]]\n"
          "\n"
          "Counts what this guest does, as perf stat does: a command, or the whole guest until\n"
          "Ctrl-C. Counters come from the guest's PMU, else from insideout's emulated page, else\n"
          "from the kernel's software events.\n",
          out);
    for (int s = 0; s < N_SECTIONS; s++) {
        fprintf(out, "\n%s:\n", sections[s].title);
        for (const GOptionEntry *entry = sections[s].entries; entry->long_name; entry++) {
            g_autofree char *name =
                g_strconcat("--", entry->long_name, entry->arg_description ? "=" : "",
                            entry->arg_description, NULL);

            if (entry->short_name)
                fprintf(out, "  -%c, %-24s %s\n", entry->short_name, name, entry->description);
            else
                fprintf(out, "      %-24s %s\n", name, entry->description);
        }
    }
    fputs(
        "\n"
        "Without -I there is one window, printed at the end; with --textfile one each 15 s. "
        "Output\n"
        "goes to standard output, with a command to standard error, as perf's does. The exit code\n"
        "is the command's; 1 when something failed, 2 for wrong usage, with --judge 3 when at "
        "least\n"
        "half of the windows that have a verdict are overcommitted.\n"
        "\n"
        "Examples:\n"
        "  guestprobe -I 1000 -x, -e cycles,instructions,branch-misses,cache-misses\n"
        "  guestprobe -I 1000 -j --for 60 -o windows.json\n"
        "  guestprobe -e cycles,branch-misses -- stress -c 1 -t 10\n"
        "  guestprobe --textfile /var/lib/prometheus/node-exporter/guest.prom\n"
        "  guestprobe --judge thresholds.json -I 1000 --for 60\n"
        "  guestprobe --agent\n",
        out);
}

static const GOptionEntry *
find_short(const Section *sections, char letter)
{
    for (int s = 0; s < N_SECTIONS; s++)
        for (const GOptionEntry *entry = sections[s].entries; entry->long_name; entry++)
            if (entry->short_name == letter)
                return entry;
    return NULL;
}

static const GOptionEntry *
find_long(const Section *sections, const char *name)
{
    for (int s = 0; s < N_SECTIONS; s++)
        for (const GOptionEntry *entry = sections[s].entries; entry->long_name; entry++)
            if (g_str_equal(entry->long_name, name))
                return entry;
    return NULL;
}

static bool
takes_value(const GOptionEntry *entry)
{
    return entry && entry->arg != G_OPTION_ARG_NONE;
}

/* GLib does not know "-x," and "-I1000", which everybody writes for perf: they are taken apart. */
static char **
split_attached(const Section *sections, int argc, char **argv)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    int i;

    g_ptr_array_add(out, g_strdup(argv[0]));
    for (i = 1; i < argc && argv[i][0] == '-' && !g_str_equal(argv[i], "--"); i++) {
        const char *arg = argv[i];
        bool is_long = arg[1] == '-';
        const GOptionEntry *entry =
            is_long ? find_long(sections, arg + 2) : find_short(sections, arg[1]);

        if (!is_long && takes_value(entry) && arg[2]) {
            g_ptr_array_add(out, g_strndup(arg, 2));
            g_ptr_array_add(out, g_strdup(arg + 2));
            continue;
        }
        g_ptr_array_add(out, g_strdup(arg));
        if (takes_value(entry) && i + 1 < argc)
            g_ptr_array_add(out, g_strdup(argv[++i]));
    }
    for (; i < argc; i++)
        g_ptr_array_add(out, g_strdup(argv[i]));
    g_ptr_array_add(out, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

static void
typed_clear(Typed *typed)
{
    g_strfreev(typed->events);
    g_free(typed->source);
    g_free(typed->interval);
    g_free(typed->for_seconds);
    g_free(typed->separator);
    g_free(typed->output);
    g_free(typed->textfile);
    g_free(typed->port);
    g_free(typed->work);
    g_free(typed->judge);
    g_free(typed->from);
    g_free(typed->estimator);
    g_free(typed->cpu_model);
    g_free(typed->load);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Typed, typed_clear)

static bool
parse_events(char **lists, char ***ret_events, GError **error)
{
    g_autofree char *joined = lists ? g_strjoinv(",", lists) : g_strdup(DEFAULT_EVENTS);
    g_auto(GStrv) events = g_strsplit(joined, ",", -1);

    if (strpbrk(joined, "{}"))
        return failure_set(
            error, FAILURE_USAGE,
            "-e “%s”: guestprobe counts all events as one group; leave the braces out", joined);
    if (g_strv_length(events) > EVENT_MAX)
        return failure_set(error, FAILURE_USAGE, "-e: more than %d events", EVENT_MAX);

    *ret_events = g_steal_pointer(&events);
    return true;
}

static bool
parse_interval(const char *text, int *ret_ms, GError **error)
{
    uint64_t ms = 0;

    if (text && (!text_to_u64(text, &ms, NULL) || ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS))
        return failure_set(error, FAILURE_USAGE, "-I “%s”: want milliseconds, %d to %d", text,
                           INTERVAL_MIN_MS, INTERVAL_MAX_MS);
    *ret_ms = (int) ms;
    return true;
}

static bool
parse_seconds(const char *text, double *ret_seconds, GError **error)
{
    double seconds = 0;

    if (text && (!text_to_double(text, &seconds, NULL) || seconds <= 0 || seconds > 1e6))
        return failure_set(error, FAILURE_USAGE, "--for “%s”: want seconds, more than 0", text);
    *ret_seconds = seconds;
    return true;
}

static bool
check_textfile(const Typed *typed, char **command, GError **error)
{
    if (!typed->textfile)
        return true;
    if (typed->separator || typed->json || typed->output || command[0])
        return failure_set(error, FAILURE_USAGE,
                           "--textfile is for the whole guest and has a format of its own: no -x, "
                           "-j, -o and no command");
    if (!g_str_has_suffix(typed->textfile, TEXTFILE_SUFFIX))
        return failure_set(error, FAILURE_USAGE,
                           "--textfile “%s”: node_exporter reads only files that end in %s",
                           typed->textfile, TEXTFILE_SUFFIX);
    return true;
}

static bool
counts_something(const Typed *typed, char **command)
{
    return typed->events || typed->interval || typed->all_cpus || typed->source || command[0];
}

static bool
prints_something(const Typed *typed)
{
    return typed->separator || typed->json || typed->output || typed->textfile;
}

static bool
check_judge(const Typed *typed, char **command, GError **error)
{
    if (!typed->judge && (typed->from || typed->estimator || typed->cpu_model || typed->load))
        return failure_set(error, FAILURE_USAGE,
                           "--from, --estimator, --cpu-model and --load belong to --judge");
    if (typed->from && (counts_something(typed, command) || typed->for_seconds ||
                        typed->separator || typed->textfile))
        return failure_set(error, FAILURE_USAGE,
                           "--from counts nothing: beside it only -j, -o, --estimator, --cpu-model "
                           "and --load");
    return !typed->estimator || estimator_known(typed->estimator, error);
}

static bool
check_contradictions(const Typed *typed, char **command, GError **error)
{
    bool more = counts_something(typed, command) || prints_something(typed) || typed->judge;

    if (typed->separator && typed->json)
        return failure_set(error, FAILURE_USAGE, "-x and -j are two formats: give one");
    if (typed->separator && !*typed->separator)
        return failure_set(error, FAILURE_USAGE, "-x: the separator is empty");
    if (typed->agent && (more || typed->for_seconds))
        return failure_set(error, FAILURE_USAGE,
                           "--agent counts what the host asks for: no other options but --port and "
                           "--may-power-off");
    if (typed->work && (typed->agent || typed->facts || more))
        return failure_set(error, FAILURE_USAGE, "--work takes no other option but --for");
    if (typed->facts && (more || typed->for_seconds))
        return failure_set(error, FAILURE_USAGE, "--facts stands alone");
    if (!typed->agent && (typed->port || typed->may_power_off))
        return failure_set(error, FAILURE_USAGE, "--port and --may-power-off belong to --agent");
    return check_judge(typed, command, error) && check_textfile(typed, command, error);
}

static bool
check(Typed *typed, char **command, Options *options, GError **error)
{
    options->help = typed->help;
    options->version = typed->version;
    if (typed->help || typed->version)
        return true;

    if (!check_contradictions(typed, command, error) ||
        !parse_events(typed->events, &options->events, error) ||
        !parse_interval(typed->interval, &options->interval_ms, error) ||
        !parse_seconds(typed->for_seconds, &options->for_seconds, error) ||
        !counter_source_parse(typed->source ? typed->source : "auto", &options->source, error))
        return false;

    options->facts = typed->facts;
    options->agent = typed->agent;
    options->all_cpus = typed->all_cpus;
    options->json = typed->json;
    options->may_power_off = typed->may_power_off;
    options->separator = g_steal_pointer(&typed->separator);
    options->output = g_steal_pointer(&typed->output);
    options->textfile = g_steal_pointer(&typed->textfile);
    if (options->textfile && !options->interval_ms)
        options->interval_ms = TEXTFILE_DEFAULT_INTERVAL_MS;
    options->port = g_steal_pointer(&typed->port);
    options->work = g_steal_pointer(&typed->work);
    options->judge = g_steal_pointer(&typed->judge);
    options->from = g_steal_pointer(&typed->from);
    options->estimator = g_steal_pointer(&typed->estimator);
    options->cpu_model = g_steal_pointer(&typed->cpu_model);
    options->load = g_steal_pointer(&typed->load);
    options->command = g_strdupv(command);
    return true;
}

bool
options_parse(int argc, char **argv, Options *ret_options, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_auto(Typed) typed = { 0 };
    g_auto(Options) options = { 0 };
    Section sections[N_SECTIONS];
    g_auto(GStrv) args = NULL;
    char **command;

    make_sections(&typed, sections);
    args = split_attached(sections, argc, argv);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, TRUE);
    for (int s = 0; s < N_SECTIONS; s++)
        g_option_context_add_main_entries(context, sections[s].entries, NULL);
    if (!option_parse_strv(context, &args, error))
        return false;

    command = args + 1;
    if (*command && g_str_equal(*command, "--"))
        command++;
    if (!check(&typed, command, &options, error))
        return false;

    *ret_options = options;
    options = (Options){ 0 };
    return true;
}

void
options_clear(Options *options)
{
    g_strfreev(options->events);
    g_free(options->separator);
    g_free(options->output);
    g_free(options->textfile);
    g_strfreev(options->command);
    g_free(options->port);
    g_free(options->work);
    g_free(options->judge);
    g_free(options->from);
    g_free(options->estimator);
    g_free(options->cpu_model);
    g_free(options->load);
}
