/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/json_document.h"

#include <math.h>

#include "common/json/builder.h"

static void
add_environment(JsonBuilder *builder, const DatasetRun *run)
{
    json_builder_set_member_name(builder, "environment");
    json_builder_begin_object(builder);
    json_put_text(builder, "run", run->name);
    json_put_text(builder, "uuid", run->uuid);
    json_put_text(builder, "command", run->command);
    json_put_text(builder, "state", run->state);
    json_put_text(builder, "tool_version", run->tool_version);
    json_put_text(builder, "accelerator", run->accelerator);
    json_put_text(builder, "connect", run->connect);
    json_put_text(builder, "pool", run->pool);
    json_put_integer(builder, "pool_cpus", run->pool_cpus);
    json_put_integer(builder, "pool_cores", run->pool_cores);
    json_put_integer(builder, "housekeeping", run->housekeeping);
    json_put_integer(builder, "interval_ns", run->interval_ns);
    json_put_text(builder, "cpu_model", run->cpu_model);
    json_put_text(builder, "microcode", run->microcode);
    json_put_text(builder, "kernel", run->kernel);
    json_put_text(builder, "qemu", run->qemu);
    json_put_text(builder, "libvirt", run->libvirt);
    json_put_document(builder, "load", run->load);
    json_put_document(builder, "mitigations", run->mitigations);
    json_put_document(builder, "host_facts", run->host_facts);
    json_put_text(builder, "slowdown_truth",
                  "proxy: instructions a wall second against the quiet condition's lowest step");
    json_builder_end_object(builder);
}

static void
add_clock(JsonBuilder *builder, const Analysis *analysis)
{
    ClockSummary summary = clock_table_summary(analysis->clocks);

    json_builder_set_member_name(builder, "clock");
    json_builder_begin_object(builder);
    json_put_text(builder, "method", clock_method_name(summary.method));
    json_put_number(builder, "bound_ns", summary.bound_ns);
    json_put_number(builder, "drift_ppm", summary.drift_ppm);
    json_builder_end_object(builder);
}

static void
add_steal_check(JsonBuilder *builder, const void *row)
{
    const StealCheck *check = row;

    json_put_text(builder, "condition", check->condition);
    json_put_number(builder, "vp_percent", check->vp_percent);
    json_put_number(builder, "load_percent", check->load_percent);
    json_put_number(builder, "core_percent", check->core_percent);
    json_put_integer(builder, "repeat", check->repeat);
    json_put_number(builder, "expected_ratio", check->expected_ratio);
    json_put_number(builder, "measured_ratio", check->measured_ratio);
    json_put_number(builder, "micro_ratio", check->micro_ratio);
    json_builder_set_member_name(builder, "pass");
    if (check->pass < 0)
        json_builder_add_null_value(builder);
    else
        json_builder_add_boolean_value(builder, check->pass);
}

static void
add_fidelity(JsonBuilder *builder, const void *data)
{
    const FidelityRow *row = data;

    json_put_text(builder, "guest", row->guest);
    json_put_integer(builder, "vcpu", row->vcpu);
    json_put_text(builder, "event", row->event);
    json_put_bool(builder, "independent", row->independent);
    json_put_integer(builder, "windows", (int64_t) row->windows);
    json_put_number(builder, "median_ratio", row->median_ratio);
    json_put_number(builder, "bias_percent", row->bias_percent);
    json_put_number(builder, "loa_low_percent", row->loa_low_percent);
    json_put_number(builder, "loa_high_percent", row->loa_high_percent);
    json_builder_set_member_name(builder, "verdicts");
    json_builder_begin_object(builder);
    for (int v = 0; v < VERDICTS; v++)
        json_put_integer(builder, verdict_name((Verdict) v), (int64_t) row->verdicts[v]);
    json_builder_end_object(builder);
}

static void
add_estimator(JsonBuilder *builder, const void *data)
{
    const EvaluationRow *row = data;

    json_put_text(builder, "name", row->estimator->name);
    json_put_text(builder, "condition", row->condition);
    json_put_text(builder, "truth", truth_name(row->truth));
    json_put_bool(builder, "independent", row->independent);
    json_put_bool(builder, "exploratory", row->exploratory);
    json_put_integer(builder, "visits", row->visits);
    json_put_integer(builder, "windows", (int64_t) row->windows);
    json_put_number(builder, "spearman", row->spearman);
    json_put_number(builder, "spearman_within_step", row->spearman_within);
    json_put_number(builder, "auc", row->auc);
    json_put_number(builder, "auc_low", row->auc_low);
    json_put_number(builder, "auc_high", row->auc_high);
    json_put_number(builder, "threshold", row->threshold);
    json_put_number(builder, "sensitivity", row->sensitivity);
    json_put_number(builder, "specificity", row->specificity);
    json_put_number(builder, "false_alarm_ratio", row->false_alarm_ratio);
    json_put_number(builder, "detection_delay_seconds", row->detection_delay_seconds);
    json_put_text(builder, "shape", row->has_shape ? shape_name(row->shape.shape) : NULL);
    json_put_number(builder, "knee_vp_percent", row->knee.at);
    json_put_number(builder, "knee_low", row->knee.low);
    json_put_number(builder, "knee_high", row->knee.high);
    json_put_number(builder, "p_value", row->p_value);
    json_put_number(builder, "p_holm", row->p_holm);
}

