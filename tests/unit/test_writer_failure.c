/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/writer.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/dataset/writer_private.h"
#include "tests/support/dataset_file.h"
#include "tests/support/needs.h"

static void
loses_only_the_open_tick_when_killed(void **state)
{
    const DatasetPlace *place = *state;
    pid_t child = fork();
    int status;

    if (child == 0) {
        DatasetWriter *writer = dataset_writer(place->path);
        NoteRow note = { .severity = "info", .text = "tick" };

        writer_run(writer, &dataset_run, NULL);
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
is_not_confused_by_the_log_of_an_older_dataset(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *log = g_strconcat(place->path, "-wal", NULL);
    pid_t child = fork();

    if (child == 0) {
        writer_run(dataset_writer(place->path), &dataset_run, NULL);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
    assert_int_equal(g_unlink(place->path), 0);
    writer_free(dataset_writer(place->path));
    assert_answer(place->path, "SELECT count(*) FROM run", "0");
}

static void
says_that_the_disk_is_full_and_keeps_what_was_committed(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    g_autoptr(GError) error = NULL;
    NoteRow note = { .severity = "info", .text = "a line of some length, to fill pages" };
    bool ok = true;
    int ticks = 0;

    assert_ok(writer_run(writer, &dataset_run, &error_));
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

/* In a mount namespace of its own, on a file system of 256 KiB: 0 when all went as it should. */
static int
fill_a_small_disk(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "run.db", NULL);
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GError) error = NULL;
    NoteRow note = { .severity = "info", .text = "a line of some length, to fill pages" };
    g_autofree char *want = NULL;
    int ticks = 0;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("small", dir, "tmpfs", 0, "size=256k") < 0)
        return TEST_SKIPPED;

    writer = dataset_writer(path);
    assert_ok(writer_run(writer, &dataset_run, &error_));
    for (bool ok = true; ok && ticks < 10000; ticks += ok) {
        ok = writer_begin(writer, &error);
        for (int row = 0; ok && row < 20; row++)
            ok = writer_note(writer, &note, &error);
        ok = ok && writer_commit(writer, &error);
    }
    assert_non_null(error);
    assert_non_null(strstr(error->message, "full"));
    assert_true(ticks > 1);
    writer_finish(writer, "failed", NULL);
    writer_free(g_steal_pointer(&writer));

    want = g_strdup_printf("%d", ticks * 20);
    assert_answer(path, "SELECT count(*) FROM note", want);
    assert_answer(path, "PRAGMA integrity_check", "ok");
    return 0;
}

static void
keeps_what_was_committed_on_a_disk_that_is_full(void **state)
{
    const DatasetPlace *place = *state;
    pid_t child = fork();
    int status;

    if (child == 0)
        _exit(fill_a_small_disk(place->dir));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == TEST_SKIPPED)
        print_message("# not on a real disk: mounting is not allowed here\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, dataset_place_set_up, dataset_place_tear_down)
        TEST(loses_only_the_open_tick_when_killed),
        TEST(is_not_confused_by_the_log_of_an_older_dataset),
        TEST(keeps_what_was_committed_on_a_disk_that_is_full),
        TEST(says_that_the_disk_is_full_and_keeps_what_was_committed),
    };

    return cmocka_run_group_tests_name("writer_failure", tests, NULL, NULL);
}
