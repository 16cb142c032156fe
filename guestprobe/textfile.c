/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/textfile.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "guestprobe/live_judge.h"

static const char *const verdicts[] = { "overcommitted", "ok", "unknown" };
static const char *const matches[] = { "exact", "model", "none" };

struct Textfile {
    char *path, *hypervisor;
    unsigned n_cpus;
    bool has_steal, has_before;
    CpuTimes before;
    uint64_t n_windows, n_lost;
    double totals[STAT_ROWS_MAX]; /* of the session's rows, whose order is fixed */
};

Textfile *
textfile_new(const char *path, const char *hypervisor, unsigned n_cpus, bool has_steal)
{
    Textfile *textfile = g_new0(Textfile, 1);

    textfile->path = g_strdup(path);
    textfile->hypervisor = g_strdup(hypervisor);
    textfile->n_cpus = n_cpus;
    textfile->has_steal = has_steal;
    return textfile;
}

void
textfile_free(Textfile *textfile)
{
    if (!textfile)
        return;

    if (textfile->n_windows)
        unlink(textfile->path);
    g_free(textfile->path);
    g_free(textfile->hypervisor);
    g_free(textfile);
}

static void
family(GString *out, const char *name, const char *type, const char *help)
{
    g_string_append_printf(out, "# HELP insideout_guest_%s %s\n# TYPE insideout_guest_%s %s\n",
                           name, help, name, type);
}

static void
label(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s%s=\"", out->str[out->len - 1] == '{' ? "" : ",", name);
    for (const char *c = value; *c; c++) {
        if (*c == '\\' || *c == '"')
            g_string_append_c(out, '\\');
        g_string_append(out, *c == '\n' ? "\\n" : (char[]){ *c, '\0' });
    }
    g_string_append_c(out, '"');
}

static void
number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(out, " %s\n", g_ascii_dtostr(text, sizeof text, value));
}

static void
single(GString *out, const char *name, const char *type, const char *help, double value)
{
    family(out, name, type, help);
    g_string_append_printf(out, "insideout_guest_%s", name);
    number(out, value);
}

static void
print_facts(const Textfile *textfile, const TextfileInput *input, GString *out)
{
    family(out, "info", "gauge", "Who counts, and under which hypervisor; always 1.");
    g_string_append(out, "insideout_guest_info{");
    label(out, "version", INSIDEOUT_VERSION);
    label(out, "hypervisor", textfile->hypervisor);
    g_string_append(out, "} 1\n");
    single(out, "cpus", "gauge", "CPUs of this guest.", textfile->n_cpus);
    single(out, "written_timestamp_seconds", "gauge", "When this was written.",
           (double) input->wall_ns / 1e9);
    single(out, "window_seconds", "gauge", "Length of the last window.",
           (double) input->window->elapsed_ns / 1e9);
    single(out, "windows_total", "counter", "Windows since guestprobe began.",
           (double) textfile->n_windows);
    single(out, "windows_lost_total", "counter", "Windows in which something was not counted.",
           (double) textfile->n_lost);
}

static void
print_cpu_times(const Textfile *textfile, const CpuTimes *now, GString *out)
{
    single(out, "busy_seconds_total", "counter", "CPU time of all CPUs since boot, without idle.",
           (double) now->busy_ns / 1e9);
    if (textfile->has_steal)
        single(out, "steal_seconds_total", "counter",
               "Time since boot in which a CPU of the guest wanted to run and the host did not let "
               "it.",
               (double) now->steal_ns / 1e9);
}

static void
print_events(const Textfile *textfile, const StatWindow *window, GString *out)
{
    bool is_first = true;

    for (unsigned i = 0; i < window->n_rows; i++) {
        const StatRow *row = &window->rows[i];

        if (!row->supported || row->is_time)
            continue;
        if (is_first)
            family(out, "events_total", "counter",
                   "Events since guestprobe began, extrapolated where counters were shared.");
        is_first = false;
        g_string_append(out, "insideout_guest_events_total{");
        label(out, "event", row->name);
        label(out, "source", row->source);
        g_string_append_c(out, '}');
        number(out, textfile->totals[i]);
    }
}

