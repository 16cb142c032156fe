/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/dataset/schema.h"
#include "common/dataset/writer_private.h"

#define FILE_MODE 0640
#define BUSY_MS 5000
/* Log pages before SQLite empties the log by itself (64 MiB); writer_checkpoint() comes first. */
#define LOG_PAGES 16384

bool
writer_failed(DatasetWriter *writer, GError **error)
{
    int code = sqlite3_errcode(writer->db);
    int system_error = sqlite3_system_errno(writer->db);

    if (code == SQLITE_FULL || (code == SQLITE_IOERR && system_error == ENOSPC) ||
        (code == SQLITE_IOERR && system_error == EDQUOT))
        return failure_set(error, FAILURE_FAILED,
                           "writing %s: the disk (or the quota) is full; make room and run again."
                           " Everything up to the last second is in the file and can be read",
                           writer->path);
    if (code == SQLITE_BUSY)
        return failure_set(error, FAILURE_FAILED,
                           "writing %s: another program holds it locked for writing", writer->path);
    return failure_set(error, FAILURE_FAILED, "writing %s: %s%s%s", writer->path,
                       sqlite3_errmsg(writer->db), system_error ? ": " : "",
                       system_error ? g_strerror(system_error) : "");
}

static bool
execute(DatasetWriter *writer, const char *sql, GError **error)
{
    return sqlite3_exec(writer->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           writer_failed(writer, error);
}

/* A log that another dataset of this name left behind would be taken for this one's. */
static void
remove_logs(const char *path)
{
    static const char *const suffixes[] = { "-wal", "-shm", "-journal" };

    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *log = g_strconcat(path, suffixes[i], NULL);

        unlink(log);
    }
}

