/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/query.h"
#include "common/dataset/reader_private.h"

/*
 * Of each side's readings during a visit the last one before measuring and the first one after it;
 * where there is none, the visit's first and last.
 */
static const char swap_sql[] =
    "WITH edge AS (SELECT m.visit_id, m.guest_id,"
    " coalesce(max(CASE WHEN m.raw_ns <= v.start_raw_ns THEN m.raw_ns END), min(m.raw_ns)) AS a,"
    " coalesce(min(CASE WHEN m.raw_ns >= v.end_raw_ns THEN m.raw_ns END), max(m.raw_ns)) AS z"
    " FROM memory_sample m JOIN visit v ON v.id = m.visit_id"
    " WHERE m.swapped_in_kib IS NOT NULL AND m.swapped_out_kib IS NOT NULL"
    " GROUP BY m.visit_id, m.guest_id)"
    " SELECT e.visit_id, e.guest_id, max(z.swapped_in_kib) - min(a.swapped_in_kib) AS i,"
    " max(z.swapped_out_kib) - min(a.swapped_out_kib) AS o FROM edge e"
    " JOIN memory_sample a ON a.visit_id = e.visit_id AND a.guest_id IS e.guest_id"
    " AND a.raw_ns = e.a JOIN memory_sample z ON z.visit_id = e.visit_id"
    " AND z.guest_id IS e.guest_id AND z.raw_ns = e.z"
    " WHERE a.swapped_in_kib IS NOT NULL AND z.swapped_in_kib IS NOT NULL"
    " GROUP BY e.visit_id, e.guest_id HAVING i > 0 OR o > 0 ORDER BY e.visit_id, e.guest_id";

bool
dataset_reader_swaps(DatasetReader *reader, GArray **ret_swaps, GError **error)
{
    g_autoptr(GArray) swaps = g_array_new(FALSE, FALSE, sizeof(DatasetSwap));
    autostatement sqlite3_stmt *statement = NULL;
    int got = 0;

    if (query_has_column(reader->columns, "memory_sample", "swapped_in_kib")) {
        statement = query_prepare(reader->db, swap_sql, error);
        got = -1;
    }
    while (statement && (got = query_step(statement, error)) > 0) {
        const DatasetSwap swap = {
            .visit_id = sqlite3_column_int64(statement, 0),
            .guest_id = sqlite3_column_type(statement, 1) == SQLITE_NULL
                            ? DATASET_UNKNOWN
                            : sqlite3_column_int64(statement, 1),
            .in_kib = sqlite3_column_int64(statement, 2),
            .out_kib = sqlite3_column_int64(statement, 3),
        };

        g_array_append_val(swaps, swap);
    }
    if (got != 0)
        return false;
    *ret_swaps = g_steal_pointer(&swaps);
    return true;
}
