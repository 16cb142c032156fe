/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/event.h"

#include <glib.h>

#include "tests/support/cmocka_all.h"

static void
finds_each_event_by_its_own_name(void **state)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        assert_ptr_equal(event_find(event_list[i].name), &event_list[i]);
}

static void
knows_no_other_names(void **state)
{
    assert_null(event_find(""));
    assert_null(event_find("cycle"));
    assert_null(event_find("Cycles"));
    assert_null(event_find("branch_misses"));
}

static void
column_in_the_list_is_the_one_made_from_the_name(void **state)
{
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        g_autofree char *column = event_column(event_list[i].name);

        assert_string_equal(column, event_list[i].column);
    }
}

static void
column_of_a_foreign_event_has_letters_digits_and_underscores(void **state)
{
    g_autofree char *raw = event_column("r01C4");
    g_autofree char *modified = event_column("BR_MISP_RETIRED.ALL:u");

    assert_string_equal(raw, "r01c4");
    assert_string_equal(modified, "br_misp_retired_all_u");
}

static void
emulated_events_are_hardware_events(void **state)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (event_list[i].emulated)
            assert_int_equal(event_list[i].kind, EVENT_KIND_HARDWARE);
}

static void
reference_experiments_events_are_emulated(void **state)
{
    static const char *const names[] = { "cycles", "instructions", "branches", "branch-misses",
                                         "cache-misses" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const Event *event = event_find(names[i]);

        assert_non_null(event);
        assert_true(event->emulated);
    }
}

static void
all_events_fit_one_plan(void **state)
{
    assert_true(EVENT_COUNT <= EVENT_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_event_by_its_own_name),
        cmocka_unit_test(knows_no_other_names),
        cmocka_unit_test(column_in_the_list_is_the_one_made_from_the_name),
        cmocka_unit_test(column_of_a_foreign_event_has_letters_digits_and_underscores),
        cmocka_unit_test(emulated_events_are_hardware_events),
        cmocka_unit_test(reference_experiments_events_are_emulated),
        cmocka_unit_test(all_events_fit_one_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