static void
estimate(GString *out, const char *name, double value)
{
    if (!isfinite(value))
        return;
    g_string_append(out, "insideout_guest_estimate{");
    label(out, "estimator", name);
    g_string_append_c(out, '}');
    number(out, value);
}

/* The window as estimators see it. */
static GuestView
view_of(const Textfile *textfile, const TextfileInput *input)
{
    GuestView view = stat_window_view(input->window);

    if (textfile->has_steal && textfile->has_before) {
        view.count[GUEST_STEAL_NS] =
            (double) (input->since_boot.steal_ns - textfile->before.steal_ns);
        view.count[GUEST_BUSY_NS] = (double) (input->since_boot.busy_ns - textfile->before.busy_ns);
    }
    return view;
}

static void
print_estimates(const Textfile *textfile, const TextfileInput *input, GString *out)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    GuestView view = view_of(textfile, input);

    for (size_t i = 0; i < ESTIMATOR_COUNT; i++)
        estimate(lines, estimator_list[i]->name, estimator_value(estimator_list[i], &view));
    if (!lines->len)
        return;
    family(out, "estimate", "gauge",
           "Ratios of the last window, named and defined as the thresholds file has them.");
    g_string_append(out, lines->str);
}

/* One sample for each value that there may be, 1 for the one that is. */
static void
print_state(const StatVerdict *verdict, const char *name, const char *help,
            const char *const *states, const char *now, GString *out)
{
    family(out, name, "gauge", help);
    for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        g_string_append_printf(out, "insideout_guest_%s{", name);
        label(out, "estimator", verdict->estimator);
        label(out, name, states[i]);
        g_string_append_printf(out, "} %d\n", g_str_equal(states[i], now));
    }
}
G_STATIC_ASSERT(G_N_ELEMENTS(verdicts) == G_N_ELEMENTS(matches));

static void
print_figure(const StatVerdict *verdict, const char *name, const char *help, double value,
             GString *out)
{
    if (!isfinite(value))
        return;
    family(out, name, "gauge", help);
    g_string_append_printf(out, "insideout_guest_%s{", name);
    label(out, "estimator", verdict->estimator);
    g_string_append_c(out, '}');
    number(out, value);
}

static void
print_verdict(const StatVerdict *verdict, GString *out)
{
    if (!verdict)
        return;
    print_state(verdict, "verdict", "1 for the verdict of the last window, 0 for the others.",
                verdicts, verdict->verdict, out);
    print_state(verdict, "match", "How far the threshold is known to hold for this guest.", matches,
                verdict->match, out);
    print_figure(verdict, "judged", "The value that was judged.", verdict->value, out);
    print_figure(verdict, "threshold", "Beyond it the host is overcommitted.", verdict->threshold,
                 out);
}

static void
add_window(Textfile *textfile, const StatWindow *window)
{
    bool is_lost = false;

    for (unsigned i = 0; i < window->n_rows; i++) {
        const StatRow *row = &window->rows[i];

        if (row->supported && isfinite(row->value))
            textfile->totals[i] += row->value;
        else if (row->supported)
            is_lost = true;
    }
    textfile->n_windows++;
    textfile->n_lost += is_lost;
}

char *
textfile_text(Textfile *textfile, const TextfileInput *input)
{
    g_autoptr(GString) out = g_string_new(NULL);

    add_window(textfile, input->window);
    print_facts(textfile, input, out);
    print_cpu_times(textfile, &input->since_boot, out);
    print_events(textfile, input->window, out);
    print_estimates(textfile, input, out);
    print_verdict(input->window->verdict, out);
    textfile->before = input->since_boot;
    textfile->has_before = true;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

bool
textfile_update(Textfile *textfile, const TextfileInput *input, GError **error)
{
    g_autofree char *text = textfile_text(textfile, input);

    if (g_file_set_contents_full(textfile->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                 error))
        return true;
    g_prefix_error(error, "--textfile: ");
    return false;
}
