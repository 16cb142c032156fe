/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>

#include "common/json/builder.h"
#include "common/json/document.h"
#include "correlate/threshold.h"

#define FORMAT 1
#define MAX_ENTRIES 10000

static const char *const truths[] = { "vp", "delay", "slowdown", NULL };
static const char *const holdouts[] = { "repeat", "load", "host", NULL };
static const char *const directions[] = { "above", "below", NULL };

/* null is what was not known when it was learned. */
static bool
read_text_or_null(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    return JSON_NODE_HOLDS_NULL(place->node) || json_read_string(place, field, target, error);
}

static bool
read_number_or_null(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    return JSON_NODE_HOLDS_NULL(place->node) || json_read_double(place, field, target, error);
}

static bool
read_estimator(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    g_autofree char *name = NULL;

    if (!json_read_string(place, field, &name, error))
        return false;
    *(const Estimator **) target = estimator_find(name);
    return *(const Estimator **) target != NULL ||
           json_place_error(place, error, "“%s” is no estimator of this version", name);
}

typedef struct {
    Threshold threshold;
    int truth, direction, heldout;
} Entry;

#define TEXT(key, member)                                         \
    {                                                             \
        key, read_text_or_null, offsetof(Entry, threshold.member) \
    }
#define NUMBER(key, member, low, high)                                          \
    {                                                                           \
        key, read_number_or_null, offsetof(Entry, threshold.member), low, high, \
    }

static const JsonField entry_fields[] = {
    TEXT("cpu_model", key.cpu_model),
    TEXT("microcode", key.microcode),
    TEXT("mitigations", key.mitigations),
    TEXT("load", key.load),
    TEXT("counters", key.counters),
    { "estimator", read_estimator, offsetof(Entry, threshold.estimator), .required = true },
    { "truth", json_read_choice, offsetof(Entry, truth), .choices = truths, .required = true },
    { "direction", json_read_choice, offsetof(Entry, direction), .choices = directions,
      .required = true },
    { "threshold", json_read_double, offsetof(Entry, threshold.threshold), -DBL_MAX, DBL_MAX,
      .required = true },
    NUMBER("auc", auc, 0, 1),
    NUMBER("auc_low", auc_low, 0, 1),
    NUMBER("auc_high", auc_high, 0, 1),
    NUMBER("heldout_sensitivity", heldout_sensitivity, 0, 1),
    NUMBER("heldout_specificity", heldout_specificity, 0, 1),
    { "heldout", json_read_choice, offsetof(Entry, heldout), .choices = holdouts },
    { "datasets", json_read_strv, offsetof(Entry, threshold.datasets) },
};

static bool
read_entry(const JsonPlace *place, void *data, GError **error)
{
    GArray *thresholds = data;
    Entry entry = { .threshold = { .auc = NAN,
                                   .auc_low = NAN,
                                   .auc_high = NAN,
                                   .heldout_sensitivity = NAN,
                                   .heldout_specificity = NAN } };
    bool ok = thresholds->len < MAX_ENTRIES
                  ? json_read_object(place, entry_fields, G_N_ELEMENTS(entry_fields), &entry, error)
                  : json_place_error(place, error, "more than %d entries", MAX_ENTRIES);

    entry.threshold.truth = g_strdup(truths[entry.truth]);
    entry.threshold.heldout = g_strdup(holdouts[entry.heldout]);
    entry.threshold.above = entry.direction == 0;
    g_array_append_val(thresholds, entry.threshold); /* freed with it, whole or not */
    return ok;
}

static bool
read_entries(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    return json_read_each(place, read_entry, *(GArray **) target, error);
}

typedef struct {
    int64_t format;
    GArray *entries;
} Document;

static const JsonField fields[] = {
    { "format", json_read_int64, offsetof(Document, format), .low = FORMAT, .high = FORMAT,
      .required = true },
    { "entries", read_entries, offsetof(Document, entries), .required = true },
};

static GArray *
read_document(const char *name, JsonNode *root, GError **error)
{
    g_autoptr(GArray) entries = thresholds_new();
    Document document = { .entries = entries };

    if (!root || !json_read_object(&(JsonPlace){ name, "$", root }, fields, G_N_ELEMENTS(fields),
                                   &document, error))
        return NULL;
    return g_steal_pointer(&entries);
}

GArray *
thresholds_load(const char *path, GError **error)
{
    g_autoptr(JsonNode) root = json_document_load(path, error);

    return read_document(path, root, error);
}

GArray *
thresholds_parse(const char *name, const char *text, gssize length, GError **error)
{
    g_autoptr(JsonNode) root = json_document_parse(name, text, length, error);

    return read_document(name, root, error);
}

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
    json_put_text(builder, "direction", directions[threshold->above ? 0 : 1]);
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
    json_put_integer(builder, "format", FORMAT);
    json_builder_set_member_name(builder, "entries");
    json_builder_begin_array(builder);
    for (guint i = 0; i < thresholds->len; i++)
        add_entry(builder, &g_array_index(thresholds, Threshold, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_builder_text(builder, true);
}
