/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "common/base/failure.h"
#include "common/dataset/query.h"
#include "common/dataset/reader_private.h"

static const struct {
    const char *table;
    const char *key;  /* what tells one vCPU's rows */
    const char *vcpu; /* the column with the vCPU's number */
    const char *tsc;
} series_list[] = {
    [DATASET_GUEST_SAMPLES] = { "guest_sample", "guest_id = ?1 AND vcpu = ?2", "vcpu", "tsc" },
    [DATASET_HOST_SAMPLES] = { "host_sample", "guest_id = ?1 AND vcpu = ?2 AND mode = 'guest'",
                               "vcpu", "tsc" },
    [DATASET_HOST_MODE_SAMPLES] = { "host_sample", "guest_id = ?1 AND vcpu = ?2 AND mode = 'host'",
                                    "vcpu", "tsc" },
    [DATASET_SCHED_SAMPLES] = { "sched_sample", "guest_id = ?1 AND vcpu = ?2", "vcpu", "tsc" },
    [DATASET_CPU_SAMPLES] = { "cpu_sample", "?1 = ?1 AND cpu = ?2", "cpu", "NULL" },
};

struct DatasetCursor {
    sqlite3_stmt *statement;
    guint columns;
};

static void
append_columns(GString *sql, GHashTable *known, DatasetSeries series, const char *const *columns)
{
    g_string_append_printf(sql, "SELECT raw_ns, wall_ns, %s", series_list[series].tsc);
    for (guint i = 0; columns[i]; i++)
        g_string_append_printf(
            sql, ", %s",
            query_has_column(known, series_list[series].table, columns[i]) ? columns[i] : "NULL");
    g_string_append_printf(sql, " FROM %s WHERE %s", series_list[series].table,
                           series_list[series].key);
}

static bool
names_are_plain(const char *const *columns, GError **error)
{
    if (g_strv_length((char **) columns) > DATASET_MAX_COLUMNS)
        return failure_set(error, FAILURE_FAILED, "more than %d columns", DATASET_MAX_COLUMNS);
    for (guint i = 0; columns[i]; i++)
        for (const char *c = columns[i]; *c; c++)
            if (!g_ascii_isalnum(*c) && *c != '_')
                return failure_set(error, FAILURE_FAILED, "“%s” is not a column name", columns[i]);
    return true;
}

static sqlite3_stmt *
prepare_rows(DatasetReader *reader, DatasetSeries series, const char *const *columns,
             const char *tail, int64_t guest_id, int64_t vcpu, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    sqlite3_stmt *statement;

    if (!names_are_plain(columns, error))
        return NULL;
    append_columns(sql, reader->columns, series, columns);
    g_string_append(sql, tail);
    statement = query_prepare(reader->db, sql->str, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, guest_id);
        sqlite3_bind_int64(statement, 2, vcpu);
    }
    return statement;
}

static void
fill_row(sqlite3_stmt *statement, guint columns, DatasetRow *row)
{
    row->raw_ns = sqlite3_column_int64(statement, 0);
    row->wall_ns = sqlite3_column_int64(statement, 1);
    row->tsc = (uint64_t) sqlite3_column_int64(statement, 2);
    row->present = 0;
    for (guint i = 0; i < columns; i++) {
        int column = (int) i + 3;

        row->value[i] = sqlite3_column_int64(statement, column);
        /* What is not there reads as 0: only then it has to be asked. */
        if (row->value[i] != 0 || sqlite3_column_type(statement, column) != SQLITE_NULL)
            row->present |= 1ull << i;
    }
}

/* The neighbour just outside the range, so that the range's end can be interpolated; `edge` if
 * none. */
static bool
neighbour(DatasetReader *reader, DatasetSeries series, int64_t guest_id, int64_t vcpu, int64_t edge,
          bool before, int64_t *ret_ns, GError **error)
{
    static const char *const none[] = { NULL };
    autostatement sqlite3_stmt *statement =
        prepare_rows(reader, series, none,
                     before ? " AND raw_ns < ?3 ORDER BY raw_ns DESC LIMIT 1"
                            : " AND raw_ns > ?3 ORDER BY raw_ns LIMIT 1",
                     guest_id, vcpu, error);
    int got;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 3, edge);
    if ((got = query_step(statement, error)) < 0)
        return false;
    *ret_ns = got ? sqlite3_column_int64(statement, 0) : edge;
    return true;
}

DatasetCursor *
dataset_cursor_open(DatasetReader *reader, DatasetSeries series, int64_t guest_id, int64_t vcpu,
                    int64_t from_ns, int64_t to_ns, const char *const *columns, GError **error)
{
    g_autoptr(DatasetCursor) cursor = g_new0(DatasetCursor, 1);
    int64_t first, last;

    if (!neighbour(reader, series, guest_id, vcpu, from_ns, true, &first, error) ||
        !neighbour(reader, series, guest_id, vcpu, to_ns, false, &last, error))
        return NULL;

    cursor->columns = g_strv_length((char **) columns);
    cursor->statement =
        prepare_rows(reader, series, columns, " AND raw_ns BETWEEN ?3 AND ?4 ORDER BY raw_ns",
                     guest_id, vcpu, error);
    if (!cursor->statement)
        return NULL;
    sqlite3_bind_int64(cursor->statement, 3, first);
    sqlite3_bind_int64(cursor->statement, 4, last);
    return g_steal_pointer(&cursor);
}

