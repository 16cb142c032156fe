/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/writer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/dataset/writer_private.h"
#include "tests/support/cmocka_all.h"

static const WriterEvent two_events[] = { { "cycles", 0 }, { "branch-misses", 1 } };

typedef struct {
    char *dir;
    char *path;
} Place;

static int
set_up(void **state)
{
    Place *place = g_new0(Place, 1);

    place->dir = g_dir_make_tmp("writer-XXXXXX", NULL);
    place->path = g_build_filename(place->dir, "run.db", NULL);
    *state = place;
    return place->dir ? 0 : -1;
}

static int
tear_down(void **state)
{
    Place *place = *state;
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

static const RunRow a_run = {
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

static DatasetWriter *
open_writer(const char *path)
{
    DatasetWriter *writer = NULL;
    GError *error = NULL;

    if (!writer_open(path, WRITER_NEW, two_events, 2, &writer, &error))
        fail_msg("%s", error->message);
    return writer;
}

/* The first column of the first row as text; "NULL" for NULL, "no row" when there is none. */
static char *
ask(const char *path, const char *sql)
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

#define assert_answer(path, sql, want)             \
    do {                                           \
        g_autofree char *answer_ = ask(path, sql); \
        assert_string_equal(answer_, want);        \
    } while (0)

#define assert_ok(call)                                                \
    do {                                                               \
        GError *error_ = NULL;                                         \
        if (!(call))                                                   \
            fail_msg("%s: %s", #call, error_ ? error_->message : "?"); \
    } while (0)

static void
writes_every_kind_of_row_and_reads_it_back(void **state)
{
    const Place *place = *state;
    g_autoptr(DatasetWriter) writer = open_writer(place->path);
    ConditionRow condition = { .name = "quiet", .ksm = "off" };
    GuestRow guest = guest_row_none;
    VisitRow visit = visit_row_none;
    SampleKey key = { .vcpu = 3, .stamp = { 1000, 77, 5000 } };
    HostSampleRow host = {
        .mode = "guest",
        .cells = { .counts = { 10, 20 }, .enabled_ns = { 30, 31 }, .running_ns = { 40, 41 } }
    };
    GuestSampleRow inside = { .cells = { .counts = { 11, ABSENT_U64 } },
                              .steal_ns = 5,
                              .busy_ns = 6,
                              .canary_branches = ABSENT_U64 };
    MemorySampleRow memory = memory_sample_row_none;
    int64_t condition_id = 0;

    guest.name = "vm-micro";
    guest.role = "micro";
    guest.vcpus = 1;
    guest.tsc_offset = -9;
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &a_run, &error_));
    assert_ok(writer_condition(writer, &condition, &condition_id, &error_));
    assert_ok(writer_guest(writer, &guest, &key.guest_id, &error_));
    visit.condition_id = condition_id;
    visit.repeat = visit.position = 1;
    visit.kind = "step";
    visit.state = "running";
    visit.step_percent = 150;
    assert_ok(writer_visit(writer, &visit, &error_));
    key.visit_id = visit.id;
    host.key = inside.key = key;
    memory.visit_id = visit.id;
    memory.stamp = key.stamp;
    memory.available_kib = 4096;
    assert_ok(writer_host_sample(writer, &host, &error_));
    assert_ok(writer_guest_sample(writer, &inside, &error_));
    assert_ok(writer_sched_sample(
        writer, &(SchedSampleRow){ .key = key, .run_ns = 1, .delay_ns = 2, .slices = 3 }, &error_));
    assert_ok(writer_cpu_sample(
        writer, &(CpuSampleRow){ .cpu = 1, .visit_id = visit.id, .user_ns = 8 }, &error_));
    assert_ok(writer_task_sample(
        writer, &(TaskSampleRow){ .name = "ksmd", .visit_id = visit.id, .run_ns = 9 }, &error_));
    assert_ok(writer_memory_sample(writer, &memory, &error_));
    assert_ok(writer_pressure_sample(writer, &(PressureSampleRow){ .cpu_some_us = 12 }, &error_));
    assert_ok(writer_exit_sample(
        writer, &(ExitSampleRow){ .key = key, .reason = "HLT", .count = 4, .time_ns = 5 },
        &error_));
    assert_ok(writer_ping(
        writer,
        &(PingRow){ .guest_id = key.guest_id, .t1_ns = 1, .t2_ns = 2, .t3_ns = 3, .t4_ns = 4 },
        &error_));
    assert_ok(writer_note(writer, &(NoteRow){ .severity = "info", .text = "hello" }, &error_));
    assert_ok(writer_commit(writer, &error_));
    visit.state = "done";
    visit.vp_percent = 150;
    assert_ok(writer_visit(writer, &visit, &error_));
    guest.facts = "{}";
    assert_ok(writer_guest_update(writer, key.guest_id, &guest, &error_));
    assert_ok(writer_finish(writer, "complete", &error_));

    assert_answer(place->path, "SELECT name || state || pool_cpus || id FROM run",
                  "it's quickcomplete21");
    assert_answer(place->path, "SELECT pool_cores FROM run", "NULL");
    assert_answer(place->path, "SELECT ended_wall_ns > 17 FROM run", "1");
    assert_answer(place->path,
                  "SELECT group_concat(name || column_name || group_number) FROM event",
                  "cyclescycles0,branch-missesbranch_misses1");
    assert_answer(place->path,
                  "SELECT mode || cycles || branch_misses || enabled_ns || enabled_ns_1 || "
                  "running_ns || running_ns_1 || raw_ns || tsc || wall_ns || vcpu FROM host_sample",
                  "guest1020303140411000"
                  "7750003");
    assert_answer(place->path, "SELECT branch_misses FROM guest_sample", "NULL");
    assert_answer(place->path, "SELECT canary_branches FROM guest_sample", "NULL");
    assert_answer(place->path, "SELECT cycles + steal_ns + busy_ns FROM guest_sample", "22");
    assert_answer(place->path, "SELECT run_ns || delay_ns || slices FROM sched_sample", "123");
    assert_answer(place->path, "SELECT cpu || user_ns FROM cpu_sample", "18");
    assert_answer(place->path, "SELECT name || run_ns FROM task_sample", "ksmd9");
    assert_answer(place->path, "SELECT available_kib FROM memory_sample WHERE guest_id IS NULL",
                  "4096");
    assert_answer(place->path, "SELECT ksm_run FROM memory_sample", "NULL");
    assert_answer(place->path, "SELECT cpu_some_us FROM pressure_sample", "12");
    assert_answer(place->path, "SELECT reason || count || time_ns FROM exit_sample", "HLT45");
    assert_answer(place->path, "SELECT t1_ns || t2_ns || t3_ns || t4_ns FROM clock_ping", "1234");
    assert_answer(place->path, "SELECT host_tsc FROM clock_ping", "NULL");
    assert_answer(place->path, "SELECT text FROM note WHERE visit_id IS NULL", "hello");
    assert_answer(place->path, "SELECT state || vp_percent FROM visit", "done150.0");
    assert_answer(place->path, "SELECT core_percent FROM visit", "NULL");
    assert_answer(place->path, "SELECT facts || tsc_offset FROM guest", "{}-9");
}

static void
leaves_one_closed_file_that_owner_and_group_may_read(void **state)
{
    const Place *place = *state;
    g_autoptr(DatasetWriter) writer = open_writer(place->path);
    g_autofree char *log = g_strconcat(place->path, "-wal", NULL);
    struct stat status;

    assert_ok(writer_run(writer, &a_run, &error_));
    assert_ok(writer_finish(writer, "failed", &error_));
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 07137, 0);
    assert_int_equal(status.st_mode & 0600, 0600);
    assert_false(g_file_test(log, G_FILE_TEST_EXISTS));
    assert_answer(place->path, "PRAGMA journal_mode", "delete");
}

