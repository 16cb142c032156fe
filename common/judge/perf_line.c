/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/perf_line.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "common/base/json_guard.h"
#include "common/base/text.h"

#define MAX_FIELDS 32
#define NS_PER_MS 1e6

/* A counter that never ran prints 0 and 100 % all the same: only its run time tells. */
static void
settle_state(PerfLine *line)
{
    if (line->state == PERF_COUNTED && line->value == 0 && line->runtime_ns == 0)
        line->state = PERF_NOT_COUNTED;
    if (line->state != PERF_COUNTED)
        line->value = NAN;
    if (!(line->running_percent > 0 && line->running_percent <= 100))
        line->running_percent = 100;
}

static bool
parse_value(const char *text, PerfLine *line)
{
    line->state = PERF_COUNTED;
    if (g_str_equal(text, "<not counted>"))
        line->state = PERF_NOT_COUNTED;
    else if (g_str_equal(text, "<not supported>"))
        line->state = PERF_NOT_SUPPORTED;
    else
        return text_to_double(text, &line->value, NULL) && line->value >= 0;
    return true;
}

static void
apply_unit(const char *unit, PerfLine *line)
{
    if (g_str_equal(unit, "msec"))
        line->value *= NS_PER_MS;
}

void
perf_line_split_event(PerfLine *line)
{
    const char *name = line->event, *slash = strchr(line->event, '/');
    const char *end, *modifiers = "";

    if (slash && strchr(slash + 1, '/')) {
        name = slash + 1;
        end = strchr(name, '/');
        modifiers = end + 1;
    } else {
        end = strchr(name, ':');
        modifiers = end ? end + 1 : "";
        end = end ? end : name + strlen(name);
    }
    g_strlcpy(line->name, name, MIN((size_t) (end - name) + 1, sizeof line->name));
    g_strlcpy(line->modifiers, modifiers[0] == ':' ? modifiers + 1 : modifiers,
              sizeof line->modifiers);
}

static bool
is_number(const char *text)
{
    double value;

    return text_to_double(text, &value, NULL);
}

static bool
is_event_name(const char *text)
{
    if (!g_ascii_isalpha(text[0]))
        return false;
    for (const char *c = text; *c; c++)
        if (!g_ascii_isprint(*c) || *c == '<' || *c == '>')
            return false;
    return strlen(text) < sizeof((PerfLine *) 0)->event;
}

/*
 * Columns before the value differ by options (time, CPU, thread, core and its CPUs): the value is
 * the first field that is a count followed by a unit (or nothing) and an event.
 */
static int
find_value(char **fields, guint n)
{
    PerfLine probe;

    for (guint i = 0; i + 2 < n; i++)
        if (parse_value(fields[i], &probe) && !is_number(fields[i + 1]) &&
            fields[i + 1][0] != '<' && is_event_name(fields[i + 2]))
            return (int) i;
    return -1;
}

/* Run time and percent stand behind the event, a cgroup and a variance, if there are any. */
static void
parse_runtime(char **fields, guint n, guint from, PerfLine *line)
{
    for (guint i = from; i < n; i++) {
        uint64_t runtime;
        double percent;

        if (!text_to_u64(fields[i], &runtime, NULL))
            continue;
        line->runtime_ns = (double) runtime;
        if (i + 1 < n && text_to_double(fields[i + 1], &percent, NULL))
            line->running_percent = percent;
        return;
    }
}

static void
parse_place(char **fields, guint value_at, PerfLine *line)
{
    double t;
    uint64_t cpu;

    for (guint i = 0; i < value_at; i++) {
        if (i == 0 && text_to_double(fields[i], &t, NULL) && t >= 0)
            line->t_seconds = t;
        else if (g_str_has_prefix(fields[i], "CPU") && text_to_u64(fields[i] + 3, &cpu, NULL) &&
                 cpu < 65536)
            line->cpu = (int) cpu;
    }
}

char
perf_line_separator(const char *text)
{
    static const char separators[] = ",;\t|";
    char best = 0;
    size_t most = 1;

    for (const char *s = separators; *s; s++) {
        size_t n = 0;

        for (const char *c = text; *c; c++)
            n += *c == *s;
        if (n > most) {
            most = n;
            best = *s;
        }
    }
    return best;
}

