/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/moment.h"
#include "hostctl/ring/look_back.h"
#include "hostctl/ring/ring_gather.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/example_node.h"

#define T0 (INT64_C(1700000000) * 1000000000)
#define S INT64_C(1000000000)

static char folder[] = "/tmp/test-ring-XXXXXX";
static char *path;

static RingWriter *
open_ring(uint64_t records)
{
    g_autoptr(GError) error = NULL;
    RingWriter *ring = NULL;

    assert_true(ring_writer_open(path, ring_bytes(records), &ring, &error));
    return ring;
}

static void
append(RingWriter *ring, const char *guest, int64_t end_s)
{
    RingRecord record = { .wall_ns = T0 + end_s * S,
                          .interval_ns = 10 * S,
                          .run_ns = 6 * S,
                          .wait_ns = 4 * S,
                          .vcpus = 2,
                          .has_blame = true,
                          .n_causes = 1,
                          .rest_ns = S,
                          .causes = { { BLAME_GUEST, "db-1", 3 * S } } };

    ring_copy_name(record.guest, sizeof record.guest, guest);
    assert_true(ring_writer_append(ring, &record, NULL));
}

static void
count(const RingRecord *record, void *data)
{
    (*(unsigned *) data)++;
}

static unsigned
n_records(void)
{
    unsigned n = 0;

    assert_true(ring_read(path, count, &n, NULL));
    return n;
}

static void
the_newest_record_takes_the_place_of_the_oldest(void **state)
{
    RingWriter *ring = open_ring(4);

    for (int i = 1; i <= 6; i++)
        append(ring, "web", 10 * i);
    assert_int_equal(n_records(), 4);
    assert_int_equal(ring_writer_oldest_ns(ring), T0 + 30 * S);
    ring_writer_close(ring);

    ring = open_ring(4); /* goes on where it was */
    append(ring, "web", 70);
    assert_int_equal(ring_writer_oldest_ns(ring), T0 + 40 * S);
    ring_writer_close(ring);
}

static void
a_torn_record_is_left_out_and_harms_no_other(void **state)
{
    RingWriter *ring = open_ring(4);
    autofd int fd = -1;

    append(ring, "web", 10);
    append(ring, "web", 20);
    ring_writer_close(ring);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, ring_bytes(0) + 100), 1);
    assert_int_equal(n_records(), 1);
}

static void
a_ring_of_another_version_is_not_read_and_begins_anew_when_written(void **state)
{
    RingHeader header = { .version = RING_VERSION + 1, .record_bytes = 64, .capacity = 9 };
    uint8_t bytes[RING_HEADER_BYTES];
    g_autoptr(GError) error = NULL;
    unsigned n = 0;

    ring_header_encode(&header, bytes);
    assert_true(g_file_set_contents(path, (char *) bytes, sizeof bytes, NULL));
    assert_false(ring_read(path, count, &n, &error));
    assert_non_null(strstr(error->message, "version 2"));
    ring_writer_close(open_ring(4));
    assert_int_equal(n_records(), 0);
}

static void
what_is_no_ring_is_refused_and_stays(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    RingWriter *ring = NULL;

    assert_true(g_file_set_contents(path, "somebody's file\n", -1, NULL));
    assert_false(ring_writer_open(path, ring_bytes(4), &ring, &error));
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, "somebody's file\n");
    g_clear_error(&error);
    g_unlink(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_false(ring_writer_open(path, ring_bytes(4), &ring, &error));
}

static void
only_one_process_writes_and_nobody_else_may_read(void **state)
{
    RingWriter *ring = open_ring(4), *second = NULL;
    g_autoptr(GError) error = NULL;
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777 & ~0640, 0);
    assert_false(ring_writer_open(path, ring_bytes(4), &second, &error));
    assert_non_null(strstr(error->message, "another process"));
    ring_writer_close(ring);
}

