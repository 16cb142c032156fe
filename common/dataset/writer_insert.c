/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "common/base/failure.h"
#include "common/dataset/schema.h"
#include "common/dataset/writer_private.h"

static void
add_cell(DatasetWriter *writer, WriterTable table, const char *column, size_t offset)
{
    Cell cell = { .column = column, .kind = CELL_U64, .offset = offset };

    g_array_append_val(writer->cells[table], cell);
}

/* The events' columns and their groups' times, in both tables of counters. */
static void
add_counter_cells(DatasetWriter *writer, const WriterEvent *events, size_t n_events)
{
    static const struct {
        WriterTable table;
        size_t offset;
    } tables[] = {
        { TABLE_HOST_SAMPLE, offsetof(HostSampleRow, cells) },
        { TABLE_GUEST_SAMPLE, offsetof(GuestSampleRow, cells) },
    };
    unsigned last = 0;

    for (size_t i = 0; i < n_events; i++) {
        char *column = event_column(events[i].name);

        g_ptr_array_add(writer->columns, column);
        for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
            add_cell(writer, tables[t].table, column,
                     tables[t].offset + offsetof(CounterCells, counts[i]));
        last = MAX(last, events[i].group);
    }
    for (unsigned group = 0; group <= last; group++) {
        char *enabled = dataset_time_column("enabled_ns", group);
        char *running = dataset_time_column("running_ns", group);

        g_ptr_array_add(writer->columns, enabled);
        g_ptr_array_add(writer->columns, running);
        for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
            add_cell(writer, tables[t].table, enabled,
                     tables[t].offset + offsetof(CounterCells, enabled_ns[group]));
            add_cell(writer, tables[t].table, running,
                     tables[t].offset + offsetof(CounterCells, running_ns[group]));
        }
    }
}

static sqlite3_stmt *
prepare(DatasetWriter *writer, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v3(writer->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        writer_failed(writer, error);
    return statement;
}

static sqlite3_stmt *
prepare_insert(DatasetWriter *writer, WriterTable table, GError **error)
{
    const GArray *cells = writer->cells[table];
    g_autoptr(GString) sql = g_string_new(NULL);
    g_autoptr(GString) values = g_string_new(NULL);

    g_string_append_printf(sql, "INSERT %sINTO %s (", table == TABLE_PHASE ? "OR REPLACE " : "",
                           writer_tables[table].name);
    for (guint i = 0; i < cells->len; i++) {
        g_string_append_printf(sql, "%s\"%s\"", i ? ", " : "",
                               g_array_index(cells, Cell, i).column);
        g_string_append(values, i ? ", ?" : "?");
    }
    if (table == TABLE_RUN) {
        g_string_append(sql, ", id, state, tool_version");
        g_string_append(values, ", 1, 'running', '" INSIDEOUT_VERSION "'");
    }
    g_string_append_printf(sql, ") VALUES (%s)", values->str);
    return prepare(writer, sql->str, error);
}

/* The same cells in the same order, and then the row's id. */
static sqlite3_stmt *
prepare_update(DatasetWriter *writer, WriterTable table, GError **error)
{
    const GArray *cells = writer->cells[table];
    g_autoptr(GString) sql = g_string_new(NULL);

    g_string_append_printf(sql, "UPDATE %s SET ", writer_tables[table].name);
    for (guint i = 0; i < cells->len; i++)
        g_string_append_printf(sql, "%s\"%s\" = ?", i ? ", " : "",
                               g_array_index(cells, Cell, i).column);
    g_string_append(sql, " WHERE id = ?");
    return prepare(writer, sql->str, error);
}

bool
writer_prepare(DatasetWriter *writer, const WriterEvent *events, size_t n_events, GError **error)
{
    writer->columns = g_ptr_array_new_with_free_func(g_free);
    for (size_t table = 0; table < TABLES; table++) {
        writer->cells[table] = g_array_new(FALSE, FALSE, sizeof(Cell));
        g_array_append_vals(writer->cells[table], writer_tables[table].cells,
                            writer_tables[table].n_cells);
    }
    add_counter_cells(writer, events, n_events);

    for (size_t table = 0; table < TABLES; table++)
        if (!(writer->insert[table] = prepare_insert(writer, table, error)))
            return false;
    return (writer->update_guest = prepare_update(writer, TABLE_GUEST, error)) &&
           (writer->update_visit = prepare_update(writer, TABLE_VISIT, error)) &&
           (writer->begin = prepare(writer, "BEGIN IMMEDIATE", error)) &&
           (writer->commit = prepare(writer, "COMMIT", error)) &&
           (writer->find_condition =
                prepare(writer, "SELECT id FROM condition WHERE name = ?", error));
}

void
writer_finalize(DatasetWriter *writer)
{
    sqlite3_stmt **others[] = { &writer->update_guest, &writer->update_visit, &writer->begin,
                                &writer->commit, &writer->find_condition };

    for (size_t table = 0; table < TABLES; table++) {
        sqlite3_finalize(writer->insert[table]);
        writer->insert[table] = NULL;
        g_clear_pointer(&writer->cells[table], g_array_unref);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        sqlite3_finalize(*others[i]);
        *others[i] = NULL;
    }
    g_clear_pointer(&writer->columns, g_ptr_array_unref);
}

static int
bind_u64(sqlite3_stmt *statement, int at, uint64_t value, uint64_t absent)
{
    if (value == absent || value > INT64_MAX)
        return sqlite3_bind_null(statement, at);
    return sqlite3_bind_int64(statement, at, (sqlite3_int64) value);
}

static int
bind_i64(sqlite3_stmt *statement, int at, int64_t value, int64_t absent)
{
    return value == absent ? sqlite3_bind_null(statement, at)
                           : sqlite3_bind_int64(statement, at, value);
}

/* SQLite takes a NULL text and a NAN for NULL by itself. */
static int
bind_cell(sqlite3_stmt *statement, int at, const Cell *cell, const void *row)
{
    const void *value = (const char *) row + cell->offset;

    switch (cell->kind) {
    case CELL_TEXT:
        return sqlite3_bind_text(statement, at, *(char *const *) value, -1, SQLITE_STATIC);
    case CELL_U64:
        return bind_u64(statement, at, *(const uint64_t *) value, ABSENT_U64);
    case CELL_TSC:
        return bind_u64(statement, at, *(const uint64_t *) value, 0);
    case CELL_UINT:
        return sqlite3_bind_int64(statement, at, *(const unsigned *) value);
    case CELL_I64:
        return bind_i64(statement, at, *(const int64_t *) value, ABSENT_I64);
    case CELL_ID:
        return bind_i64(statement, at, *(const int64_t *) value, 0);
    case CELL_DOUBLE:
        return sqlite3_bind_double(statement, at, *(const double *) value);
    }
    return SQLITE_MISUSE;
}

bool
writer_step(DatasetWriter *writer, sqlite3_stmt *statement, GError **error)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;

    if (!done)
        writer_failed(writer, error);
    sqlite3_reset(statement);
    return done;
}

