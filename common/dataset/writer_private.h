/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writer's files share, and nobody else sees. */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

#include "common/dataset/writer.h"

/* How a member of a row struct becomes a cell; each kind has its own "not known". */
typedef enum {
    CELL_TEXT,   /* const char *: NULL */
    CELL_U64,    /* uint64_t: above INT64_MAX, which ABSENT_U64 is */
    CELL_UINT,   /* unsigned */
    CELL_I64,    /* int64_t: ABSENT_I64 */
    CELL_ID,     /* int64_t: 0 */
    CELL_TSC,    /* uint64_t: 0 */
    CELL_DOUBLE, /* double: NAN */
} CellKind;

typedef struct {
    const char *column;
    CellKind kind;
    size_t offset;
} Cell;

typedef enum {
    TABLE_RUN,
    TABLE_PHASE,
    TABLE_CONDITION,
    TABLE_GUEST,
    TABLE_VISIT,
    TABLE_HOST_SAMPLE,
    TABLE_GUEST_SAMPLE,
    TABLE_SCHED_SAMPLE,
    TABLE_CPU_SAMPLE,
    TABLE_TASK_SAMPLE,
    TABLE_MEMORY_SAMPLE,
    TABLE_PRESSURE_SAMPLE,
    TABLE_EXIT_SAMPLE,
    TABLE_CLOCK_PING,
    TABLE_NOTE,
    TABLES,
} WriterTable;

typedef struct {
    const char *name;
    const Cell *cells;
    size_t n_cells;
} TableLayout;

/* The cells of each table that do not depend on the events. */
extern const TableLayout writer_tables[TABLES];

struct DatasetWriter {
    char *path;
    sqlite3 *db;
    WriterMode mode;
    GPtrArray *columns;    /* names of the events' columns and of their groups' times */
    GArray *cells[TABLES]; /* Cell: in the order of the statements' parameters */
    sqlite3_stmt *insert[TABLES];
    sqlite3_stmt *update_guest, *update_visit;
    sqlite3_stmt *begin, *commit, *find_condition;
};

/* Lays out the tables for the events and prepares every statement. */
bool writer_prepare(DatasetWriter *writer, const WriterEvent *events, size_t n_events,
                    GError **error);
void writer_finalize(DatasetWriter *writer);

/* Runs a statement that gives no row. */
bool writer_step(DatasetWriter *writer, sqlite3_stmt *statement, GError **error);

/* Turns SQLite's last error into words that help; always false. */
bool writer_failed(DatasetWriter *writer, GError **error);