static void
add_control_estimators(JsonBuilder *builder, const ControlRow *row, const GArray *rows)
{
    json_builder_set_member_name(builder, "estimators");
    json_builder_begin_array(builder);
    for (size_t e = 0; e < ESTIMATOR_COUNT; e++) {
        const EvaluationRow *cut = control_threshold(rows, e);

        if (!cut || (isnan(row->false_alarm_ratio[e]) && isnan(row->detected_ratio[e])))
            continue;
        json_builder_begin_object(builder);
        json_put_text(builder, "name", cut->estimator->name);
        json_put_number(builder, "false_alarm_ratio", row->false_alarm_ratio[e]);
        json_put_number(builder, "detected_ratio", row->detected_ratio[e]);
        json_put_number(builder, "threshold", cut->threshold);
        json_put_number(builder, "auc", cut->auc);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_controls(JsonBuilder *builder, const Analysis *analysis)
{
    size_t estimator = control_estimator(analysis->estimators);

    json_builder_set_member_name(builder, "controls");
    json_builder_begin_array(builder);
    for (guint i = 0; i < analysis->controls->len; i++) {
        const ControlRow *row = &g_array_index(analysis->controls, ControlRow, i);

        json_builder_begin_object(builder);
        json_put_text(builder, "name", row->name);
        json_put_integer(builder, "visits", row->visits);
        json_put_number(builder, "false_alarm_ratio", row->false_alarm_ratio[estimator]);
        json_put_integer(builder, "overcommitted_visits", row->overcommitted);
        json_put_number(builder, "detected_ratio", row->detected_ratio[estimator]);
        json_put_integer(builder, "refused_visits", row->refused);
        json_put_text(builder, "refused_because", row->refusal);
        add_control_estimators(builder, row, analysis->estimators);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_rows(JsonBuilder *builder, const char *key, const GArray *rows,
         void (*add)(JsonBuilder *builder, const void *row))
{
    json_builder_set_member_name(builder, key);
    json_builder_begin_array(builder);
    for (guint i = 0; i < rows->len; i++) {
        json_builder_begin_object(builder);
        add(builder, rows->data + i * g_array_get_element_size((GArray *) rows));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_isolation(JsonBuilder *builder, const void *data)
{
    const IsolationRow *row = data;

    json_put_text(builder, "condition", row->condition);
    json_put_text(builder, "victim_load", row->victim_load);
    json_put_text(builder, "culprit_load", row->culprit_load);
    json_put_number(builder, "vp_percent", row->vp_percent);
    json_put_number(builder, "load_percent", row->load_percent);
    json_put_integer(builder, "visits", row->visits);
    json_put_integer(builder, "baseline_visits", row->baseline_visits);
    json_put_number(builder, "units_per_second", row->units_per_second);
    json_put_number(builder, "baseline_units_per_second", row->baseline_units_per_second);
    json_put_number(builder, "slowdown_ratio", row->slowdown_ratio);
    json_put_number(builder, "slowdown_low", row->slowdown_low);
    json_put_number(builder, "slowdown_high", row->slowdown_high);
}

static void
add_swaps(JsonBuilder *builder, const Analysis *analysis)
{
    json_builder_set_member_name(builder, "swapped");
    json_builder_begin_array(builder);
    for (guint i = 0; i < analysis->swaps->len; i++) {
        const DatasetSwap *swap = &g_array_index(analysis->swaps, DatasetSwap, i);
        const DatasetGuest *guest = dataset_facts_guest(analysis->facts, swap->guest_id);

        json_builder_begin_object(builder);
        json_put_integer(builder, "visit_id", swap->visit_id);
        json_put_text(builder, "guest", guest ? guest->name : NULL);
        json_put_integer(builder, "swapped_in_kib", swap->in_kib);
        json_put_integer(builder, "swapped_out_kib", swap->out_kib);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_excluded(JsonBuilder *builder, const Exclusions *excluded)
{
    json_builder_set_member_name(builder, "excluded");
    json_builder_begin_array(builder);
    for (int r = 0; r < EXCLUDED_REASONS; r++) {
        if (excluded->windows[r] == 0)
            continue;
        json_builder_begin_object(builder);
        json_put_text(builder, "reason", excluded_name((ExcludedReason) r));
        json_put_integer(builder, "windows", (int64_t) excluded->windows[r]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

/* null where both sides count all the time. */
static void
add_turns(JsonBuilder *builder, const Analysis *analysis)
{
    g_autofree char *text =
        turn_windows_text(&analysis->turns, analysis->excluded.windows[EXCLUDED_HOST_TURN]);

    json_builder_set_member_name(builder, "turns");
    if (!text) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_object(builder);
    json_put_integer(builder, "guest_windows", (int64_t) analysis->turns.guest);
    json_put_integer(builder, "compared_windows", (int64_t) analysis->turns.compared);
    json_put_integer(builder, "host_windows",
                     (int64_t) analysis->excluded.windows[EXCLUDED_HOST_TURN]);
    json_builder_end_object(builder);
}

char *
json_document(const Analysis *analysis)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_integer(builder, "format", 1);
    json_put_text(builder, "dataset", dataset_reader_path(analysis->reader));
    json_put_text(builder, "counters", analysis->facts->run.counters);
    add_environment(builder, &analysis->facts->run);
    json_put_text(builder, "answer", analysis->answer);
    add_clock(builder, analysis);
    add_rows(builder, "steal_check", analysis->steal_checks, add_steal_check);
    add_rows(builder, "fidelity", analysis->fidelity, add_fidelity);
    add_turns(builder, analysis);
    add_rows(builder, "estimators", analysis->estimators, add_estimator);
    add_controls(builder, analysis);
    add_rows(builder, "isolation", analysis->isolation, add_isolation);
    add_swaps(builder, analysis);
    add_excluded(builder, &analysis->excluded);
    json_builder_end_object(builder);
    return json_builder_text(builder, true);
}