void
dataset_cursor_free(DatasetCursor *cursor)
{
    if (!cursor)
        return;

    sqlite3_finalize(cursor->statement);
    g_free(cursor);
}

bool
dataset_cursor_next(DatasetCursor *cursor, DatasetRow *ret_row, GError **error)
{
    if (query_step(cursor->statement, error) <= 0)
        return false;

    fill_row(cursor->statement, cursor->columns, ret_row);
    return true;
}

static bool
one_end(DatasetReader *reader, DatasetSeries series, int64_t guest_id, int64_t vcpu,
        const int64_t range[2], const char *const *columns, const char *order, DatasetRow *ret_row,
        bool *ret_found, GError **error)
{
    g_autofree char *tail =
        g_strdup_printf(" AND raw_ns BETWEEN ?3 AND ?4 ORDER BY raw_ns %s LIMIT 1", order);
    autostatement sqlite3_stmt *statement =
        prepare_rows(reader, series, columns, tail, guest_id, vcpu, error);
    int got;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 3, range[0]);
    sqlite3_bind_int64(statement, 4, range[1]);
    if ((got = query_step(statement, error)) < 0)
        return false;
    if ((*ret_found = got == 1))
        fill_row(statement, g_strv_length((char **) columns), ret_row);
    return true;
}

bool
dataset_reader_ends(DatasetReader *reader, DatasetSeries series, int64_t guest_id, int64_t vcpu,
                    int64_t from_ns, int64_t to_ns, const char *const *columns,
                    DatasetRow *ret_first, DatasetRow *ret_last, bool *ret_found, GError **error)
{
    const int64_t range[2] = { from_ns, to_ns };
    bool found;

    if (!one_end(reader, series, guest_id, vcpu, range, columns, "ASC", ret_first, &found, error) ||
        (found &&
         !one_end(reader, series, guest_id, vcpu, range, columns, "DESC", ret_last, &found, error)))
        return false;

    *ret_found = found && ret_last->raw_ns > ret_first->raw_ns;
    return true;
}

bool
dataset_reader_vcpus(DatasetReader *reader, DatasetSeries series, int64_t guest_id,
                     GArray **ret_vcpus, GError **error)
{
    g_autoptr(GArray) vcpus = g_array_new(FALSE, FALSE, sizeof(int64_t));
    const char *vcpu = series_list[series].vcpu;
    /* Skips from vCPU to vCPU by the index, where DISTINCT would read every row. */
    g_autofree char *sql =
        g_strdup_printf("WITH RECURSIVE n(v) AS (SELECT min(%1$s) FROM %2$s WHERE %3$s UNION ALL "
                        "SELECT (SELECT min(%1$s) FROM %2$s WHERE %3$s AND %1$s > n.v) FROM n "
                        "WHERE n.v IS NOT NULL)"
                        " SELECT v FROM n WHERE v IS NOT NULL",
                        vcpu, series_list[series].table,
                        series == DATASET_CPU_SAMPLES ? "?1 = ?1" : "guest_id = ?1");
    autostatement sqlite3_stmt *statement = query_prepare(reader->db, sql, error);
    int got = -1;

    if (statement)
        sqlite3_bind_int64(statement, 1, guest_id);
    while (statement && (got = query_step(statement, error)) > 0) {
        int64_t v = sqlite3_column_int64(statement, 0);

        g_array_append_val(vcpus, v);
    }
    if (got != 0)
        return false;
    *ret_vcpus = g_steal_pointer(&vcpus);
    return true;
}

bool
dataset_reader_memory(DatasetReader *reader, int64_t guest_id, int64_t visit_id, const char *column,
                      double *ret_last, GError **error)
{
    const char *const columns[] = { column, NULL };
    g_autofree char *sql = NULL;
    autostatement sqlite3_stmt *statement = NULL;
    int got;

    if (!names_are_plain(columns, error))
        return false;
    sql = g_strdup_printf(
        "SELECT %s FROM memory_sample WHERE visit_id = ?1 AND %s AND %s IS NOT NULL"
        " ORDER BY rowid DESC LIMIT 1",
        column, guest_id == DATASET_UNKNOWN ? "guest_id IS NULL AND ?2 = ?2" : "guest_id = ?2",
        column);
    statement = query_prepare(reader->db, sql, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, visit_id);
    sqlite3_bind_int64(statement, 2, guest_id);
    if ((got = query_step(statement, error)) < 0)
        return false;
    *ret_last = got ? sqlite3_column_double(statement, 0) : NAN;
    return true;
}