/* Further metrics of the line before: time and place, then count, unit and event are all empty. */
static bool
is_metric_only(char **fields, guint n)
{
    for (guint i = 0; i < 4 && i + 2 < n; i++)
        if (!*fields[i] && !*fields[i + 1] && !*fields[i + 2])
            return true;
    return false;
}

static PerfLineKind
parse_csv(const char *text, char separator, PerfLine *line)
{
    const char delimiter[2] = { separator ? separator : perf_line_separator(text), '\0' };
    g_auto(GStrv) fields = delimiter[0] ? g_strsplit(text, delimiter, MAX_FIELDS) : NULL;
    guint n = fields ? g_strv_length(fields) : 0;
    int at;

    for (guint i = 0; i < n; i++)
        g_strstrip(fields[i]);
    if (n > 0 && g_str_equal(fields[0], "summary"))
        return PERF_LINE_NOTHING;
    at = fields ? find_value(fields, n) : -1;
    if (at < 0)
        return n > 0 && is_metric_only(fields, n) ? PERF_LINE_NOTHING : PERF_LINE_UNKNOWN;

    parse_place(fields, (guint) at, line);
    parse_value(fields[at], line);
    apply_unit(fields[at + 1], line);
    g_strlcpy(line->event, fields[at + 2], sizeof line->event);
    parse_runtime(fields, n, (guint) at + 3, line);
    return PERF_LINE_COUNT;
}

/* Numbers were numbers in some versions of perf, and texts in others. */
static bool
member_double(const json_t *object, const char *key, double *ret_value)
{
    const json_t *member = json_object_get(object, key);

    if (json_is_string(member))
        return text_to_double(json_string_value(member), ret_value, NULL);
    if (!json_is_number(member))
        return false;
    *ret_value = json_number_value(member);
    return true;
}

/* NULL when it is not there, or no text. */
static const char *
member_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static PerfLineKind
parse_object(const json_t *object, PerfLine *line)
{
    const char *value = member_text(object, "counter-value"), *event = member_text(object, "event");
    const char *unit = member_text(object, "unit"), *cpu = member_text(object, "cpu");
    uint64_t number;

    if (!value && !event)
        return PERF_LINE_NOTHING; /* metrics alone */
    if (!value || !event || !is_event_name(event) || !parse_value(value, line))
        return PERF_LINE_UNKNOWN;

    apply_unit(unit ? unit : "", line);
    g_strlcpy(line->event, event, sizeof line->event);
    if (cpu && text_to_u64(cpu, &number, NULL) && number < 65536)
        line->cpu = (int) number;
    member_double(object, "interval", &line->t_seconds);
    if (!member_double(object, "event-runtime", &line->runtime_ns))
        member_double(object, "runtime", &line->runtime_ns);
    member_double(object, "pcnt-running", &line->running_percent);
    return line->t_seconds < 0 ? PERF_LINE_UNKNOWN : PERF_LINE_COUNT;
}

static PerfLineKind
parse_json(const char *text, PerfLine *line)
{
    size_t length = strlen(text);
    json_t *root = json_guard_check(text, length, NULL) ? json_loadb(text, length, 0, NULL) : NULL;
    PerfLineKind kind = json_is_object(root) ? parse_object(root, line) : PERF_LINE_UNKNOWN;

    json_decref(root);
    return kind;
}

PerfLineKind
perf_line_parse(const char *text, char separator, PerfLine *ret_line)
{
    PerfLine line = { .t_seconds = NAN, .cpu = -1, .runtime_ns = NAN, .running_percent = 100 };
    PerfLineKind kind;

    while (g_ascii_isspace(*text))
        text++;
    if (*text == '\0' || *text == '#')
        return PERF_LINE_NOTHING;

    kind = *text == '{' ? parse_json(text, &line) : parse_csv(text, separator, &line);
    if (kind != PERF_LINE_COUNT)
        return kind;
    perf_line_split_event(&line);
    settle_state(&line);
    *ret_line = line;
    return PERF_LINE_COUNT;
}
