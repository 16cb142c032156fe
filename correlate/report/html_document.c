/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/html_document.h"

#include <math.h>

#include "common/base/moment.h"
#include "correlate/answer.h"
#include "correlate/report/figure.h"
#include "correlate/report/html_style.h"
#include "correlate/report/tables.h"

typedef struct {
    const Analysis *analysis;
    const GPtrArray *figures;
    GString *out;
} Page;

static void
put_escaped(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    g_autofree char *escaped = g_markup_escape_text(valid, -1);

    g_string_append(out, escaped);
}

static void
put_paragraph(GString *out, const char *class, const char *text)
{
    g_string_append_printf(out, "<p%s%s%s>", class ? " class=\"" : "", class ? class : "",
                           class ? "\"" : "");
    put_escaped(out, text);
    g_string_append(out, "</p>\n");
}

static void
put_table(GString *out, const char *caption, TextTable *table, const char *when_empty)
{
    g_autoptr(TextTable) owned = table;

    if (text_table_rows(owned) > 0)
        text_table_html(owned, caption, out);
    else if (when_empty)
        put_paragraph(out, "soft", when_empty);
}

static void
put_figure(GString *out, const Figure *figure)
{
    g_string_append(out, "<figure>");
    if (figure->svg)
        g_string_append(out, figure->svg);
    else
        put_paragraph(out, "soft", figure->failure);
    g_string_append(out, "<figcaption><b>");
    put_escaped(out, figure->title);
    g_string_append(out, "</b>. ");
    put_escaped(out, figure->caption);
    g_string_append(out, "</figcaption></figure>\n");
}

static void
put_figures(const Page *page, const char *prefix)
{
    g_string_append(page->out, "<div class=\"figures\">\n");
    for (guint i = 0; i < page->figures->len; i++) {
        const Figure *figure = page->figures->pdata[i];

        if (g_str_has_prefix(figure->name, prefix))
            put_figure(page->out, figure);
    }
    g_string_append(page->out, "</div>\n");
}

static void
put_head(const Page *page)
{
    const DatasetRun *run = &page->analysis->facts->run;
    g_autofree char *date = moment_print(run->started_wall_ns);
    bool emulated = g_str_equal(run->counters, "emulated");

    g_string_append(page->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                               "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                               "content=\"width=device-width,initial-scale=1\">\n"
                               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                               "'none'; style-src 'unsafe-inline'\">\n<title>");
    put_escaped(page->out, run->name);
    g_string_append_printf(page->out,
                           " – insideout</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
                           html_style);
    g_string_append(page->out, "<p class=\"meta\">insideout: one host from both sides</p>\n<h1>");
    put_escaped(page->out, run->name);
    g_string_append(page->out, "</h1>\n<p class=\"meta\"><span class=\"tag\">");
    put_escaped(page->out, run->counters);
    g_string_append(page->out, " counters</span> ");
    put_escaped(page->out, date);
    g_string_append(page->out, ", ");
    put_escaped(page->out, run->cpu_model ? run->cpu_model : "CPU model not recorded");
    g_string_append(page->out, ", run ");
    put_escaped(page->out, run->state);
    g_string_append(page->out, "</p>\n");
    if (emulated)
        put_paragraph(page->out, NULL,
                      "All counters of this run come from a model of a CPU (emupmu), since the "
                      "machine offers none. What is shown is how the method works, and nothing "
                      "about silicon.");
}

static void
put_answer(const Page *page)
{
    g_autofree char *answer = answer_paragraph(page->analysis);

    g_string_append(page->out, "<section aria-label=\"Answer\">\n");
    put_paragraph(page->out, "answer", answer);
    g_string_append(page->out, "</section>\n");
}

static void
put_estimators(const Page *page)
{
    static const char *const captions[TRUTHS] = {
        "Truth vp: more runnable vCPUs than CPUs (the boundary, one more, is left out)",
        "Truth delay: the vCPU waited more than 5 % of the time it wanted to run",
        "Truth slowdown (proxy): fewer than 95 % of the quiet condition's instructions a second",
    };

    g_string_append(page->out, "<h2>Which number tells?</h2>\n");
    put_paragraph(page->out, NULL,
                  "Every estimator is computed from the guest's own counters alone. AUC is the "
                  "chance that an overcommitted window has the higher value: 0.5 tells nothing, "
                  "below 0.5 the number falls under overcommit. Visits, not windows, are the unit "
                  "of its interval and of p. “within” is the correlation inside visits: a pooled "
                  "one can come from differences between visits alone. One hypothesis was fixed "
                  "beforehand: branch_misses_per_cycle, truth vp, condition “noisy” (primary). All "
                  "other rows are secondary: “p Holm” is corrected for all of them together.");
    put_table(page->out, captions[TRUTH_VP], table_of_estimators(page->analysis, TRUTH_VP),
              "No estimator could be computed.");
    g_string_append(page->out, "<details><summary>The other truths</summary>\n");
    for (int t = TRUTH_DELAY; t < TRUTHS; t++)
        put_table(page->out, captions[t], table_of_estimators(page->analysis, (Truth) t), NULL);
    g_string_append(page->out, "</details>\n");
    put_table(page->out, "Shape of visit means against load", table_of_shapes(page->analysis),
              NULL);
}