static void
lets_others_read_while_it_writes(void **state)
{
    const Place *place = *state;
    g_autoptr(DatasetWriter) writer = open_writer(place->path);

    assert_ok(writer_run(writer, &a_run, &error_));
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_note(writer, &(NoteRow){ .severity = "info", .text = "one" }, &error_));
    assert_answer(place->path, "SELECT count(*) FROM note", "0");
    assert_ok(writer_commit(writer, &error_));
    assert_answer(place->path, "SELECT count(*) FROM note", "1");
    assert_ok(writer_checkpoint(writer, &error_));
    assert_answer(place->path, "SELECT state FROM run", "running");
}

static void
loses_only_the_open_tick_when_killed(void **state)
{
    const Place *place = *state;
    pid_t child = fork();
    int status;

    if (child == 0) {
        DatasetWriter *writer = open_writer(place->path);
        NoteRow note = { .severity = "info", .text = "tick" };

        writer_run(writer, &a_run, NULL);
        for (int tick = 0; tick < 3; tick++) {
            writer_begin(writer, NULL);
            writer_note(writer, &note, NULL);
            writer_note(writer, &note, NULL);
            writer_commit(writer, NULL);
        }
        writer_begin(writer, NULL);
        writer_note(writer, &note, NULL);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_answer(place->path, "SELECT count(*) FROM note", "6");
    assert_answer(place->path, "SELECT state FROM run", "running");
    assert_answer(place->path, "PRAGMA integrity_check", "ok");
}

static void
refuses_a_file_that_is_not_empty_and_leaves_it_alone(void **state)
{
    const Place *place = *state;
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    assert_true(g_file_set_contents(place->path, "mine", -1, NULL));
    assert_false(writer_open(place->path, WRITER_NEW, two_events, 2, &writer, &error));
    assert_non_null(strstr(error->message, place->path));
    assert_null(writer);
    assert_true(g_file_get_contents(place->path, &text, NULL, NULL));
    assert_string_equal(text, "mine");
}

static void
takes_an_empty_file_and_replaces_when_asked(void **state)
{
    const Place *place = *state;
    DatasetWriter *writer = NULL;

    assert_true(g_file_set_contents(place->path, "", -1, NULL));
    writer_free(open_writer(place->path));
    assert_answer(place->path, "SELECT count(*) FROM run", "0");
    assert_ok(writer_open(place->path, WRITER_REPLACE, two_events, 1, &writer, &error_));
    writer_free(writer);
    assert_answer(place->path, "SELECT count(*) FROM event", "1");
}

static void
does_not_follow_a_link_to_another_file(void **state)
{
    const Place *place = *state;
    g_autofree char *target = g_build_filename(place->dir, "target", NULL);
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GError) error = NULL;

    assert_true(g_file_set_contents(target, "", -1, NULL));
    assert_int_equal(symlink(target, place->path), 0);
    assert_false(writer_open(place->path, WRITER_NEW, two_events, 2, &writer, &error));
}

