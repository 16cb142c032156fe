/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a SQLite query poured into structs by a table of columns. */
#pragma once

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    QUERY_TEXT, /* char *, copied; NULL stays NULL */
    QUERY_NAME, /* char *, copied; NULL becomes "" */
    QUERY_INT,  /* int64_t; NULL becomes DATASET_UNKNOWN */
    QUERY_REAL, /* double; NULL becomes NAN */
} QueryKind;

typedef struct {
    const char *column;
    QueryKind kind;
    size_t offset;
} QueryField;

/* The columns of a file's tables, as a set of "table.column"; a column that a table lacks reads as
 * NULL. Free with g_hash_table_unref(); NULL on failure. */
GHashTable *query_columns(sqlite3 *db, const char *const *tables, size_t n_tables, GError **error);
bool query_has_column(GHashTable *columns, const char *table, const char *column);

/* "SELECT field, … FROM table". Free with g_string_free(). */
GString *query_select(GHashTable *columns, const char *table, const QueryField *fields,
                      size_t n_fields);

/* Prepares; the error names the file. NULL on failure. */
sqlite3_stmt *query_prepare(sqlite3 *db, const char *sql, GError **error);

/* Steps: 1 a row, 0 the end, -1 failure. */
int query_step(sqlite3_stmt *statement, GError **error);

/* Fills `target` from the current row, whose columns are `fields` in order. */
void query_fill(sqlite3_stmt *statement, const QueryField *fields, size_t n_fields, void *target);

/* All rows into an array of structs of `size` bytes. NULL on failure. */
GArray *query_all(sqlite3 *db, GHashTable *columns, const char *table, const char *order,
                  const QueryField *fields, size_t n_fields, size_t size, GDestroyNotify clear,
                  GError **error);

static inline void
query_finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}
#define autostatement __attribute__((cleanup(query_finalize)))