static void
looking_back_sums_the_intervals_of_the_stretch(void **state)
{
    RingWriter *ring = open_ring(16);
    g_auto(LookBack) look = { 0 };
    const CauseView *cause;

    for (int i = 1; i <= 6; i++)
        append(ring, i % 2 ? "web" : "db-1", 10 * i);
    ring_writer_close(ring);
    assert_true(look_back(path, "web", T0 + 5 * S, T0 + 25 * S, &look, NULL));
    assert_int_equal(look.guest->wait_ns, 8 * S);
    assert_int_equal(look.guest->vcpus->len, 2);
    cause = guest_view_worst(look.guest);
    assert_string_equal(cause->name, "db-1");
    assert_int_equal(cause->wait_ns, 6 * S);
    assert_int_equal(look.from_ns, T0);
    assert_int_equal(look.to_ns, T0 + 30 * S);
}

static void
looking_outside_of_the_ring_says_how_far_it_reaches(void **state)
{
    RingWriter *ring = open_ring(16);
    LookBack look = { 0 };
    g_autoptr(GError) error = NULL;

    append(ring, "web", 10);
    ring_writer_close(ring);
    assert_false(look_back(path, "web", T0 + 100 * S, T0 + 160 * S, &look, &error));
    assert_non_null(strstr(error->message, "reaches from"));
    g_clear_error(&error);
    assert_false(look_back(path, "none", T0, T0 + 10 * S, &look, &error));
    assert_non_null(strstr(error->message, "web"));
}

static void
gathering_keeps_the_sum_of_all_causes(void **state)
{
    g_autoptr(RingGather) gather = ring_gather_new();
    g_autoptr(GArray) records = NULL;
    g_autoptr(NodeView) view = example_node();

    for (int i = 0; i < 5; i++)
        ring_gather_add(gather, view);
    assert_true(ring_gather_is_full(gather));
    records = ring_gather_take(gather);
    assert_int_equal(records->len, 3);
    for (guint i = 0; i < records->len; i++) {
        const RingRecord *record = &g_array_index(records, RingRecord, i);
        uint64_t sum_ns = record->rest_ns;

        for (unsigned k = 0; k < record->n_causes; k++)
            sum_ns += record->causes[k].wait_ns;
        assert_int_equal(sum_ns, record->wait_ns);
        assert_int_equal(record->interval_ns, 10 * S);
    }
}

static void
a_moment_is_a_time_of_day_or_rfc_3339_and_in_the_past(void **state)
{
    g_autoptr(GError) error = NULL;
    int64_t ns;

    assert_true(moment_parse("2023-11-14T22:13:20Z", T0 + S, &ns, NULL));
    assert_int_equal(ns, T0);
    assert_true(moment_parse("22:13:10", T0, &ns, NULL));
    assert_int_equal(ns, T0 - 10 * S);
    assert_true(moment_parse("22:14", T0, &ns, NULL)); /* yesterday's */
    assert_int_equal(ns, T0 + 40 * S - 86400 * S);
    assert_false(moment_parse("2023-11-14T22:13:20Z", T0 - S, &ns, NULL));
    assert_false(moment_parse("25:00", T0, &ns, NULL));
    assert_false(moment_parse("soon", T0, &ns, &error));
    assert_non_null(strstr(error->message, "soon"));
}

static int
remove_ring(void **state)
{
    g_unlink(path);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_newest_record_takes_the_place_of_the_oldest, remove_ring),
        cmocka_unit_test_teardown(a_torn_record_is_left_out_and_harms_no_other, remove_ring),
        cmocka_unit_test_teardown(
            a_ring_of_another_version_is_not_read_and_begins_anew_when_written, remove_ring),
        cmocka_unit_test_teardown(what_is_no_ring_is_refused_and_stays, remove_ring),
        cmocka_unit_test_teardown(only_one_process_writes_and_nobody_else_may_read, remove_ring),
        cmocka_unit_test_teardown(looking_back_sums_the_intervals_of_the_stretch, remove_ring),
        cmocka_unit_test_teardown(looking_outside_of_the_ring_says_how_far_it_reaches, remove_ring),
        cmocka_unit_test(gathering_keeps_the_sum_of_all_causes),
        cmocka_unit_test(a_moment_is_a_time_of_day_or_rfc_3339_and_in_the_past),
    };
    int failed;

    g_setenv("TZ", "UTC", TRUE);
    if (!g_mkdtemp(folder))
        return 1;
    path = g_build_filename(folder, "ring", NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_rmdir(folder);
    g_free(path);
    return failed;
}
