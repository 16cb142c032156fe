/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/dataset_file.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

const WriterEvent dataset_events[2] = { { "cycles", 0 }, { "branch-misses", 1 } };

const RunRow dataset_run = {
    .uuid = "6f2e",
    .name = "it's quick",
    .command = "run",
    .started_wall_ns = 17,
    .counters = "emulated",
    .pool_cpus = 2,
    .pool_cores = ABSENT_U64,
    .housekeeping = 0,
    .interval_ns = 1000000000,
    .settle_ns = ABSENT_U64,
    .drop_ns = ABSENT_U64,
};

int
dataset_place_set_up(void **state)
{
    DatasetPlace *place = g_new0(DatasetPlace, 1);

    place->dir = g_dir_make_tmp("writer-XXXXXX", NULL);
    place->path = g_build_filename(place->dir, "run.db", NULL);
    *state = place;
    return place->dir ? 0 : -1;
}

int
dataset_place_tear_down(void **state)
{
    DatasetPlace *place = *state;
    GDir *dir = g_dir_open(place->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(place->dir, name, NULL);

        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(place->dir);
    g_free(place->dir);
    g_free(place->path);
    g_free(place);
    return 0;
}

DatasetWriter *
dataset_writer(const char *path)
{
    DatasetWriter *writer = NULL;
    GError *error = NULL;

    if (!writer_open(path, WRITER_NEW, dataset_events, 2, &writer, &error))
        fail_msg("%s", error->message);
    return writer;
}

char *
dataset_ask(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char *answer;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(statement) != SQLITE_ROW)
        answer = g_strdup("no row");
    else if (!sqlite3_column_text(statement, 0))
        answer = g_strdup("NULL");
    else
        answer = g_strdup((const char *) sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

/* One second of the example: each count is a multiple of it, so that ratios are easy to see. */
static void
write_second(DatasetWriter *writer, SampleKey key, int64_t second)
{
    HostSampleRow host = { .key = key,
                           .mode = "guest",
                           .cells = { .counts = { 2000000 * second, 300 * second },
                                      .enabled_ns = { 1000 * second, 1000 * second },
                                      .running_ns = { 900 * second, 1000 * second } } };
    GuestSampleRow inside = { .key = key, .cells = host.cells };
    SchedSampleRow sched = { .key = key, .run_ns = 750 * second, .delay_ns = 250 * second };
    TaskSampleRow task = { .name = "ksmd", .visit_id = key.visit_id, .stamp = key.stamp };
    MemorySampleRow memory = memory_sample_row_none;

    task.run_ns = 50000000 * second;
    memory.visit_id = key.visit_id;
    memory.ksm_pages_sharing = 512 * second;
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_host_sample(writer, &host, &error_));
    assert_ok(writer_guest_sample(writer, &inside, &error_));
    assert_ok(writer_sched_sample(writer, &sched, &error_));
    assert_ok(writer_task_sample(writer, &task, &error_));
    assert_ok(writer_memory_sample(writer, &memory, &error_));
    assert_ok(writer_commit(writer, &error_));
}

void
dataset_example(const char *path)
{
    g_autoptr(DatasetWriter) writer = dataset_writer(path);
    ConditionRow condition = { .name = "quiet", .ksm = "off" };
    NoteRow note = { .severity = "warning", .text = "an example" };
    GuestRow guest = guest_row_none;
    VisitRow visit = visit_row_none;
    SampleKey key = { 0 };

    guest.name = "vm-micro";
    guest.role = "micro";
    guest.vcpus = 1;
    visit.repeat = visit.position = 1;
    visit.kind = "step";
    visit.state = "done";
    visit.step_percent = visit.vp_percent = 200;
    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_condition(writer, &condition, &visit.condition_id, &error_));
    assert_ok(writer_guest(writer, &guest, &key.guest_id, &error_));
    assert_ok(writer_visit(writer, &visit, &error_));
    assert_ok(writer_note(writer, &note, &error_));
    key.visit_id = visit.id;
    for (int64_t second = 1; second <= 4; second++) {
        key.stamp.raw_ns = second * NS_PER_SECOND;
        write_second(writer, key, second);
    }
    assert_ok(writer_finish(writer, "complete", &error_));
}
