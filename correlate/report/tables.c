/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/tables.h"

#include <math.h>

TextTable *
table_of_visits(const Analysis *analysis)
{
    static const char *const headings[] = { "<condition", "<kind",     "repeat",   "V:P %",
                                            "load %",     "core %",    "expected", "measured",
                                            "micro",      "other CPU", "coverage", "Jain",
                                            "<check",     NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->steal_checks->len; i++) {
        const StealCheck *check = &g_array_index(analysis->steal_checks, StealCheck, i);
        g_autofree char *failed =
            g_strdup_printf("%s: %s", check->pass == 0 ? "failed" : "not judged", check->reason);

        text_table_text(table, check->condition);
        text_table_text(table, check->kind);
        text_table_number(table, 0, (double) check->repeat);
        text_table_number(table, 0, check->vp_percent);
        text_table_number(table, 0, check->load_percent);
        text_table_number(table, 0, check->core_percent);
        text_table_number(table, 3, check->expected_ratio);
        text_table_number(table, 3, check->measured_ratio);
        text_table_number(table, 3, check->micro_ratio);
        text_table_number(table, 2, check->other_cpus);
        text_table_number(table, 3, check->lowest_coverage);
        text_table_number(table, 3, check->jain);
        text_table_text(table, check->pass == 1 ? "passed" : failed);
    }
    return table;
}

TextTable *
table_of_fidelity(const Analysis *analysis)
{
    static const char *const headings[] = { "<guest",   "vCPU",         "<event",    "windows",
                                            "ratio",    "slope",        "intercept", "bias %",
                                            "limits %", "ok",           "scaled",    "starved",
                                            "invalid",  "<known cause", NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->fidelity->len; i++) {
        const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, i);
        g_autofree char *limits =
            isnan(row->loa_low_percent)
                ? NULL
                : g_strdup_printf("%.2f to %.2f", row->loa_low_percent, row->loa_high_percent);

        text_table_text(table, row->guest);
        text_table_count(table, (guint64) row->vcpu);
        text_table_text(table, row->event);
        text_table_count(table, row->windows);
        text_table_number(table, 4, row->median_ratio);
        text_table_number(table, 4, row->slope);
        text_table_number(table, 4, row->intercept_share);
        text_table_number(table, 2, row->bias_percent);
        text_table_text(table, limits);
        for (int v = 0; v < VERDICTS; v++)
            text_table_count(table, row->verdicts[v]);
        text_table_text(table, row->cause);
    }
    return table;
}

static bool
is_far(const FidelityWorst *worst)
{
    return !isnan(worst->ratio) && fabs(worst->ratio - 1) > FIDELITY_TOLERANCE;
}

TextTable *
table_of_worst_windows(const Analysis *analysis)
{
    static const char *const headings[] = { "<guest", "vCPU",  "<event", "visit",
                                            "second", "ratio", NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->fidelity->len; i++) {
        const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, i);

        for (guint k = 0; k < FIDELITY_WORST && is_far(&row->worst[k]); k++) {
            text_table_text(table, row->guest);
            text_table_count(table, (guint64) row->vcpu);
            text_table_text(table, row->event);
            text_table_number(table, 0, (double) row->worst[k].visit_id);
            text_table_number(table, 1, row->worst[k].t_seconds);
            text_table_number(table, 4, row->worst[k].ratio);
        }
    }
    return table;
}

/* Estimators that no window could compute have no row: the text says which. */
TextTable *
table_of_estimators(const Analysis *analysis, Truth truth)
{
    static const char *const headings[] = {
        "<estimator", "<condition", "visits", "windows",   "Spearman",    "within",
        "Pearson",    "within",     "AUC",    "threshold", "sensitivity", "specificity",
        "delay s",    "p",          "p Holm", "<note",     NULL
    };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->estimators->len; i++) {
        const EvaluationRow *row = &g_array_index(analysis->estimators, EvaluationRow, i);
        g_autofree char *note = NULL;

        if (row->truth != truth || row->windows == 0)
            continue;
        note = g_strjoin(row->exploratory && (row->primary || !row->independent) ? ", " : "",
                         row->primary        ? "primary"
                         : !row->independent ? "not independent"
                                             : "",
                         row->exploratory ? "exploratory" : "", NULL);
        text_table_text(table, row->estimator->name);
        text_table_text(table, row->condition);
        text_table_count(table, row->visits);
        text_table_count(table, row->windows);
        text_table_number(table, 2, row->spearman);
        text_table_number(table, 2, row->spearman_within);
        text_table_number(table, 2, row->pearson);
        text_table_number(table, 2, row->pearson_within);
        text_table_interval(table, 2, row->auc, row->auc_low, row->auc_high);
        text_table_number(table, -4, row->threshold);
        text_table_number(table, 2, row->sensitivity);
        text_table_number(table, 2, row->specificity);
        text_table_number(table, 1, row->detection_delay_seconds);
        text_table_number(table, 4, row->p_value);
        text_table_number(table, 4, row->p_holm);
        text_table_text(table, note);
    }
    return table;
}