static void
is_not_confused_by_the_log_of_an_older_dataset(void **state)
{
    const Place *place = *state;
    g_autofree char *log = g_strconcat(place->path, "-wal", NULL);
    pid_t child = fork();

    if (child == 0) {
        writer_run(open_writer(place->path), &a_run, NULL);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
    assert_int_equal(g_unlink(place->path), 0);
    writer_free(open_writer(place->path));
    assert_answer(place->path, "SELECT count(*) FROM run", "0");
}

static void
goes_on_with_a_dataset_of_the_same_events_only(void **state)
{
    const Place *place = *state;
    g_autoptr(DatasetWriter) writer = open_writer(place->path);
    g_autoptr(DatasetWriter) again = NULL;
    g_autoptr(GError) error = NULL;
    ConditionRow condition = { .name = "quiet" };
    int64_t id = 0, id_again = 0;

    assert_ok(writer_run(writer, &a_run, &error_));
    assert_ok(writer_condition(writer, &condition, &id, &error_));
    assert_ok(writer_finish(writer, "interrupted", &error_));

    assert_false(writer_open(place->path, WRITER_APPEND, two_events, 1, &again, &error));
    assert_non_null(strstr(error->message, "other events"));
    assert_answer(place->path, "SELECT state FROM run", "interrupted");
    assert_ok(writer_open(place->path, WRITER_APPEND, two_events, 2, &again, &error_));
    assert_ok(writer_condition(again, &condition, &id_again, &error_));
    assert_int_equal(id, id_again);
    assert_answer(place->path, "SELECT state || ifnull(ended_wall_ns, 'none') FROM run",
                  "runningnone");
}

static void
refuses_events_that_would_share_a_column(void **state)
{
    const Place *place = *state;
    const WriterEvent events[] = { { "LLC-loads", 0 }, { "llc_loads", 0 } };
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GError) error = NULL;

    assert_false(writer_open(place->path, WRITER_NEW, events, 2, &writer, &error));
    assert_non_null(strstr(error->message, "llc_loads"));
    assert_false(g_file_test(place->path, G_FILE_TEST_EXISTS));
}