/* Makes the file, or takes an empty one that is there. */
static bool
create_file(const char *path, WriterMode mode, GError **error)
{
    struct stat status;
    int fd;

    if (mode == WRITER_REPLACE && lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
        unlink(path) < 0)
        return failure_set_errno(error, errno, "replacing %s", path);

    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return failure_set_errno(error, errno, "creating %s", path);
    else if (lstat(path, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > 0)
        return failure_set(error, FAILURE_FAILED,
                           "%s is there already and is not empty; give another name, or remove it",
                           path);
    remove_logs(path);
    return true;
}

static bool
open_database(DatasetWriter *writer, GError **error)
{
    if (sqlite3_open_v2(writer->path, &writer->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return writer_failed(writer, error);
    sqlite3_busy_timeout(writer->db, BUSY_MS);
    sqlite3_wal_autocheckpoint(writer->db, LOG_PAGES);
    return true;
}

/* In WAL mode a commit does not wait for the disk: a power cut may cost the last seconds. */
static bool
start_log(DatasetWriter *writer, GError **error)
{
    return execute(writer,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                   "PRAGMA foreign_keys = ON;",
                   error);
}

static bool
check_columns(const WriterEvent *events, size_t n_events, GError **error)
{
    if (n_events > EVENT_MAX)
        return failure_set(error, FAILURE_FAILED, "%zu events, but a dataset holds at most %d",
                           n_events, EVENT_MAX);
    for (size_t i = 0; i < n_events; i++) {
        g_autofree char *column = event_column(events[i].name);

        if (events[i].group >= WRITER_GROUPS_MAX)
            return failure_set(error, FAILURE_FAILED, "event “%s”: at most %d groups of events",
                               events[i].name, WRITER_GROUPS_MAX);
        for (size_t j = 0; j < i; j++) {
            g_autofree char *other = event_column(events[j].name);

            if (g_str_equal(column, other))
                return failure_set(error, FAILURE_FAILED,
                                   "events “%s” and “%s” would share the column %s", events[j].name,
                                   events[i].name, column);
        }
    }
    return true;
}

static bool
insert_events(DatasetWriter *writer, const WriterEvent *events, size_t n_events, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(writer->db, "INSERT INTO event VALUES (?, ?, ?, ?)", -1,
                                 &statement, NULL) == SQLITE_OK ||
              writer_failed(writer, error);

    for (size_t i = 0; ok && i < n_events; i++) {
        g_autofree char *column = event_column(events[i].name);

        sqlite3_bind_int64(statement, 1, i);
        sqlite3_bind_text(statement, 2, events[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, column, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 4, events[i].group);
        ok = writer_step(writer, statement, error);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool
create_tables(DatasetWriter *writer, const WriterEvent *events, size_t n_events, GError **error)
{
    const char *names[EVENT_MAX + 1] = { NULL };
    unsigned groups[EVENT_MAX + 1] = { 0 };
    g_autofree char *sql = NULL;

    for (size_t i = 0; i < n_events; i++) {
        names[i] = events[i].name;
        groups[i] = events[i].group;
    }
    sql = dataset_schema_sql_grouped(names, groups);
    return execute(writer, "BEGIN IMMEDIATE", error) && execute(writer, sql, error) &&
           insert_events(writer, events, n_events, error) && execute(writer, "COMMIT", error);
}

/* One number that a query gives; -1 when it gives none. */
static int64_t
query_number(DatasetWriter *writer, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;

    if (sqlite3_prepare_v2(writer->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static bool
has_events(DatasetWriter *writer, const WriterEvent *events, size_t n_events)
{
    sqlite3_stmt *statement = NULL;
    size_t same = 0;

    sqlite3_prepare_v2(writer->db, "SELECT name, group_number FROM event ORDER BY position", -1,
                       &statement, NULL);
    while (sqlite3_step(statement) == SQLITE_ROW && same < n_events &&
           g_strcmp0((const char *) sqlite3_column_text(statement, 0), events[same].name) == 0 &&
           sqlite3_column_int64(statement, 1) == events[same].group)
        same++;
    sqlite3_finalize(statement);
    return same == n_events &&
           query_number(writer, "SELECT count(*) FROM event") == (int64_t) n_events;
}

static bool
check_appendable(DatasetWriter *writer, const WriterEvent *events, size_t n_events, GError **error)
{
    if (query_number(writer, "PRAGMA application_id") != DATASET_APPLICATION_ID ||
        query_number(writer, "PRAGMA user_version") != DATASET_FORMAT)
        return failure_set(error, FAILURE_FAILED,
                           "%s is not a dataset of format %d; nothing can be added to it",
                           writer->path, DATASET_FORMAT);
    if (query_number(writer, "SELECT count(*) FROM run") != 1)
        return failure_set(error, FAILURE_FAILED,
                           "%s: its run never began; remove it and run again", writer->path);
    if (!has_events(writer, events, n_events))
        return failure_set(error, FAILURE_FAILED,
                           "%s was made with other events or groups of events", writer->path);
    return execute(writer, "UPDATE run SET state = 'running', ended_wall_ns = NULL", error);
}

bool
writer_open(const char *path, WriterMode mode, const WriterEvent *events, size_t n_events,
            DatasetWriter **ret_writer, GError **error)
{
    g_autoptr(DatasetWriter) writer = g_new0(DatasetWriter, 1);
    bool ok;

    writer->mode = mode;
    writer->path = g_canonicalize_filename(path, NULL);
    if (!check_columns(events, n_events, error) ||
        (mode != WRITER_APPEND && !create_file(writer->path, mode, error)))
        return false;

    ok = open_database(writer, error) &&
         (mode != WRITER_APPEND || check_appendable(writer, events, n_events, error)) &&
         start_log(writer, error) &&
         (mode == WRITER_APPEND || create_tables(writer, events, n_events, error)) &&
         writer_prepare(writer, events, n_events, error);
    if (!ok && mode != WRITER_APPEND) {
        unlink(writer->path);
        remove_logs(writer->path);
    }
    if (!ok)
        return false;
    fault_point("dataset.create");
    *ret_writer = g_steal_pointer(&writer);
    return true;
}

void
writer_free(DatasetWriter *writer)
{
    if (!writer)
        return;

    writer_finalize(writer);
    sqlite3_close_v2(writer->db);
    g_free(writer->path);
    g_free(writer);
}

bool
writer_begin(DatasetWriter *writer, GError **error)
{
    return writer_step(writer, writer->begin, error);
}

bool
writer_commit(DatasetWriter *writer, GError **error)
{
    fault_point("dataset.before_commit");
    if (!writer_step(writer, writer->commit, error))
        return false;
    fault_point("dataset.commit");
    return true;
}

void
writer_rollback(DatasetWriter *writer)
{
    if (!sqlite3_get_autocommit(writer->db))
        execute(writer, "ROLLBACK", NULL);
}

bool
writer_checkpoint(DatasetWriter *writer, GError **error)
{
    int code = sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

    /* A reader in the middle of a query keeps part of the log; the next call takes it. */
    return code == SQLITE_OK || code == SQLITE_BUSY || writer_failed(writer, error);
}

bool
writer_finish(DatasetWriter *writer, const char *state, GError **error)
{
    char *end = sqlite3_mprintf("UPDATE run SET state = %Q, ended_wall_ns = %lld", state,
                                (long long) clock_wall_ns());
    bool ok = (sqlite3_get_autocommit(writer->db) || execute(writer, "ROLLBACK", error)) &&
              execute(writer, end, error);

    sqlite3_free(end);
    if (!ok)
        return false;
    fault_point("dataset.finish");
    writer_finalize(writer);
    if (sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
        SQLITE_FULL)
        return writer_failed(writer, error);

    /* Not a failure: with a reader in it, the file keeps its log until that reader closes it. */
    sqlite3_exec(writer->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    return true;
}
