/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/learn_data.h"

#include <json-glib/json-glib.h>
#include <math.h>

#include "common/base/failure.h"
#include "common/json/document.h"
#include "correlate/evidence.h"
#include "correlate/run_key.h"

#define STARVED_SHARE 0.05

static void
set_free(void *data)
{
    LearnSet *set = data;

    analysis_free(set->analysis);
    threshold_key_clear(&set->key);
    g_free(set->host);
    g_free(set);
}

/* A host is told by what was recorded of it; where nothing was, every dataset is its own. */
static char *
host_of(const DatasetRun *run)
{
    g_autoptr(JsonNode) root =
        run->host_facts ? json_document_parse("host_facts", run->host_facts, -1, NULL) : NULL;
    static const char *const names[] = { "machine_id", "hostname" };

    for (guint i = 0; root && JSON_NODE_HOLDS_OBJECT(root) && i < G_N_ELEMENTS(names); i++) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), names[i]);

        if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            return json_node_dup_string(node);
    }
    return g_strdup(run->uuid);
}

static bool
is_starved(const FidelityRow *row)
{
    guint64 all = 0;

    for (int v = 0; v < VERDICTS; v++)
        all += row->verdicts[v];
    return (double) row->verdicts[VERDICT_STARVED] > STARVED_SHARE * (double) all;
}

static const char *
why_unfit(const Analysis *analysis, const LearnOptions *options)
{
    const DatasetRun *run = &analysis->facts->run;

    if (g_str_equal(run->counters, "emulated") && !options->allow_emulated)
        return "its counters are emulated: nothing learned from it is a fact about silicon "
               "(--allow-emulated learns it all the same, and marks the thresholds)";
    if (!g_str_equal(run->state, "complete"))
        return "the run is not complete";
    if (visits_fewest(analysis->visits, -1) < EVALUATION_MIN_REPEATS)
        return "it has fewer than three repeats: a threshold from it could not be trusted";
    for (guint i = 0; i < analysis->steal_checks->len; i++)
        if (g_array_index(analysis->steal_checks, StealCheck, i).pass == 0)
            return "a visit's steal check failed: see correlate validate";
    for (guint i = 0; i < analysis->fidelity->len; i++) {
        const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, i);

        if (fabs(row->median_ratio - 1) > 0.02 || is_starved(row))
            return "its fidelity failed: guest and host do not count the same, see correlate "
                   "validate";
    }
    return NULL;
}

static LearnSet *
load_set(const char *path, const LearnOptions *options, GError **error)
{
    LearnSet *set = g_new0(LearnSet, 1);
    const char *why;

    set->analysis = analysis_scan(path, error);
    why = set->analysis ? why_unfit(set->analysis, options) : NULL;
    if (why)
        failure_set(error, FAILURE_FAILED, "%s: refused: %s", path, why);
    if (why || !set->analysis) {
        set_free(set);
        return NULL;
    }
    set->key = run_key(&set->analysis->facts->run);
    set->host = host_of(&set->analysis->facts->run);
    return set;
}

GPtrArray *
learn_sets_load(char **paths, const LearnOptions *options, GError **error)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func(set_free);

    for (guint i = 0; paths[i]; i++) {
        LearnSet *set = load_set(paths[i], options, error);

        if (!set)
            return NULL;
        g_ptr_array_add(sets, set);
    }
    return g_steal_pointer(&sets);
}

bool
learn_sets_together(const LearnSet *a, const LearnSet *b, HoldOut hold_out)
{
    return g_strcmp0(a->key.cpu_model, b->key.cpu_model) == 0 &&
           g_strcmp0(a->key.microcode, b->key.microcode) == 0 &&
           g_strcmp0(a->key.mitigations, b->key.mitigations) == 0 &&
           g_strcmp0(a->key.counters, b->key.counters) == 0 &&
           (hold_out == HOLD_OUT_LOADS || g_strcmp0(a->key.load, b->key.load) == 0);
}

void
learn_windows_free(LearnWindows *windows)
{
    if (!windows)
        return;

    g_free(windows->value);
    g_free(windows->label);
    g_free(windows->visit);
    g_free(windows->level);
    g_free(windows->fold);
    g_free(windows);
}

/* Folds are numbered as their names are met: a repeat by its number, a load or host by its text. */
static size_t
fold_of(GHashTable *folds, const LearnSet *set, const Visit *visit, HoldOut hold_out)
{
    char *name = hold_out == HOLD_OUT_REPEATS
                     ? g_strdup_printf("%" G_GINT64_FORMAT, visit->repeat)
                     : g_strdup(hold_out == HOLD_OUT_LOADS ? set->key.load : set->host);
    gpointer found;

    if (!name)
        name = g_strdup("");
    if (g_hash_table_lookup_extended(folds, name, NULL, &found)) {
        g_free(name);
        return GPOINTER_TO_SIZE(found);
    }
    found = GSIZE_TO_POINTER(g_hash_table_size(folds));
    g_hash_table_insert(folds, name, found);
    return GPOINTER_TO_SIZE(found);
}

static void
append(LearnWindows *windows, const Evidence *evidence, const LearnSet *set, GHashTable *folds,
       size_t base, HoldOut hold_out)
{
    size_t total = windows->n + evidence->n + 1;

    windows->value = g_renew(double, windows->value, total);
    windows->label = g_renew(int, windows->label, total);
    windows->visit = g_renew(size_t, windows->visit, total);
    windows->level = g_renew(size_t, windows->level, total);
    windows->fold = g_renew(size_t, windows->fold, total);
    for (size_t i = 0; i < evidence->n; i++) {
        const Visit *visit = set->analysis->visits->visits->pdata[evidence->visit[i]];
        size_t at = windows->n++;

        windows->value[at] = evidence->value[i];
        windows->label[at] = evidence->label[i];
        windows->visit[at] = base + evidence->visit[i];
        windows->level[at] = base + evidence->level[i];
        windows->fold[at] = fold_of(folds, set, visit, hold_out);
    }
}

LearnWindows *
learn_windows_new(const GPtrArray *group, size_t estimator, Truth truth, HoldOut hold_out)
{
    LearnWindows *windows = g_new0(LearnWindows, 1);
    g_autoptr(GHashTable) folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    size_t base = 0;

    for (guint i = 0; i < group->len; i++) {
        const LearnSet *set = group->pdata[i];
        g_autoptr(Evidence) all = evidence_collect(set->analysis->visits, estimator, -1, truth);
        g_autoptr(Evidence) labelled = evidence_labelled(all);

        append(windows, labelled, set, folds, base, hold_out);
        base += set->analysis->visits->visits->len;
    }
    windows->folds = g_hash_table_size(folds);
    return windows;
}
