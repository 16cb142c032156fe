/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>

#include "common/judge/strict.h"
#include "common/judge/threshold.h"

#define MAX_ENTRIES 10000

static const char *const truths[] = { "vp", "delay", "slowdown", NULL };
static const char *const holdouts[] = { "repeat", "load", "host", NULL };
static const char *const directions[] = { "above", "below", NULL };

static bool
read_estimator(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    g_autofree char *name = NULL;

    if (!strict_text(place, field, &name, error))
        return false;
    *(const Estimator **) target = estimator_find(name);
    return *(const Estimator **) target != NULL ||
           strict_error(place, error, "“%s” is no estimator of this version", name);
}

typedef struct {
    Threshold threshold;
    int truth, direction, heldout;
} Entry;

#define TEXT(key, member)                                           \
    {                                                               \
        key, strict_text_or_null, offsetof(Entry, threshold.member) \
    }
#define NUMBER(key, member, low, high)                                            \
    {                                                                             \
        key, strict_number_or_null, offsetof(Entry, threshold.member), low, high, \
    }

static const StrictField entry_fields[] = {
    TEXT("cpu_model", key.cpu_model),
    TEXT("microcode", key.microcode),
    TEXT("mitigations", key.mitigations),
    TEXT("load", key.load),
    TEXT("counters", key.counters),
    { "estimator", read_estimator, offsetof(Entry, threshold.estimator), .required = true },
    { "truth", strict_choice, offsetof(Entry, truth), .choices = truths, .required = true },
    { "direction", strict_choice, offsetof(Entry, direction), .choices = directions,
      .required = true },
    { "threshold", strict_number, offsetof(Entry, threshold.threshold), -DBL_MAX, DBL_MAX,
      .required = true },
    NUMBER("auc", auc, 0, 1),
    NUMBER("auc_low", auc_low, 0, 1),
    NUMBER("auc_high", auc_high, 0, 1),
    NUMBER("heldout_sensitivity", heldout_sensitivity, 0, 1),
    NUMBER("heldout_specificity", heldout_specificity, 0, 1),
    { "heldout", strict_choice, offsetof(Entry, heldout), .choices = holdouts },
    { "datasets", strict_texts, offsetof(Entry, threshold.datasets) },
};

static bool
read_entry(const StrictPlace *place, void *data, GError **error)
{
    GArray *thresholds = data;
    Entry entry = { .threshold = { .auc = NAN,
                                   .auc_low = NAN,
                                   .auc_high = NAN,
                                   .heldout_sensitivity = NAN,
                                   .heldout_specificity = NAN } };
    bool ok = thresholds->len < MAX_ENTRIES
                  ? strict_object(place, entry_fields, G_N_ELEMENTS(entry_fields), &entry, error)
                  : strict_error(place, error, "more than %d entries", MAX_ENTRIES);

    entry.threshold.truth = g_strdup(truths[entry.truth]);
    entry.threshold.heldout = g_strdup(holdouts[entry.heldout]);
    entry.threshold.above = entry.direction == 0;
    g_array_append_val(thresholds, entry.threshold); /* freed with it, whole or not */
    return ok;
}

static bool
read_entries(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    return strict_each(place, read_entry, *(GArray **) target, error);
}

typedef struct {
    int64_t format;
    GArray *entries;
} Document;

static const StrictField fields[] = {
    { "format", strict_whole, offsetof(Document, format), .low = THRESHOLDS_FORMAT,
      .high = THRESHOLDS_FORMAT, .required = true },
    { "entries", read_entries, offsetof(Document, entries), .required = true },
};

static GArray *
read_document(const char *name, const json_t *root, GError **error)
{
    g_autoptr(GArray) entries = thresholds_new();
    Document document = { .entries = entries };

    if (!root || !strict_object(&(StrictPlace){ name, "$", root }, fields, G_N_ELEMENTS(fields),
                                &document, error))
        return NULL;
    return g_steal_pointer(&entries);
}

GArray *
thresholds_load(const char *path, GError **error)
{
    g_autoptr(json_t) root = strict_load(path, error);

    return read_document(path, root, error);
}

GArray *
thresholds_parse(const char *name, const char *text, gssize length, GError **error)
{
    g_autoptr(json_t) root = strict_parse(name, text, length, error);

    return read_document(name, root, error);
}
