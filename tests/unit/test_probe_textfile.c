/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/textfile.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <sys/stat.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

#define ROW(text, count)                                                      \
    {                                                                         \
        .name = text, .source = "emulated", .supported = true, .value = count \
    }

static const StatWindow example = {
    .end_ns = 15000000000,
    .elapsed_ns = 15000000000,
    .n_rows = 6,
    .rows = { { .name = "task-clock", .is_time = true, .supported = true, .value = 14.5e9 },
              ROW("cycles", 2000000),
              ROW("instructions", 3000000),
              ROW("branches", 500000),
              ROW("branch-misses", 5000.5),
              { .name = "cache-misses", .value = NAN } },
};

static const StatVerdict verdict = { .estimator = "branch_miss_rate",
                                     .value = 0.010001,
                                     .threshold = 0.0052,
                                     .match = "model",
                                     .verdict = "overcommitted" };

static TextfileInput
input_at(int64_t seconds)
{
    return (TextfileInput){ .window = &example,
                            .since_boot = { .steal_ns = seconds * 100000000,
                                            .busy_ns = seconds * 400000000 },
                            .wall_ns = 1700000000000000000 + seconds * 1000000000 };
}

static Textfile *
new_textfile(const char *path)
{
    return textfile_new(path, "KVM", 2, true);
}

/* The golden file outlives releases. */
static char *
without_version(char *text)
{
    static const char version[] = "version=\"" INSIDEOUT_VERSION "\",";
    char *found = strstr(text, version);

    assert_non_null(found);
    memmove(found, found + strlen(version), strlen(found + strlen(version)) + 1);
    return text;
}

static void
prints_counters_ratios_steal_and_the_verdict(void **state)
{
    g_autoptr(Textfile) textfile = new_textfile("unused.prom");
    TextfileInput first = input_at(15), second = input_at(30);
    StatWindow judged = example;
    g_autofree char *unused = textfile_text(textfile, &first), *text = NULL;

    judged.verdict = &verdict;
    second.window = &judged;
    text = textfile_text(textfile, &second);
    assert_golden("probe_textfile.prom", without_version(text));
}

static void
counters_add_up_over_windows(void **state)
{
    g_autoptr(Textfile) textfile = new_textfile("unused.prom");
    TextfileInput input = input_at(15);
    g_autofree char *first = textfile_text(textfile, &input);
    g_autofree char *second = textfile_text(textfile, &input);

    assert_non_null(strstr(first, "{event=\"branch-misses\",source=\"emulated\"} 5000.5\n"));
    assert_non_null(strstr(second, "{event=\"branch-misses\",source=\"emulated\"} 10001\n"));
}

static void
a_window_that_was_not_counted_is_said_and_adds_nothing(void **state)
{
    g_autoptr(Textfile) textfile = new_textfile("unused.prom");
    StatWindow lost = example;
    TextfileInput input = input_at(15);
    g_autofree char *text = NULL;

    for (unsigned i = 0; i < lost.n_rows; i++)
        lost.rows[i].value = NAN;
    input.window = &lost;
    text = textfile_text(textfile, &input);
    assert_non_null(strstr(text, "windows_lost_total 1\n"));
    assert_non_null(strstr(text, "{event=\"cycles\",source=\"emulated\"} 0\n"));
    assert_null(strstr(text, "insideout_guest_estimate"));
    assert_null(strstr(text, "nan"));
}

static void
has_no_steal_where_the_hypervisor_tells_none(void **state)
{
    g_autoptr(Textfile) textfile = textfile_new("unused.prom", "TCG", 2, false);
    TextfileInput input = input_at(15);
    g_autofree char *first = textfile_text(textfile, &input);
    g_autofree char *text = textfile_text(textfile, &input);

    assert_null(strstr(text, "steal"));
}

static void
has_no_verdict_while_nothing_judges(void **state)
{
    g_autoptr(Textfile) textfile = new_textfile("unused.prom");
    TextfileInput input = input_at(15);
    g_autofree char *text = textfile_text(textfile, &input);

    assert_null(strstr(text, "verdict"));
}

static void
a_name_cannot_break_out_of_its_quotes(void **state)
{
    g_autoptr(Textfile) textfile = textfile_new("unused.prom", "K\"V\\M\n", 2, true);
    TextfileInput input = input_at(15);
    g_autofree char *text = textfile_text(textfile, &input);

    assert_non_null(strstr(text, "hypervisor=\"K\\\"V\\\\M\\n\"}"));
}

static void
writes_a_file_for_all_and_takes_it_away_at_the_end(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("textfile-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "guest.prom", NULL);
    Textfile *textfile = new_textfile(path);
    TextfileInput input = input_at(15);
    g_autoptr(GError) error = NULL;
    GStatBuf status;

    assert_true(textfile_update(textfile, &input, &error));
    assert_int_equal(g_stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    textfile_free(textfile);
    assert_int_equal(g_stat(path, &status), -1);
    assert_int_equal(g_rmdir(folder), 0); /* nothing else was left in it */
}

static void
a_file_that_cannot_be_written_is_named(void **state)
{
    g_autoptr(Textfile) textfile = new_textfile("/nonexistent/guest.prom");
    TextfileInput input = input_at(15);
    g_autoptr(GError) error = NULL;

    assert_false(textfile_update(textfile, &input, &error));
    assert_non_null(strstr(error->message, "/nonexistent/guest.prom"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_counters_ratios_steal_and_the_verdict),
        cmocka_unit_test(counters_add_up_over_windows),
        cmocka_unit_test(a_window_that_was_not_counted_is_said_and_adds_nothing),
        cmocka_unit_test(has_no_steal_where_the_hypervisor_tells_none),
        cmocka_unit_test(has_no_verdict_while_nothing_judges),
        cmocka_unit_test(a_name_cannot_break_out_of_its_quotes),
        cmocka_unit_test(writes_a_file_for_all_and_takes_it_away_at_the_end),
        cmocka_unit_test(a_file_that_cannot_be_written_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
