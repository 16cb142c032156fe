/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/dataset/query.h"
#include "common/dataset/reader_private.h"
#include "common/dataset/schema.h"

#define MAX_TEXT_BYTES (4 * 1024 * 1024)
#define BUSY_MS 5000

static const char *const tables[] = { "run",         "event",       "condition",     "guest",
                                      "visit",       "host_sample", "guest_sample",  "sched_sample",
                                      "cpu_sample",  "clock_ping",  "memory_sample", "note",
                                      "exit_sample", "phase" };
#define TABLES_NEEDED (G_N_ELEMENTS(tables) - 2) /* what is seldom told may be missing */

/* SQLite makes an empty database of any empty file, and says "not a database" only at first use. */
static bool
looks_like_sqlite(const char *path, GError **error)
{
    autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    char head[16] = { 0 };
    ssize_t n;

    if (fd < 0 || (n = read(fd, head, sizeof head)) < 0)
        return failure_set_errno(error, errno, "%s", path);
    if (n != sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return failure_set(error, FAILURE_FAILED,
                           "%s: not a dataset (no SQLite file; hostctl run, hostctl record and "
                           "correlate import make them)",
                           path);
    return true;
}

/* The file may be hostile: its schema gets no functions, its pages are checked, nothing writes. */
static bool
be_careful(sqlite3 *db)
{
    const char *sql = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                      "PRAGMA mmap_size = 0; PRAGMA query_only = ON;";

    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, MAX_TEXT_BYTES);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_busy_timeout(db, BUSY_MS);
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool
open_database(DatasetReader *reader, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(reader->path, "/", TRUE);
    g_autofree char *uri = g_strdup_printf("file:%s?mode=ro&immutable=0", escaped);
    /* A reader belongs to one thread, and its locks would cost a seventh of reading. */
    int flags =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(uri, &reader->db, flags, NULL) != SQLITE_OK || !be_careful(reader->db) ||
        sqlite3_exec(reader->db, "BEGIN; SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) !=
            SQLITE_OK)
        return failure_set(error, FAILURE_FAILED, "%s: cannot be read as a dataset: %s%s",
                           reader->path, reader->db ? sqlite3_errmsg(reader->db) : "no memory",
                           sqlite3_errcode(reader->db) == SQLITE_CANTOPEN
                               ? " (a file that a run left open needs a writable folder)"
                               : "");
    return true;
}

static bool
pragma_int(sqlite3 *db, const char *sql, int64_t *ret_value, GError **error)
{
    autostatement sqlite3_stmt *statement = query_prepare(db, sql, error);

    if (!statement || query_step(statement, error) <= 0)
        return false;
    *ret_value = sqlite3_column_int64(statement, 0);
    return true;
}

static bool
check_format(DatasetReader *reader, GError **error)
{
    int64_t application, format;

    if (!pragma_int(reader->db, "PRAGMA application_id", &application, error) ||
        !pragma_int(reader->db, "PRAGMA user_version", &format, error))
        return false;
    if (application != DATASET_APPLICATION_ID)
        return failure_set(error, FAILURE_FAILED,
                           "%s: a SQLite file, but not a dataset of insideout", reader->path);
    if (format != DATASET_FORMAT)
        return failure_set(error, FAILURE_FAILED,
                           "%s: dataset format %" G_GINT64_FORMAT
                           ", but this correlate reads format %d: use the version that made it",
                           reader->path, format, DATASET_FORMAT);
    return true;
}

/* A view in a table's place could run anything the file's author likes for as long as he likes. */
static bool
check_tables(DatasetReader *reader, GError **error)
{
    autostatement sqlite3_stmt *statement = query_prepare(
        reader->db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", error);

    if (!statement)
        return false;
    for (size_t i = 0; i < TABLES_NEEDED; i++) {
        sqlite3_reset(statement);
        sqlite3_bind_text(statement, 1, tables[i], -1, SQLITE_STATIC);
        switch (query_step(statement, error)) {
        case 0:
            return failure_set(error, FAILURE_FAILED, "%s: the dataset lacks its table “%s”",
                               reader->path, tables[i]);
        case -1:
            return false;
        }
    }
    return true;
}

DatasetReader *
dataset_reader_open(const char *path, GError **error)
{
    g_autoptr(DatasetReader) reader = g_new0(DatasetReader, 1);

    reader->path = g_strdup(path);
    if (!looks_like_sqlite(path, error) || !open_database(reader, error) ||
        !check_format(reader, error) || !check_tables(reader, error) ||
        !(reader->columns = query_columns(reader->db, tables, G_N_ELEMENTS(tables), error)) ||
        !reader_load_facts(reader, error))
        return NULL;
    return g_steal_pointer(&reader);
}

void
dataset_reader_free(DatasetReader *reader)
{
    if (!reader)
        return;

    reader_clear_facts(&reader->facts);
    g_clear_pointer(&reader->columns, g_hash_table_unref);
    sqlite3_close_v2(reader->db);
    g_free(reader->path);
    g_free(reader);
}

const DatasetFacts *
dataset_reader_facts(const DatasetReader *reader)
{
    return &reader->facts;
}

const char *
dataset_reader_path(const DatasetReader *reader)
{
    return reader->path;
}