TextTable *
table_of_shapes(const Analysis *analysis)
{
    static const char *const headings[] = { "<estimator", "<condition", "<shape",      "<best form",
                                            "advantage",  "knee V:P %", "knee core %", "p",
                                            "<note",      NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->estimators->len; i++) {
        const EvaluationRow *row = &g_array_index(analysis->estimators, EvaluationRow, i);

        if (!row->has_shape)
            continue;
        text_table_text(table, row->estimator->name);
        text_table_text(table, row->condition);
        text_table_text(table, shape_name(row->shape.shape));
        text_table_text(table,
                        isnan(row->shape.p_value) ? NULL : curve_name(row->shape.curve.form));
        text_table_number(table, 1, row->shape.advantage);
        text_table_interval(table, 0, row->knee.at, row->knee.low, row->knee.high);
        text_table_interval(table, 0, row->knee_core.at, row->knee_core.low, row->knee_core.high);
        text_table_number(table, 4, row->shape.p_value);
        text_table_text(table, row->exploratory ? "exploratory" : "");
    }
    return table;
}

static void
add_control(TextTable *table, const ControlRow *row, size_t estimator, const EvaluationRow *cut,
            const char *note)
{
    text_table_text(table, row->name);
    text_table_count(table, row->visits);
    text_table_text(table, cut ? cut->estimator->name : NULL);
    text_table_number(table, 3, cut ? row->false_alarm_ratio[estimator] : NAN);
    text_table_number(table, 3, cut ? row->detected_ratio[estimator] : NAN);
    text_table_number(table, -4, cut ? cut->threshold : NAN);
    text_table_interval(table, 2, cut ? cut->auc : NAN, cut ? cut->auc_low : NAN,
                        cut ? cut->auc_high : NAN);
    text_table_text(table, note);
}

static char *
control_note(const ControlRow *row)
{
    if (row->refused)
        return g_strdup_printf("%u visits refused: %s", row->refused, row->refusal);
    return row->overcommitted ? g_strdup_printf("%u visits overcommitted by the host's processes",
                                                row->overcommitted)
                              : NULL;
}

/* Every estimator's false alarms, beside the AUC that its threshold comes from. */
TextTable *
table_of_controls(const Analysis *analysis)
{
    static const char *const headings[] = { "<control",     "visits",   "<estimator",
                                            "false alarms", "detected", "threshold",
                                            "AUC",          "<note",    NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->controls->len; i++) {
        const ControlRow *row = &g_array_index(analysis->controls, ControlRow, i);
        g_autofree char *note = control_note(row);
        bool scored = false;

        for (size_t e = 0; e < ESTIMATOR_COUNT; e++) {
            const EvaluationRow *cut = control_threshold(analysis->estimators, e);

            if (!cut || (isnan(row->false_alarm_ratio[e]) && isnan(row->detected_ratio[e])))
                continue;
            add_control(table, row, e, cut, scored ? NULL : note);
            scored = true;
        }
        if (!scored)
            add_control(table, row, 0, NULL, note ? note : "no estimator has a threshold");
    }
    return table;
}

TextTable *
table_of_isolation(const Analysis *analysis)
{
    static const char *const headings[] = { "<victim", "<culprit",      "<condition",
                                            "V:P %",   "visits",        "quiet",
                                            "units/s", "quiet units/s", "slowed down by",
                                            NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->isolation->len; i++) {
        const IsolationRow *row = &g_array_index(analysis->isolation, IsolationRow, i);

        text_table_text(table, row->victim_load ? row->victim_load : "its own");
        text_table_text(table, row->culprit_load ? row->culprit_load : "their own");
        text_table_text(table, row->condition);
        text_table_number(table, 0, row->vp_percent);
        text_table_count(table, row->visits);
        text_table_count(table, row->baseline_visits);
        text_table_number(table, -4, row->units_per_second);
        text_table_number(table, -4, row->baseline_units_per_second);
        text_table_interval(table, 2, row->slowdown_ratio, row->slowdown_low, row->slowdown_high);
    }
    return table;
}

