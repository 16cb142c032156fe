/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/base/failure.h"
#include "hostctl/record/disk_bound.h"
#include "hostctl/record/recorder.h"
#include "tests/support/dataset_file.h"
#include "tests/support/fixture_copy.h"

#define NEVER_NS (INT64_MAX / 4)
#define MIB (1 << 20)

static const char *const events[] = { "cycles", NULL };
static const char *const everybody[] = { NULL };

/* The host of two guests, web-1 with two vCPUs and db-1 with one. */
typedef struct {
    DatasetPlace *place;
    char *copy;
    Sysroot *root;
    RecordSetup setup;
    RecorderOptions options;
} Host;

static GPtrArray *said;

static void
remember(const char *line)
{
    g_ptr_array_add(said, g_strdup(line));
}

static int
set_up(void **state)
{
    Host *host = g_new0(Host, 1);
    void *place = NULL;

    dataset_place_set_up(&place);
    host->place = place;
    host->copy = fixture_copy("host-two-guests");
    host->root = sysroot_new(host->copy);
    host->setup =
        (RecordSetup){ .root = host->root, .source = COUNTER_SOURCE_SOFTWARE, .events = events };
    host->options = (RecorderOptions){ .output = host->place->path,
                                       .domains = everybody,
                                       .interval_ns = 20 * NS_PER_MS,
                                       .duration_ns = 200 * NS_PER_MS,
                                       .max_bytes = 64 * MIB,
                                       .say = remember };
    said = g_ptr_array_new_with_free_func(g_free);
    *state = host;
    return 0;
}

static int
tear_down(void **state)
{
    Host *host = *state;
    void *place = host->place;

    g_ptr_array_unref(said);
    sysroot_free(host->root);
    fixture_copy_free(host->copy);
    dataset_place_tear_down(&place);
    g_free(host);
    return 0;
}

static Recorder *
record_for_a_while(Host *host, const Interrupt *interrupt)
{
    g_autofree char *why = NULL;
    Recorder *recorder = NULL;

    assert_ok(recorder = recorder_new(&host->options, &host->setup, &error_));
    assert_ok(recorder_run(recorder, interrupt, &why, &error_));
    assert_null(why);
    return recorder;
}

static bool
was_said(const char *text)
{
    for (guint i = 0; i < said->len; i++)
        if (strstr(said->pdata[i], text))
            return true;
    return false;
}

static void
records_every_vcpu_of_every_guest_until_the_time_is_over(void **state)
{
    Host *host = *state;
    const char *path = host->place->path;
    g_autoptr(Recorder) recorder = record_for_a_while(host, NULL);

    assert_int_equal(recorder_guests(recorder), 2);
    assert_int_equal(recorder_vcpus(recorder), 3);
    assert_true(was_said("web-1: recorded, 2 vCPUs"));
    assert_answer(path, "select state from run where command = 'record'", "complete");
    assert_answer(path, "select group_concat(name) from (select name from guest order by name)",
                  "db-1,web-1");
    assert_answer(path, "select count(distinct guest_id || '/' || vcpu) from sched_sample", "3");
    assert_answer(path, "select count(*) > 3 from sched_sample where vcpu = 1", "1");
    assert_answer(path, "select count(distinct name) >= 5 from task_sample", "1");
    assert_answer(path, "select state from visit", "done");
    assert_answer(path, "select count(*) > 0 from memory_sample where ksm_run is not null", "1");
}

static void
records_the_named_guests_only_and_the_others_count_as_foreign(void **state)
{
    static const char *const wanted[] = { "db-1", "later", NULL };
    Host *host = *state;
    g_autoptr(Recorder) recorder = NULL;

    host->options.domains = wanted;
    recorder = record_for_a_while(host, NULL);
    assert_int_equal(recorder_vcpus(recorder), 1);
    assert_answer(host->place->path, "select name from guest", "db-1");
}

static void
a_guest_that_ends_is_dropped_and_its_rows_stay(void **state)
{
    Host *host = *state;
    g_autofree char *why = NULL;
    g_autoptr(Recorder) recorder = NULL;

    assert_ok(recorder = recorder_new(&host->options, &host->setup, &error_));
    assert_ok(sysroot_write(host->root, "proc/2101/task/2104/schedstat", "gone\n", &error_));
    fixture_change(host->copy, "proc/2101", NULL);
    assert_ok(recorder_run(recorder, NULL, &why, &error_));
    assert_int_equal(recorder_guests(recorder), 1);
    assert_true(was_said("web-1: has ended"));
    assert_answer(host->place->path, "select state from run", "complete");
}