/* `id`: the last parameter of an update; 0 for an insert. */
static bool
put(DatasetWriter *writer, sqlite3_stmt *statement, WriterTable table, const void *row, int64_t id,
    GError **error)
{
    const GArray *cells = writer->cells[table];

    for (guint i = 0; i < cells->len; i++)
        if (bind_cell(statement, i + 1, &g_array_index(cells, Cell, i), row) != SQLITE_OK)
            return writer_failed(writer, error);
    if (id > 0 && sqlite3_bind_int64(statement, cells->len + 1, id) != SQLITE_OK)
        return writer_failed(writer, error);
    return writer_step(writer, statement, error);
}

static bool
insert(DatasetWriter *writer, WriterTable table, const void *row, int64_t *ret_id, GError **error)
{
    if (!put(writer, writer->insert[table], table, row, 0, error))
        return false;
    if (ret_id)
        *ret_id = sqlite3_last_insert_rowid(writer->db);
    return true;
}

bool
writer_run(DatasetWriter *writer, const RunRow *row, GError **error)
{
    return insert(writer, TABLE_RUN, row, NULL, error);
}

static int64_t
find_condition(DatasetWriter *writer, const char *name)
{
    int64_t id = 0;

    sqlite3_bind_text(writer->find_condition, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(writer->find_condition) == SQLITE_ROW)
        id = sqlite3_column_int64(writer->find_condition, 0);
    sqlite3_reset(writer->find_condition);
    return id;
}

bool
writer_condition(DatasetWriter *writer, const ConditionRow *row, int64_t *ret_id, GError **error)
{
    int64_t id = writer->mode == WRITER_APPEND ? find_condition(writer, row->name) : 0;

    if (id == 0)
        return insert(writer, TABLE_CONDITION, row, ret_id, error);
    *ret_id = id;
    return true;
}

bool
writer_guest(DatasetWriter *writer, const GuestRow *row, int64_t *ret_id, GError **error)
{
    return insert(writer, TABLE_GUEST, row, ret_id, error);
}

bool
writer_guest_update(DatasetWriter *writer, int64_t id, const GuestRow *row, GError **error)
{
    return put(writer, writer->update_guest, TABLE_GUEST, row, id, error);
}

bool
writer_visit(DatasetWriter *writer, VisitRow *row, GError **error)
{
    return row->id ? put(writer, writer->update_visit, TABLE_VISIT, row, row->id, error)
                   : insert(writer, TABLE_VISIT, row, &row->id, error);
}

#define DEFINE_SAMPLE(function, Row, table)                              \
    bool function(DatasetWriter *writer, const Row *row, GError **error) \
    {                                                                    \
        return insert(writer, table, row, NULL, error);                  \
    }

DEFINE_SAMPLE(writer_phase, PhaseRow, TABLE_PHASE)
DEFINE_SAMPLE(writer_host_sample, HostSampleRow, TABLE_HOST_SAMPLE)
DEFINE_SAMPLE(writer_guest_sample, GuestSampleRow, TABLE_GUEST_SAMPLE)
DEFINE_SAMPLE(writer_sched_sample, SchedSampleRow, TABLE_SCHED_SAMPLE)
DEFINE_SAMPLE(writer_cpu_sample, CpuSampleRow, TABLE_CPU_SAMPLE)
DEFINE_SAMPLE(writer_task_sample, TaskSampleRow, TABLE_TASK_SAMPLE)
DEFINE_SAMPLE(writer_memory_sample, MemorySampleRow, TABLE_MEMORY_SAMPLE)
DEFINE_SAMPLE(writer_pressure_sample, PressureSampleRow, TABLE_PRESSURE_SAMPLE)
DEFINE_SAMPLE(writer_exit_sample, ExitSampleRow, TABLE_EXIT_SAMPLE)
DEFINE_SAMPLE(writer_ping, PingRow, TABLE_CLOCK_PING)
DEFINE_SAMPLE(writer_note, NoteRow, TABLE_NOTE)