static const char *
fidelity_meaning(const char *counters)
{
    if (g_str_equal(counters, "emulated"))
        return "What this proves: guest and host read one page that the model writes, so a ratio "
               "of "
               "1 shows that both sides count the same vCPU, over the same time, on clocks that "
               "were "
               "brought together. What it does not prove: anything about a real PMU, or that an "
               "estimator is right. The two counts are not independent.";
    if (g_str_equal(counters, "hardware"))
        return "What this proves: that no counter was starved, scaled or misaligned in time. What "
               "it "
               "does not prove: that an estimator is right. Under KVM's perf-based vPMU a guest "
               "counter is itself a host event on the vCPU's thread, so the two counts are not "
               "independent; a ratio away from 1 is a fault of measuring, not overcommit.";
    return "What this proves: that both sides cover the same time. Counts that two kernels keep "
           "for "
           "themselves have two sources, but need not mean the same thing; what was imported is as "
           "good as the files were.";
}

static void
put_checks(const Page *page)
{
    const Analysis *analysis = page->analysis;
    g_autofree char *turns =
        turn_windows_text(&analysis->turns, analysis->excluded.windows[EXCLUDED_HOST_TURN]);

    g_string_append(page->out, "<h2>Do both sides count the same?</h2>\n");
    put_table(page->out, "Fidelity: guest count over host count, per window",
              table_of_fidelity(analysis), "There are no windows with both views.");
    if (turns)
        put_paragraph(page->out, NULL, turns);
    put_paragraph(page->out, NULL, fidelity_meaning(analysis->facts->run.counters));
    g_string_append(page->out, "<details><summary>The worst windows</summary>\n");
    put_table(page->out, "Windows furthest from 1, at most five an event",
              table_of_worst_windows(analysis), "No window is more than 2 % from 1.");
    g_string_append(page->out, "</details>\n");
    put_figures(page, "agreement");

    g_string_append(page->out, "<h2>Was each visit what it claims?</h2>\n");
    put_paragraph(
        page->out, NULL,
        "N vCPUs that always want to run on P′ CPUs must wait 1 − P′/N of that time; P′ is the "
        "pool "
        "without what everything else used of it. “measured” is over all loaded vCPUs, “micro” the "
        "micro guest's own share (reported, not judged). Visits up to 100 % load are negative "
        "controls: there the expected share is what other users of the pool leave it to be, mostly "
        "nothing, and waits after wake-ups stay far below the tolerance.");
    put_table(page->out, "Visits: expected and measured share of waiting",
              table_of_visits(analysis), "No visit ended well.");
    put_figures(page, "steal");
}

static void
put_lag(const Page *page)
{
    const LagSweep *lags = &page->analysis->lags;
    int peak = lag_sweep_peak(lags);
    g_autofree char *text = NULL;

    if (isnan(lag_sweep_at(lags, 0)))
        return;
    text =
        g_strdup_printf("Shifted against each other by whole windows, the two views correlate best "
                        "at %d (%.3f; %.3f unshifted)%s.",
                        peak, lag_sweep_at(lags, peak), lag_sweep_at(lags, 0),
                        lag_sweep_is_off(lags) ? ": more than one window, so this run is marked"
                                               : ": within one window, as it must be");
    put_paragraph(page->out, NULL, text);
}

static void
put_clock(const Page *page)
{
    ClockSummary clock = clock_table_summary(page->analysis->clocks);
    g_autofree char *text = NULL;

    g_string_append(page->out, "<h2>Clocks</h2>\n");
    if (isnan(clock.bound_ns))
        text = g_strdup_printf("Method: %s. There are no pings to bound it by.",
                               clock_method_name(clock.method));
    else if (isnan(clock.drift_ppm))
        text =
            g_strdup_printf("Method: %s. The guest's file was found in the host's time by its wall "
                            "stamp and by what both counted, within %.3f s.",
                            clock_method_name(clock.method), clock.bound_ns / 1e9);
    else
        text = g_strdup_printf(
            "Method: %s. The guest's time is known within %.0f µs (half the best round trip), %u "
            "of %u pings were usable, drift is at most %.1f ppm, and the kept pings lie within "
            "%.0f µs of their line.%s",
            clock_method_name(clock.method), clock.bound_ns / 1e3, clock.pings - clock.rejected,
            clock.pings, fabs(clock.drift_ppm), clock.residual_ns / 1e3,
            clock.steps ? " A guest's clock jumped: a new line was fitted, and what lies between "
                          "the two is left out."
                        : "");
    put_paragraph(page->out, NULL, text);
    put_lag(page);
    put_table(page->out, "Lines from guest to host time", table_of_clocks(page->analysis), NULL);
}

