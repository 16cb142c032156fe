/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/writer.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/dataset_file.h"

/* The rows that say what was planned and reached; leaves their ids in `key`. */
static void
write_facts(DatasetWriter *writer, SampleKey *key)
{
    ConditionRow condition = { .name = "quiet", .ksm = "off" };
    GuestRow guest = guest_row_none;
    VisitRow visit = visit_row_none;

    guest.name = "vm-micro";
    guest.role = "micro";
    guest.vcpus = 1;
    guest.tsc_offset = -9;
    visit.repeat = visit.position = 1;
    visit.kind = "step";
    visit.state = "running";
    visit.step_percent = 150;
    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_condition(writer, &condition, &visit.condition_id, &error_));
    assert_ok(writer_guest(writer, &guest, &key->guest_id, &error_));
    assert_ok(writer_visit(writer, &visit, &error_));
    key->visit_id = visit.id;

    visit.state = "done";
    visit.vp_percent = 150;
    guest.facts = "{}";
    assert_ok(writer_visit(writer, &visit, &error_));
    assert_ok(writer_guest_update(writer, key->guest_id, &guest, &error_));
}

static void
writes_what_was_planned_and_what_was_reached(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    SampleKey key = { 0 };

    write_facts(writer, &key);
    assert_ok(writer_finish(writer, "complete", &error_));

    assert_answer(place->path, "SELECT name || state || pool_cpus || id FROM run",
                  "it's quickcomplete21");
    assert_answer(place->path, "SELECT pool_cores FROM run", "NULL");
    assert_answer(place->path, "SELECT ended_wall_ns > 17 FROM run", "1");
    assert_answer(place->path,
                  "SELECT group_concat(name || column_name || group_number) FROM event",
                  "cyclescycles0,branch-missesbranch_misses1");
    assert_answer(place->path, "SELECT count(*) FROM visit", "1");
    assert_answer(place->path, "SELECT state || vp_percent FROM visit", "done150.0");
    assert_answer(place->path, "SELECT core_percent FROM visit", "NULL");
    assert_answer(place->path, "SELECT facts || tsc_offset FROM guest", "{}-9");
    assert_answer(place->path, "SELECT memory_kib FROM guest", "NULL");
}

static void
write_samples(DatasetWriter *writer, const SampleKey *key)
{
    HostSampleRow host = {
        .key = *key,
        .mode = "guest",
        .cells = { .counts = { 10, 20 }, .enabled_ns = { 30, 31 }, .running_ns = { 40, 41 } }
    };
    GuestSampleRow inside = { .key = *key,
                              .cells = { .counts = { 11, ABSENT_U64 } },
                              .steal_ns = 5,
                              .busy_ns = 6,
                              .canary_branches = ABSENT_U64 };
    SchedSampleRow sched = { .key = *key, .run_ns = 1, .delay_ns = 2, .slices = 3 };
    CpuSampleRow cpu = { .cpu = 1, .visit_id = key->visit_id, .user_ns = 8 };
    TaskSampleRow task = { .name = "ksmd", .visit_id = key->visit_id, .run_ns = 9 };
    MemorySampleRow memory = memory_sample_row_none;
    PressureSampleRow pressure = { .cpu_some_us = 12 };
    ExitSampleRow exits = { .key = *key, .reason = "HLT", .count = 4, .time_ns = 5 };
    PingRow ping = { .guest_id = key->guest_id, .t1_ns = 1, .t2_ns = 2, .t3_ns = 3, .t4_ns = 4 };
    NoteRow note = { .severity = "info", .text = "hello" };

    memory.available_kib = 4096;
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_host_sample(writer, &host, &error_));
    assert_ok(writer_guest_sample(writer, &inside, &error_));
    assert_ok(writer_sched_sample(writer, &sched, &error_));
    assert_ok(writer_cpu_sample(writer, &cpu, &error_));
    assert_ok(writer_task_sample(writer, &task, &error_));
    assert_ok(writer_memory_sample(writer, &memory, &error_));
    assert_ok(writer_pressure_sample(writer, &pressure, &error_));
    assert_ok(writer_exit_sample(writer, &exits, &error_));
    assert_ok(writer_ping(writer, &ping, &error_));
    assert_ok(writer_note(writer, &note, &error_));
    assert_ok(writer_commit(writer, &error_));
}

static void
writes_every_kind_of_sample(void **state)
{
    static const struct {
        const char *sql, *answer;
    } questions[] = {
        { "SELECT mode || ' ' || cycles || ' ' || branch_misses FROM host_sample", "guest 10 20" },
        { "SELECT enabled_ns || ' ' || enabled_ns_1 || ' ' || running_ns || ' ' || running_ns_1"
          " FROM host_sample",
          "30 31 40 41" },
        { "SELECT raw_ns || ' ' || tsc || ' ' || wall_ns || ' ' || vcpu FROM host_sample",
          "1000 77 5000 3" },
        { "SELECT branch_misses FROM guest_sample", "NULL" },
        { "SELECT canary_branches FROM guest_sample", "NULL" },
        { "SELECT cycles || ' ' || steal_ns || ' ' || busy_ns FROM guest_sample", "11 5 6" },
        { "SELECT run_ns || ' ' || delay_ns || ' ' || slices FROM sched_sample", "1 2 3" },
        { "SELECT cpu || ' ' || user_ns FROM cpu_sample", "1 8" },
        { "SELECT name || run_ns FROM task_sample", "ksmd9" },
        { "SELECT available_kib FROM memory_sample WHERE guest_id IS NULL", "4096" },
        { "SELECT ksm_run FROM memory_sample", "NULL" },
        { "SELECT cpu_some_us FROM pressure_sample", "12" },
        { "SELECT reason || count || time_ns FROM exit_sample", "HLT45" },
        { "SELECT t1_ns || t2_ns || t3_ns || t4_ns FROM clock_ping", "1234" },
        { "SELECT host_tsc FROM clock_ping", "NULL" },
        { "SELECT text FROM note WHERE visit_id IS NULL", "hello" },
    };
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    SampleKey key = { .vcpu = 3, .stamp = { 1000, 77, 5000 } };

    write_facts(writer, &key);
    write_samples(writer, &key);
    assert_ok(writer_finish(writer, "complete", &error_));
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++)
        assert_answer(place->path, questions[i].sql, questions[i].answer);
}

