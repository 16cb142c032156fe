/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/stat.h>

#include "common/base/failure.h"
#include "common/dataset/writer_private.h"

/* The tables that grow with time and have the host's clock. */
static const char *const growing[] = { "host_sample",    "sched_sample",  "cpu_sample",
                                       "task_sample",    "memory_sample", "exit_sample",
                                       "pressure_sample" };

static bool
number_of(DatasetWriter *writer, const char *sql, int64_t *ret_number, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(writer->db, sql, -1, &statement, NULL) == SQLITE_OK;

    *ret_number = -1;
    if (ok && sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *ret_number = sqlite3_column_int64(statement, 0);
    ok = sqlite3_finalize(statement) == SQLITE_OK && ok;
    return ok || writer_failed(writer, error);
}

static uint64_t
file_bytes(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? (uint64_t) status.st_size : 0;
}

bool
writer_disk(DatasetWriter *writer, WriterDisk *ret_disk, GError **error)
{
    g_autofree char *log = g_strconcat(writer->path, "-wal", NULL);
    int64_t page, pages, unused;

    if (!number_of(writer, "PRAGMA page_size", &page, error) ||
        !number_of(writer, "PRAGMA page_count", &pages, error) ||
        !number_of(writer, "PRAGMA freelist_count", &unused, error))
        return false;
    ret_disk->used_bytes = (uint64_t) ((pages - unused) * page);
    ret_disk->log_bytes = file_bytes(log);
    ret_disk->disk_bytes = file_bytes(writer->path) + ret_disk->log_bytes;
    return true;
}

bool
writer_span(DatasetWriter *writer, int64_t *ret_first_ns, int64_t *ret_last_ns, GError **error)
{
    return number_of(writer, "SELECT raw_ns FROM cpu_sample ORDER BY rowid LIMIT 1", ret_first_ns,
                     error) &&
           number_of(writer, "SELECT raw_ns FROM cpu_sample ORDER BY rowid DESC LIMIT 1",
                     ret_last_ns, error);
}

/* Rows stand in the order of time, so only those that go are looked at. */
bool
writer_forget_before(DatasetWriter *writer, int64_t raw_ns, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(growing); i++) {
        g_autofree char *sql = g_strdup_printf(
            "DELETE FROM %s WHERE rowid < (SELECT rowid FROM %s WHERE raw_ns >= %" G_GINT64_FORMAT
            " ORDER BY rowid LIMIT 1)",
            growing[i], growing[i], raw_ns);

        if (sqlite3_exec(writer->db, sql, NULL, NULL, NULL) != SQLITE_OK)
            return writer_failed(writer, error);
    }
    return true;
}