static void
put_isolation(const Page *page)
{
    const Analysis *analysis = page->analysis;

    if (analysis->isolation->len == 0)
        return;
    g_string_append(page->out, "<h2>How well is a guest isolated?</h2>\n");
    put_paragraph(page->out, NULL,
                  "The victim does the same unit of work again and again and counts it. Its units "
                  "a second among idle guests over those beside culprits: 1 is perfect isolation, "
                  "2 is half as fast. The interval goes over visits.");
    put_table(page->out, "Victim's work against culprits' work", table_of_isolation(analysis),
              NULL);
}

static void
put_rest(const Page *page)
{
    const Analysis *analysis = page->analysis;

    g_string_append(page->out, "<h2>Controls</h2>\n");
    put_paragraph(page->out, NULL,
                  "False alarms are the share of windows beyond the threshold where nothing was "
                  "overcommitted and something else was different: at most half of the CPUs were "
                  "wanted, or only the micro guest ran. “detected” is the same share where "
                  "processes of the host overcommitted it, and no guest did. The thresholds and "
                  "the AUC beside them are those of the primary condition, truth vp.");
    put_table(page->out, "False alarms where nothing is overcommitted", table_of_controls(analysis),
              "This run holds no named controls besides its visits up to 100 % load.");
    g_string_append(page->out, "<h2>What was left out, and why</h2>\n");
    put_table(page->out, "Swapped while measuring", table_of_swaps(analysis), NULL);
    put_table(page->out, "Excluded windows", table_of_exclusions(analysis),
              "No window was left out.");
    g_string_append(page->out, "<h2>Notes of the run</h2>\n<div class=\"prose\">\n");
    put_table(page->out, "What went wrong, or was worth a note", table_of_notes(analysis),
              "There are none.");
    g_string_append(page->out, "</div>\n<h2>Environment</h2>\n<div class=\"prose\">\n");
    put_table(page->out, "Where it was measured", table_of_environment(analysis), NULL);
    g_string_append(page->out, "</div>\n");
}

static void
put_reproduce(const Page *page)
{
    const DatasetRun *run = &page->analysis->facts->run;
    g_autofree char *base = g_path_get_basename(dataset_reader_path(page->analysis->reader));

    g_string_append(page->out, "<h2>How to reproduce</h2>\n");
    if (run->plan && *run->plan) {
        put_paragraph(page->out, NULL, "Save this plan as plan.json, then:");
        g_string_append(page->out, "<pre><code>hostctl run plan.json -o again.db\n"
                                   "correlate report again.db -o again.html\n"
                                   "correlate compare ");
        put_escaped(page->out, base);
        g_string_append(page->out, " again.db</code></pre>\n<details><summary>The plan as it was "
                                   "run</summary>\n<pre><code>");
        put_escaped(page->out, run->plan);
        g_string_append(page->out, "</code></pre></details>\n");
    }
    put_paragraph(page->out, NULL, "This page from the same dataset:");
    g_string_append(page->out, "<pre><code>correlate report ");
    put_escaped(page->out, base);
    g_string_append(page->out, " -o report.html</code></pre>\n");
}

char *
html_document(const Analysis *analysis, const GPtrArray *figures)
{
    Page page = { analysis, figures, g_string_new(NULL) };

    put_head(&page);
    put_answer(&page);
    if (figures->len == 0)
        put_paragraph(page.out, "soft",
                      "This page has no figures: gnuplot was not found, or there was nothing to "
                      "draw. (Debian: apt-get install gnuplot-nox)");
    g_string_append(page.out, "<h2>The ratio over time and load</h2>\n");
    put_figures(&page, "surface");
    g_string_append(page.out, "<h2>The ratio against load</h2>\n");
    put_figures(&page, "load");
    put_estimators(&page);
    put_figures(&page, "roc");
    g_string_append(page.out, "<h2>The run in time</h2>\n");
    put_figures(&page, "timeline");
    put_checks(&page);
    put_clock(&page);
    put_isolation(&page);
    put_rest(&page);
    put_reproduce(&page);
    g_string_append_printf(page.out,
                           "<p class=\"meta\">Made by correlate (insideout) %s.</p>\n</main>\n"
                           "</body>\n</html>\n",
                           INSIDEOUT_VERSION);
    return g_string_free(page.out, FALSE);
}
