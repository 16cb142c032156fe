/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/perf_file.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/failure.h"

#define MAX_FILE_BYTES (INT64_C(256) << 20)
#define FARTHEST_SECONDS 1e9

void
perf_file_free(PerfFile *file)
{
    if (!file)
        return;

    g_ptr_array_unref(file->events);
    g_array_unref(file->windows);
    g_free(file);
}

int
perf_file_event(const PerfFile *file, const char *name)
{
    for (guint i = 0; i < file->events->len; i++)
        if (g_str_equal(file->events->pdata[i], name))
            return (int) i;
    return -1;
}

/* perf prints some events under another name than they were asked for. */
static const char *
common_name(const char *name)
{
    static const struct {
        const char *printed, *common;
    } names[] = { { "cpu-cycles", "cycles" },
                  { "branch-instructions", "branches" },
                  { "cs", "context-switches" },
                  { "migrations", "cpu-migrations" },
                  { "faults", "page-faults" } };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i].printed, name))
            return names[i].common;
    return name;
}

static int
event_slot(PerfFile *file, const char *name)
{
    int at = perf_file_event(file, name);

    if (at >= 0 || file->events->len == EVENT_MAX)
        return at;
    g_ptr_array_add(file->events, g_strdup(name));
    return (int) file->events->len - 1;
}

static PerfWindow *
window_for(PerfFile *file, double end_seconds)
{
    PerfWindow window = { .end_seconds = end_seconds };
    guint n = file->windows->len;

    if (n > 0) {
        PerfWindow *last = &g_array_index(file->windows, PerfWindow, n - 1);

        if (last->end_seconds == end_seconds || isnan(end_seconds))
            return last;
        window.start_seconds = last->end_seconds;
    }
    for (int e = 0; e < EVENT_MAX; e++) {
        window.state[e] = PERF_NOT_COUNTED;
        window.value[e] = NAN;
        window.running_percent[e] = 100;
    }
    g_array_append_val(file->windows, window);
    return &g_array_index(file->windows, PerfWindow, n);
}

/* Lines of one event and window add up; one that was not counted leaves the sum unknown. */
static void
add_count(PerfWindow *window, int slot, const PerfLine *line, bool first)
{
    window->running_percent[slot] =
        first ? line->running_percent : fmin(window->running_percent[slot], line->running_percent);
    if (first) {
        window->state[slot] = line->state;
        window->value[slot] = line->value;
    } else if (line->state != PERF_COUNTED) {
        window->state[slot] = MAX(window->state[slot], line->state);
        window->value[slot] = NAN;
    } else {
        window->value[slot] += line->value;
    }
}

typedef struct {
    PerfFile *file;
    const char *name;
    int cpu;
    guint number;
    char separator;
    guint seen[EVENT_MAX]; /* the window, counted from 1, that last had a line of the event */
    double longest_ns;
    bool has_intervals;
} Parse;

static bool
take_count(Parse *parse, const PerfLine *line, GError **error)
{
    PerfFile *file = parse->file;
    int slot = event_slot(file, common_name(line->name));
    PerfWindow *window;

    if (slot < 0)
        return failure_set(error, FAILURE_FAILED, "%s:%u: more than %d events", parse->name,
                           parse->number, EVENT_MAX);
    if (isnan(line->t_seconds) && parse->has_intervals)
        return true; /* a sum behind the intervals */
    if (!isnan(line->t_seconds) && !parse->has_intervals && file->windows->len > 0)
        return failure_set(error, FAILURE_FAILED,
                           "%s:%u: a time, where the lines before had none: two files in one",
                           parse->name, parse->number);
    if (line->t_seconds > FARTHEST_SECONDS ||
        (file->windows->len > 0 &&
         line->t_seconds <
             g_array_index(file->windows, PerfWindow, file->windows->len - 1).end_seconds))
        return failure_set(error, FAILURE_FAILED, "%s:%u: time goes backwards", parse->name,
                           parse->number);

    parse->has_intervals |= !isnan(line->t_seconds);
    parse->longest_ns = fmax(parse->longest_ns, line->runtime_ns);
    window = window_for(file, line->t_seconds);
    add_count(window, slot, line, parse->seen[slot] != file->windows->len);
    parse->seen[slot] = file->windows->len;
    return true;
}

