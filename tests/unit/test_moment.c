/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/moment.h"

#include "common/base/clock.h"
#include "tests/support/cmocka_all.h"

#define NOON_NS (1795262400 * NS_PER_SECOND) /* 2026-11-21T12:00:00Z */

static void
people_read_local_time_with_its_zone(void **state)
{
    g_autofree char *day = moment_print(NOON_NS);
    g_autofree char *clock = moment_print_clock(NOON_NS);

    assert_string_equal(day, "2026-11-21 17:30:00 +0530");
    assert_string_equal(clock, "17:30:00 +0530");
}

static void
programs_read_rfc_3339_wherever_they_are(void **state)
{
    g_autofree char *text = moment_print_utc(NOON_NS);

    assert_string_equal(text, "2026-11-21T12:00:00Z");
}

static void
a_time_without_a_zone_is_local(void **state)
{
    int64_t ns = 0;

    assert_true(moment_parse("17:30", NOON_NS, &ns, NULL));
    assert_int_equal(ns, NOON_NS);
    assert_true(moment_parse("2026-11-21T17:29:00", NOON_NS, &ns, NULL));
    assert_int_equal(ns, NOON_NS - 60 * NS_PER_SECOND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_local_time_with_its_zone),
        cmocka_unit_test(programs_read_rfc_3339_wherever_they_are),
        cmocka_unit_test(a_time_without_a_zone_is_local),
    };

    g_setenv("TZ", "IST-05:30", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