static void
takes_event_names_that_are_words_of_sql(void **state)
{
    const Place *place = *state;
    const WriterEvent events[] = { { "select", 0 }, { "r01c4", 0 }, { "1\"; DROP TABLE run", 0 } };
    DatasetWriter *writer = NULL;

    assert_ok(writer_open(place->path, WRITER_NEW, events, 3, &writer, &error_));
    writer_free(writer);
    assert_answer(place->path,
                  "SELECT count(\"select\") + count(\"1___drop_table_run\") FROM guest_window",
                  "0");
}

static void
says_that_the_disk_is_full_and_keeps_what_was_committed(void **state)
{
    const Place *place = *state;
    g_autoptr(DatasetWriter) writer = open_writer(place->path);
    g_autoptr(GError) error = NULL;
    NoteRow note = { .severity = "info", .text = "a line of some length, to fill pages" };
    bool ok = true;
    int ticks = 0;

    assert_ok(writer_run(writer, &a_run, &error_));
    sqlite3_exec(writer->db, "PRAGMA max_page_count = 40", NULL, NULL, NULL);
    while (ok && ticks < 1000) {
        ok = writer_begin(writer, &error);
        for (int row = 0; ok && row < 20; row++)
            ok = writer_note(writer, &note, &error);
        ok = ok && writer_commit(writer, &error);
        ticks += ok;
    }
    assert_false(ok);
    assert_non_null(strstr(error->message, place->path));
    assert_non_null(strstr(error->message, "full"));
    assert_true(ticks > 0);
    assert_ok(writer_finish(writer, "failed", &error_));
    g_autofree char *want = g_strdup_printf("%d", ticks * 20);
    assert_answer(place->path, "SELECT count(*) FROM note", want);
    assert_answer(place->path, "SELECT state FROM run", "failed");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(writes_every_kind_of_row_and_reads_it_back),
        TEST(leaves_one_closed_file_that_owner_and_group_may_read),
        TEST(lets_others_read_while_it_writes),
        TEST(loses_only_the_open_tick_when_killed),
        TEST(refuses_a_file_that_is_not_empty_and_leaves_it_alone),
        TEST(takes_an_empty_file_and_replaces_when_asked),
        TEST(does_not_follow_a_link_to_another_file),
        TEST(is_not_confused_by_the_log_of_an_older_dataset),
        TEST(goes_on_with_a_dataset_of_the_same_events_only),
        TEST(refuses_events_that_would_share_a_column),
        TEST(takes_event_names_that_are_words_of_sql),
        TEST(says_that_the_disk_is_full_and_keeps_what_was_committed),
    };

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
