/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/threshold_document.h"

#include "common/json/builder.h"
#include "common/judge/threshold.h"

static void
add_entry(JsonBuilder *builder, const Threshold *threshold)
{
    json_builder_begin_object(builder);
    json_put_text(builder, "cpu_model", threshold->key.cpu_model);
    json_put_text(builder, "microcode", threshold->key.microcode);
    json_put_text(builder, "mitigations", threshold->key.mitigations);
    json_put_text(builder, "load", threshold->key.load);
    json_put_text(builder, "estimator", threshold->estimator->name);
    json_put_text(builder, "truth", threshold->truth);
    json_put_text(builder, "direction", threshold->above ? "above" : "below");
    json_put_number(builder, "threshold", threshold->threshold);
    json_put_number(builder, "auc", threshold->auc);
    json_put_number(builder, "auc_low", threshold->auc_low);
    json_put_number(builder, "auc_high", threshold->auc_high);
    json_put_number(builder, "heldout_sensitivity", threshold->heldout_sensitivity);
    json_put_number(builder, "heldout_specificity", threshold->heldout_specificity);
    json_put_text(builder, "heldout", threshold->heldout);
    json_builder_set_member_name(builder, "datasets");
    json_builder_begin_array(builder);
    for (guint i = 0; threshold->datasets && threshold->datasets[i]; i++)
        json_builder_add_string_value(builder, threshold->datasets[i]);
    json_builder_end_array(builder);
    json_put_text(builder, "counters", threshold->key.counters);
    json_builder_end_object(builder);
}

char *
thresholds_document(const GArray *thresholds)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_integer(builder, "format", THRESHOLDS_FORMAT);
    json_builder_set_member_name(builder, "entries");
    json_builder_begin_array(builder);
    for (guint i = 0; i < thresholds->len; i++)
        add_entry(builder, &g_array_index(thresholds, Threshold, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_builder_text(builder, true);
}
