/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/query.h"

#include <math.h>

#include "common/base/failure.h"
#include "common/dataset/reader.h"

static bool
failed(sqlite3 *db, GError **error)
{
    const char *file = sqlite3_db_filename(db, "main");

    return failure_set(error, FAILURE_FAILED, "%s: %s", file ? file : "?", sqlite3_errmsg(db));
}

GHashTable *
query_columns(sqlite3 *db, const char *const *tables, size_t n_tables, GError **error)
{
    g_autoptr(GHashTable) columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    autostatement sqlite3_stmt *statement =
        query_prepare(db, "SELECT name FROM pragma_table_info(?)", error);
    int got = statement ? 0 : -1;

    for (size_t i = 0; got == 0 && i < n_tables; i++) {
        sqlite3_reset(statement);
        sqlite3_bind_text(statement, 1, tables[i], -1, SQLITE_STATIC);
        while ((got = query_step(statement, error)) > 0)
            g_hash_table_add(columns,
                             g_strdup_printf("%s.%s", tables[i],
                                             (const char *) sqlite3_column_text(statement, 0)));
    }
    return got < 0 ? NULL : g_steal_pointer(&columns);
}

bool
query_has_column(GHashTable *columns, const char *table, const char *column)
{
    g_autofree char *key = g_strdup_printf("%s.%s", table, column);

    return g_hash_table_contains(columns, key);
}

GString *
query_select(GHashTable *columns, const char *table, const QueryField *fields, size_t n_fields)
{
    GString *sql = g_string_new("SELECT ");

    for (size_t i = 0; i < n_fields; i++) {
        const char *column = fields[i].column;

        g_string_append(sql, i ? ", " : "");
        g_string_append(sql, query_has_column(columns, table, column) ? column : "NULL");
    }
    g_string_append_printf(sql, " FROM %s", table);
    return sql;
}

sqlite3_stmt *
query_prepare(sqlite3 *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        failed(db, error);
    return statement;
}

int
query_step(sqlite3_stmt *statement, GError **error)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        failed(sqlite3_db_handle(statement), error);
        return -1;
    }
}

static void
fill_one(sqlite3_stmt *statement, int column, QueryKind kind, void *member)
{
    bool is_null = sqlite3_column_type(statement, column) == SQLITE_NULL;
    const char *text = (const char *) sqlite3_column_text(statement, column);

    switch (kind) {
    case QUERY_TEXT:
    case QUERY_NAME:
        /* Text from a file of unknown origin: broken UTF-8 would break every document it enters. */
        *(char **) member = text                 ? g_utf8_make_valid(text, -1)
                            : kind == QUERY_NAME ? g_strdup("")
                                                 : NULL;
        return;
    case QUERY_INT:
        *(int64_t *) member = is_null ? DATASET_UNKNOWN : sqlite3_column_int64(statement, column);
        return;
    case QUERY_REAL:
        *(double *) member = is_null ? NAN : sqlite3_column_double(statement, column);
        return;
    }
}

void
query_fill(sqlite3_stmt *statement, const QueryField *fields, size_t n_fields, void *target)
{
    for (size_t i = 0; i < n_fields; i++)
        fill_one(statement, (int) i, fields[i].kind, (char *) target + fields[i].offset);
}

GArray *
query_all(sqlite3 *db, GHashTable *columns, const char *table, const char *order,
          const QueryField *fields, size_t n_fields, size_t size, GDestroyNotify clear,
          GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, (guint) size);
    GString *sql = query_select(columns, table, fields, n_fields);
    autostatement sqlite3_stmt *statement = NULL;
    int got;

    g_array_set_clear_func(rows, clear);
    g_string_append_printf(sql, " ORDER BY %s", order);
    statement = query_prepare(db, sql->str, error);
    g_string_free(sql, TRUE);
    if (!statement)
        return NULL;

    while ((got = query_step(statement, error)) > 0) {
        g_array_set_size(rows, rows->len + 1);
        query_fill(statement, fields, n_fields, rows->data + (size_t) (rows->len - 1) * size);
    }
    return got < 0 ? NULL : g_steal_pointer(&rows);
}
