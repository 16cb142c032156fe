/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/clock_table.h"

#include <math.h>

#include "common/json/document.h"

struct ClockTable {
    const DatasetFacts *facts;
    GHashTable *fits; /* int64_t * guest id -> ClockFit, while pings are read */
    GHashTable *maps; /* int64_t * guest id -> ClockMap */
    guint pings, rejected;
};

static bool
add_ping(const DatasetPing *ping, void *data, GError **error)
{
    ClockTable *table = data;
    ClockFit *fit = g_hash_table_lookup(table->fits, &ping->guest_id);
    const ClockPing stamps = { ping->t1_ns, ping->t2_ns, ping->t3_ns, ping->t4_ns };

    if (!fit) {
        fit = clock_fit_new();
        g_hash_table_insert(table->fits, g_memdup2(&ping->guest_id, sizeof ping->guest_id), fit);
    }
    clock_fit_add(fit, &stamps);
    return true;
}

static void
make_map(ClockTable *table, const DatasetGuest *guest)
{
    bool same = g_str_equal(table->facts->run.command, "import") ||
                g_str_equal(table->facts->run.command, "join");
    gpointer key = NULL, fit = NULL;

    if (g_hash_table_steal_extended(table->fits, &guest->id, &key, &fit)) {
        table->pings += clock_fit_pings(fit);
        table->rejected += clock_fit_rejected(fit);
        g_free(key);
    }
    g_hash_table_replace(table->maps, g_memdup2(&guest->id, sizeof guest->id),
                         clock_map_new(fit, same));
}

ClockTable *
clock_table_new(DatasetReader *reader, GError **error)
{
    g_autoptr(ClockTable) table = g_new0(ClockTable, 1);

    table->facts = dataset_reader_facts(reader);
    table->fits =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) clock_fit_free);
    table->maps =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) clock_map_free);
    if (!dataset_reader_pings(reader, add_ping, table, error))
        return NULL;
    for (guint i = 0; i < table->facts->guests->len; i++)
        make_map(table, &g_array_index(table->facts->guests, DatasetGuest, i));
    return g_steal_pointer(&table);
}

void
clock_table_free(ClockTable *table)
{
    if (!table)
        return;

    g_clear_pointer(&table->fits, g_hash_table_unref);
    g_clear_pointer(&table->maps, g_hash_table_unref);
    g_free(table);
}

const ClockMap *
clock_table_map(const ClockTable *table, int64_t guest_id)
{
    return g_hash_table_lookup(table->maps, &guest_id);
}

bool
clock_table_enter_visit(ClockTable *table, DatasetReader *reader, const DatasetGuest *guest,
                        int64_t vcpu, const DatasetVisit *visit, GError **error)
{
    static const char *const none[] = { NULL };
    ClockMap *map = g_hash_table_lookup(table->maps, &guest->id);
    DatasetRow first, last;
    bool found;

    if (guest->tsc_offset == DATASET_UNKNOWN || visit->start_raw_ns < 0)
        return true;
    if (!dataset_reader_ends(reader, DATASET_SCHED_SAMPLES, guest->id, vcpu, visit->start_raw_ns,
                             visit->end_raw_ns, none, &first, &last, &found, error))
        return false;
    if (found)
        clock_map_use_tsc(map, guest, &first, &last);
    return true;
}

static void
widen(ClockSummary *summary, const GArray *segments)
{
    for (guint i = 0; segments && i < segments->len; i++) {
        const ClockSegment *segment = &g_array_index(segments, ClockSegment, i);

        summary->bound_ns = fmax(summary->bound_ns, segment->bound_ns);
        summary->residual_ns = fmax(summary->residual_ns, segment->residual_ns);
        if (isnan(summary->drift_ppm) || fabs(segment->drift_ppm) > fabs(summary->drift_ppm))
            summary->drift_ppm = segment->drift_ppm;
    }
    summary->steps += segments && segments->len ? segments->len - 1 : 0;
}

/* What a join said of itself: how well the guest's file was found in the host's time. */
static void
widen_by_join(ClockSummary *summary, const DatasetGuest *guest)
{
    g_autoptr(JsonNode) root =
        guest->facts ? json_document_parse("facts", guest->facts, -1, NULL) : NULL;
    JsonNode *bound = root && JSON_NODE_HOLDS_OBJECT(root)
                          ? json_object_get_member(json_node_get_object(root), "join_bound_ns")
                          : NULL;

    if (bound && JSON_NODE_HOLDS_VALUE(bound))
        summary->bound_ns = fmax(summary->bound_ns, json_node_get_double(bound));
}

ClockSummary
clock_table_summary(const ClockTable *table)
{
    ClockSummary summary = { CLOCK_NONE, NAN, NAN, NAN, 0, table->pings, table->rejected };

    for (guint i = 0; i < table->facts->guests->len; i++) {
        const DatasetGuest *guest = &g_array_index(table->facts->guests, DatasetGuest, i);
        const ClockMap *map = clock_table_map(table, guest->id);
        ClockMethod method = clock_map_method(map);

        if (method == CLOCK_NONE)
            continue;
        summary.method = summary.method == CLOCK_NONE ? method : MIN(summary.method, method);
        widen(&summary, clock_map_segments(map));
        if (method == CLOCK_SAME)
            widen_by_join(&summary, guest);
    }
    return summary;
}