static void
leaves_one_closed_file_that_owner_and_group_may_read(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    g_autofree char *log = g_strconcat(place->path, "-wal", NULL);
    struct stat status;

    assert_ok(writer_run(writer, &dataset_run, &error_));
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
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);

    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_note(writer, &(NoteRow){ .severity = "info", .text = "one" }, &error_));
    assert_answer(place->path, "SELECT count(*) FROM note", "0");
    assert_ok(writer_commit(writer, &error_));
    assert_answer(place->path, "SELECT count(*) FROM note", "1");
    assert_ok(writer_checkpoint(writer, &error_));
    assert_answer(place->path, "SELECT state FROM run", "running");
}

static void
refuses_a_file_that_is_not_empty_and_leaves_it_alone(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    assert_true(g_file_set_contents(place->path, "mine", -1, NULL));
    assert_false(writer_open(place->path, WRITER_NEW, dataset_events, 2, &writer, &error));
    assert_non_null(strstr(error->message, place->path));
    assert_null(writer);
    assert_true(g_file_get_contents(place->path, &text, NULL, NULL));
    assert_string_equal(text, "mine");
}

static void
takes_an_empty_file_and_replaces_when_asked(void **state)
{
    const DatasetPlace *place = *state;
    DatasetWriter *writer = NULL;

    assert_true(g_file_set_contents(place->path, "", -1, NULL));
    writer_free(dataset_writer(place->path));
    assert_answer(place->path, "SELECT count(*) FROM run", "0");
    assert_ok(writer_open(place->path, WRITER_REPLACE, dataset_events, 1, &writer, &error_));
    writer_free(writer);
    assert_answer(place->path, "SELECT count(*) FROM event", "1");
}

static void
does_not_follow_a_link_to_another_file(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *target = g_build_filename(place->dir, "target", NULL);
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GError) error = NULL;

    assert_true(g_file_set_contents(target, "", -1, NULL));
    assert_int_equal(symlink(target, place->path), 0);
    assert_false(writer_open(place->path, WRITER_NEW, dataset_events, 2, &writer, &error));
}

static void
goes_on_with_a_dataset_of_the_same_events_only(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    g_autoptr(DatasetWriter) again = NULL;
    g_autoptr(GError) error = NULL;
    ConditionRow condition = { .name = "quiet" };
    int64_t id = 0, id_again = 0;

    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_condition(writer, &condition, &id, &error_));
    assert_ok(writer_finish(writer, "interrupted", &error_));

    assert_false(writer_open(place->path, WRITER_APPEND, dataset_events, 1, &again, &error));
    assert_non_null(strstr(error->message, "other events"));
    assert_answer(place->path, "SELECT state FROM run", "interrupted");
    assert_ok(writer_open(place->path, WRITER_APPEND, dataset_events, 2, &again, &error_));
    assert_ok(writer_condition(again, &condition, &id_again, &error_));
    assert_int_equal(id, id_again);
    assert_answer(place->path, "SELECT state || ifnull(ended_wall_ns, 'none') FROM run",
                  "runningnone");
}

static void
refuses_events_that_would_share_a_column(void **state)
{
    const DatasetPlace *place = *state;
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
    const DatasetPlace *place = *state;
    const WriterEvent events[] = { { "select", 0 }, { "r01c4", 0 }, { "1\"; DROP TABLE run", 0 } };
    DatasetWriter *writer = NULL;

    assert_ok(writer_open(place->path, WRITER_NEW, events, 3, &writer, &error_));
    writer_free(writer);
    assert_answer(place->path,
                  "SELECT count(\"select\") + count(\"1___drop_table_run\") FROM guest_window",
                  "0");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, dataset_place_set_up, dataset_place_tear_down)
        TEST(writes_what_was_planned_and_what_was_reached),
        TEST(writes_every_kind_of_sample),
        TEST(leaves_one_closed_file_that_owner_and_group_may_read),
        TEST(lets_others_read_while_it_writes),
        TEST(refuses_a_file_that_is_not_empty_and_leaves_it_alone),
        TEST(takes_an_empty_file_and_replaces_when_asked),
        TEST(does_not_follow_a_link_to_another_file),
        TEST(goes_on_with_a_dataset_of_the_same_events_only),
        TEST(refuses_events_that_would_share_a_column),
        TEST(takes_event_names_that_are_words_of_sql),
    };

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
