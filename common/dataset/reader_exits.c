/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/query.h"
#include "common/dataset/reader_private.h"

/*
 * Growth from row to row within a visit. All reasons of a vCPU are written together, so one that
 * appears later than the vCPU's first rows began at 0; a sum that dropped belongs to a thread that
 * came anew.
 */
#define GROWTH(sum)                                                                              \
    "sum(CASE WHEN " sum "_before IS NULL THEN CASE WHEN raw_ns > first_ns THEN " sum " ELSE 0 " \
    "END WHEN " sum " >= " sum "_before THEN " sum " - " sum "_before ELSE 0 END)"

static const char growth_sql[] =
    "WITH e AS (SELECT visit_id, guest_id, vcpu, raw_ns, reason, count, time_ns,"
    " lag(count) OVER w AS count_before, lag(time_ns) OVER w AS time_ns_before,"
    " min(raw_ns) OVER v AS first_ns, max(raw_ns) OVER v AS last_ns"
    " FROM exit_sample WHERE visit_id IS NOT NULL"
    " WINDOW v AS (PARTITION BY visit_id, guest_id, vcpu),"
    " w AS (PARTITION BY visit_id, guest_id, vcpu, reason ORDER BY raw_ns))"
    " SELECT visit_id, guest_id, vcpu, reason, max(last_ns) - min(first_ns), " GROWTH(
        "count") ", " GROWTH("time_ns") " FROM e GROUP BY visit_id, guest_id, vcpu, reason"
                                        " ORDER BY visit_id, guest_id, vcpu, 7 DESC, reason";

bool
dataset_reader_exits(DatasetReader *reader, DatasetExitsFunc each, void *data, GError **error)
{
    autostatement sqlite3_stmt *statement = NULL;
    int got = -1;

    if (!query_has_column(reader->columns, "exit_sample", "reason"))
        return true;
    statement = query_prepare(reader->db, growth_sql, error);
    while (statement && (got = query_step(statement, error)) > 0) {
        const char *reason = (const char *) sqlite3_column_text(statement, 3);
        const DatasetExits row = {
            .visit_id = sqlite3_column_int64(statement, 0),
            .guest_id = sqlite3_column_int64(statement, 1),
            .vcpu = sqlite3_column_int64(statement, 2),
            .reason = reason ? reason : "",
            .span_ns = sqlite3_column_int64(statement, 4),
            .count = sqlite3_column_int64(statement, 5),
            .time_ns = sqlite3_column_int64(statement, 6),
        };

        if (!each(&row, data, error))
            return false;
    }
    return got == 0;
}