/* Nanoseconds of a time that 64 bits can hold and perf can have seen; 0: unknown. */
static gint64
wall_ns(GDateTime *time)
{
    gint64 seconds = time ? g_date_time_to_unix(time) : 0;

    return seconds > 0 && seconds < G_MAXINT64 / 1000000000 ? seconds * 1000000000 : 0;
}

/* "# started on Sat Nov 21 02:35:11 2026": ctime(3), in English whatever the locale. */
static gint64
parse_started(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    g_auto(GStrv) words = g_strsplit_set(text, " :", -1);
    const char *part[7];
    guint n = 0;

    for (guint i = 0; words[i] && n < G_N_ELEMENTS(part); i++)
        if (*words[i])
            part[n++] = words[i];
    if (n == 7) {
        const char *month = strlen(part[1]) == 3 ? strstr(months, part[1]) : NULL;
        g_autofree char *iso = g_strdup_printf(
            "%s-%02d-%02d %s:%s:%s", part[6], month ? (int) (month - months) / 3 + 1 : 0,
            (int) g_ascii_strtoull(part[2], NULL, 10), part[3], part[4], part[5]);
        g_autoptr(GTimeZone) zone = g_time_zone_new_local();
        g_autoptr(GDateTime) time = month ? g_date_time_new_from_iso8601(iso, zone) : NULL;

        return wall_ns(time);
    }
    return 0;
}

static bool
take_line(Parse *parse, const char *text, GError **error)
{
    static const char started[] = "# started on ";
    PerfLine line;

    if (g_str_has_prefix(text, started)) {
        parse->file->started_wall_ns = parse_started(text + strlen(started));
        return true;
    }
    if (!parse->separator && *text != '{' && *text != '#')
        parse->separator = perf_line_separator(text);
    switch (perf_line_parse(text, parse->separator, &line)) {
    case PERF_LINE_COUNT:
        parse->file->lines++;
        return (line.cpu >= 0 && parse->cpu >= 0 && line.cpu != parse->cpu) ||
               take_count(parse, &line, error);
    case PERF_LINE_UNKNOWN:
        parse->file->unknown_lines++;
        if (parse->file->lines == 0)
            parse->separator = 0; /* what the program printed before perf did */
        return true;
    case PERF_LINE_NOTHING:
        break;
    }
    return true;
}

static bool
finish(Parse *parse, GError **error)
{
    PerfFile *file = parse->file;

    if (file->windows->len == 0 || file->unknown_lines > file->lines)
        return failure_set(error, FAILURE_FAILED,
                           "%s: not what perf stat prints with -x or -j (%u of %u lines)",
                           parse->name, file->unknown_lines, file->unknown_lines + file->lines);
    if (!parse->has_intervals)
        g_array_index(file->windows, PerfWindow, 0).end_seconds = parse->longest_ns / 1e9;
    return true;
}

PerfFile *
perf_file_parse(const char *name, const char *text, int cpu, GError **error)
{
    g_autoptr(PerfFile) file = g_new0(PerfFile, 1);
    Parse parse = { .file = file, .name = name, .cpu = cpu };
    const char *line = text;

    file->events = g_ptr_array_new_with_free_func(g_free);
    file->windows = g_array_new(FALSE, FALSE, sizeof(PerfWindow));
    while (*line) {
        size_t length = strcspn(line, "\n");
        g_autofree char *copy = g_strchomp(g_strndup(line, length));

        parse.number++;
        if (!take_line(&parse, copy, error))
            return NULL;
        line += length + (line[length] == '\n');
    }
    return finish(&parse, error) ? g_steal_pointer(&file) : NULL;
}

PerfFile *
perf_file_load(const char *path, int cpu, GError **error)
{
    g_autofree char *text = NULL;
    struct stat info;

    if (stat(path, &info) == 0 && (!S_ISREG(info.st_mode) || info.st_size > MAX_FILE_BYTES)) {
        failure_set(error, FAILURE_FAILED, "%s: not a regular file of at most %d MiB", path,
                    (int) (MAX_FILE_BYTES >> 20));
        return NULL;
    }
    if (!g_file_get_contents(path, &text, NULL, error))
        return NULL;
    return perf_file_parse(path, text, cpu, error);
}