static void
a_signal_ends_it_with_everything_committed(void **state)
{
    Host *host = *state;
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autoptr(Recorder) recorder = NULL;

    host->options.duration_ns = NEVER_NS;
    interrupt_raise(interrupt, 15);
    recorder = record_for_a_while(host, interrupt);
    assert_answer(host->place->path, "select state from run", "complete");
    assert_answer(host->place->path, "select end_raw_ns >= start_raw_ns from visit", "1");
}

static void
ends_at_the_bound_and_says_which(void **state)
{
    Host *host = *state;
    g_autofree char *why = NULL;
    g_autoptr(Recorder) recorder = NULL;

    host->options.duration_ns = NEVER_NS;
    host->options.max_bytes = 4096;
    assert_ok(recorder = recorder_new(&host->options, &host->setup, &error_));
    assert_ok(recorder_run(recorder, NULL, &why, &error_));
    assert_non_null(strstr(why, "--max-mib"));
    assert_non_null(strstr(why, "--ring"));
    assert_answer(host->place->path, "select state from run", "complete");
}

/* So many ticks of one CPU's row, an hour of them in each transaction. */
static void
fill(DatasetWriter *writer, int64_t from, int64_t to)
{
    assert_ok(writer_begin(writer, &error_));
    for (int64_t i = from; i < to; i++) {
        const CpuSampleRow row = { .stamp = { i + 1, 0, i + 1 }, .user_ns = (uint64_t) i };

        assert_ok(writer_cpu_sample(writer, &row, &error_));
    }
    assert_ok(writer_commit(writer, &error_));
}

static void
a_ring_forgets_the_oldest_and_grows_no_more(void **state)
{
    Host *host = *state;
    DatasetWriter *writer = dataset_writer(host->place->path);
    int64_t first_ns, last_ns;
    DiskVerdict verdict;
    bool forgot = false;
    WriterDisk disk;

    for (int64_t hour = 0; hour < 100; hour++) {
        fill(writer, hour * 1000, hour * 1000 + 1000);
        assert_ok(writer_checkpoint(writer, &error_));
        assert_ok(disk_bound_keep(writer, MIB, true, &verdict, &error_));
        forgot = forgot || verdict == DISK_FORGOT;
        assert_int_not_equal(verdict, DISK_FULL);
        assert_ok(writer_disk(writer, &disk, &error_));
        assert_true(disk.used_bytes < MIB);
    }
    assert_true(forgot);
    assert_ok(writer_span(writer, &first_ns, &last_ns, &error_));
    assert_true(first_ns > 1000);
    assert_int_equal(last_ns, 100000);
    assert_answer(host->place->path,
                  "select count(*) = max(raw_ns) - min(raw_ns) + 1 from cpu_sample", "1");
    writer_free(writer);
}

/* Each commit writes whole pages to the log, many times what it adds to the file. */
static void
the_log_beside_the_file_does_not_eat_the_bound(void **state)
{
    Host *host = *state;
    DatasetWriter *writer = dataset_writer(host->place->path);
    DiskVerdict verdict;
    WriterDisk disk;

    for (int64_t i = 0; i < 400; i++) {
        fill(writer, i, i + 1);
        assert_ok(disk_bound_keep(writer, MIB, false, &verdict, &error_));
        assert_int_equal(verdict, DISK_ROOM);
    }
    assert_ok(writer_disk(writer, &disk, &error_));
    assert_true(disk.disk_bytes < MIB);
    writer_free(writer);
}

static void
without_a_ring_the_bound_is_the_end(void **state)
{
    Host *host = *state;
    DatasetWriter *writer = dataset_writer(host->place->path);
    DiskVerdict verdict;

    fill(writer, 0, 1000);
    assert_ok(disk_bound_keep(writer, 64 * MIB, false, &verdict, &error_));
    assert_int_equal(verdict, DISK_ROOM);
    assert_ok(disk_bound_keep(writer, 4096, false, &verdict, &error_));
    assert_int_equal(verdict, DISK_FULL);
    assert_answer(host->place->path, "select count(*) from cpu_sample", "1000");
    writer_free(writer);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(records_every_vcpu_of_every_guest_until_the_time_is_over),
        CASE(records_the_named_guests_only_and_the_others_count_as_foreign),
        CASE(a_guest_that_ends_is_dropped_and_its_rows_stay),
        CASE(a_signal_ends_it_with_everything_committed),
        CASE(ends_at_the_bound_and_says_which),
        CASE(a_ring_forgets_the_oldest_and_grows_no_more),
        CASE(the_log_beside_the_file_does_not_eat_the_bound),
        CASE(without_a_ring_the_bound_is_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