TextTable *
table_of_exclusions(const Analysis *analysis)
{
    static const char *const headings[] = { "<reason", "windows", "<meaning", NULL };
    TextTable *table = text_table_new(headings);

    for (int r = 0; r < EXCLUDED_REASONS; r++) {
        if (analysis->excluded.windows[r] == 0)
            continue;
        text_table_text(table, excluded_name((ExcludedReason) r));
        text_table_count(table, analysis->excluded.windows[r]);
        text_table_text(table, excluded_meaning((ExcludedReason) r));
    }
    return table;
}

static void
put_swap(TextTable *table, const Analysis *analysis, const DatasetSwap *swap)
{
    const DatasetVisit *visit = dataset_facts_visit(analysis->facts, swap->visit_id);
    const DatasetGuest *guest = dataset_facts_guest(analysis->facts, swap->guest_id);
    const char *condition = visit ? analysis_condition_name(analysis, visit->condition_id) : NULL;

    if (!visit || (!guest && swap->guest_id != DATASET_UNKNOWN))
        return;
    text_table_text(table, guest ? guest->name : "the host");
    text_table_text(table, condition ? condition : "");
    text_table_number(table, visit->vp_percent, 0);
    text_table_count(table, (uint64_t) visit->repeat);
    text_table_count(table, (uint64_t) MAX(swap->in_kib, 0));
    text_table_count(table, (uint64_t) MAX(swap->out_kib, 0));
}

TextTable *
table_of_swaps(const Analysis *analysis)
{
    static const char *const headings[] = { "<who",   "<condition", "V:P %", "repeat",
                                            "KiB in", "KiB out",    NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->swaps->len; i++)
        put_swap(table, analysis, &g_array_index(analysis->swaps, DatasetSwap, i));
    return table;
}

TextTable *
table_of_clocks(const Analysis *analysis)
{
    static const char *const headings[] = { "<guest",    "<condition",  "repeat",
                                            "<method",   "line",        "bound µs",
                                            "drift ppm", "residual µs", NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->facts->guests->len; i++) {
        const DatasetGuest *guest = &g_array_index(analysis->facts->guests, DatasetGuest, i);
        const ClockMap *map = clock_table_map(analysis->clocks, guest->id);
        const GArray *segments = clock_map_segments(map);

        for (guint k = 0; segments && k < segments->len; k++) {
            const ClockSegment *segment = &g_array_index(segments, ClockSegment, k);

            text_table_text(table, guest->name);
            text_table_text(table, analysis_condition_name(analysis, guest->condition_id));
            text_table_number(table, 0,
                              guest->repeat == DATASET_UNKNOWN ? NAN : (double) guest->repeat);
            text_table_text(table, clock_method_name(clock_map_method(map)));
            text_table_count(table, k + 1);
            text_table_number(table, 1, segment->bound_ns / 1e3);
            text_table_number(table, 2, segment->drift_ppm);
            text_table_number(table, 1, segment->residual_ns / 1e3);
        }
    }
    return table;
}

TextTable *
table_of_environment(const Analysis *analysis)
{
    static const char *const headings[] = { "<what", "<found", NULL };
    const DatasetRun *run = &analysis->facts->run;
    const struct {
        const char *what, *found;
    } rows[] = {
        { "run", run->name },
        { "identity", run->uuid },
        { "made by", run->command },
        { "insideout", run->tool_version },
        { "state", run->state },
        { "counters", run->counters },
        { "accelerator", run->accelerator },
        { "libvirt URI", run->connect },
        { "pool of CPUs", run->pool },
        { "load", run->load },
        { "CPU model", run->cpu_model },
        { "microcode", run->microcode },
        { "kernel", run->kernel },
        { "QEMU", run->qemu },
        { "libvirt", run->libvirt },
        { "mitigations", run->mitigations },
        { "host", run->host_facts },
    };
    TextTable *table = text_table_new(headings);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        text_table_text(table, rows[i].what);
        text_table_text(table, rows[i].found);
    }
    return table;
}

TextTable *
table_of_notes(const Analysis *analysis)
{
    static const char *const headings[] = { "<severity", "visit", "<what happened", NULL };
    TextTable *table = text_table_new(headings);

    for (guint i = 0; i < analysis->notes->len; i++) {
        const DatasetNote *note = &g_array_index(analysis->notes, DatasetNote, i);

        text_table_text(table, note->severity);
        text_table_number(table, 0,
                          note->visit_id == DATASET_UNKNOWN ? NAN : (double) note->visit_id);
        text_table_text(table, note->text);
    }
    return table;
}
