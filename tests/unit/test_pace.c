/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/pace.h"

#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/clock.h"
#include "common/base/progress.h"
#include "tests/support/cmocka_all.h"

/* What a terminal was given while `work` ran, then “|”; NULL where there are no terminals. */
static char *
shown_on_terminal(void (*work)(void))
{
    autofd int master = posix_openpt(O_RDWR | O_NOCTTY);
    char text[4096] = "";
    const char *name;
    FILE *out;
    size_t length = 0;
    ssize_t n;

    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || !(name = ptsname(master)))
        return NULL;
    out = fopen(name, "we");
    assert_non_null(out);
    pace_show(out);
    work();
    fputs("|", out);
    fflush(out);
    /* What is written arrives some time later, in pieces. */
    while (!strchr(text, '|') && (n = read(master, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t) n;
    pace_show(NULL);
    fclose(out);
    return g_strdup(text);
}

static void
wait_ten_seconds_more(void)
{
    pace_until("watching", clock_raw_ns() + 10 * NS_PER_SECOND);
}

static void
tell_and_wipe(void)
{
    pace_tell("booting");
    pace_end();
}

static void
take_half_of_it(void)
{
    pace_begin("drawing", 4);
    pace_step();
    g_usleep(1100 * 1000);
    pace_step();
}

static void
be_quick(void)
{
    pace_begin("drawing", 2);
    pace_step();
    pace_step();
    pace_end();
}

static void
says_what_goes_on_and_how_long_yet(void **state)
{
    g_autofree char *text = shown_on_terminal(wait_ten_seconds_more);

    if (!text)
        skip();
    assert_non_null(strstr(text, "watching, left: 10 s"));
}

static void
wipes_its_line(void **state)
{
    g_autofree char *text = shown_on_terminal(tell_and_wipe);

    if (!text)
        skip();
    assert_non_null(strstr(text, "booting"));
    assert_true(g_str_has_suffix(text, "\r\033[K|"));
}

static void
counts_the_parts_of_a_stage(void **state)
{
    g_autofree char *text = shown_on_terminal(take_half_of_it);

    if (!text)
        skip();
    assert_non_null(strstr(text, "drawing 2/4, left: "));
}

static void
is_silent_about_what_is_soon_over(void **state)
{
    g_autofree char *text = shown_on_terminal(be_quick);

    if (!text)
        skip();
    assert_string_equal(text, "|");
}

static void
is_silent_where_there_is_no_terminal(void **state)
{
    g_autofree char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    pace_show(out);
    pace_tell("booting");
    wait_ten_seconds_more();
    pace_end();
    pace_show(NULL);
    fclose(out);
    assert_int_equal(length, 0);
}

static void
durations_are_said_as_people_do(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = { { 7, "7 s" }, { 200, "3 min 20 s" }, { 7500, "2 h 05 min" } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = progress_duration(cases[i].seconds * NS_PER_SECOND);

        assert_string_equal(text, cases[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_goes_on_and_how_long_yet),
        cmocka_unit_test(wipes_its_line),
        cmocka_unit_test(counts_the_parts_of_a_stage),
        cmocka_unit_test(is_silent_about_what_is_soon_over),
        cmocka_unit_test(is_silent_where_there_is_no_terminal),
        cmocka_unit_test(durations_are_said_as_people_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
