/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/json_path.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

/* The place is where the “^” would stand. */
static const struct {
    const char *text, *at, *path;
} places[] = {
    { "{\"a\": 1}", "1", "$.a" },
    { "{\"a\": 1, \"b\": [1, 2, {\"c\": x}]}", "x", "$.b[2].c" },
    { "{\"a\": {\"b\": 1}, \"d\": x}", "x", "$.d" },
    { "[[], [1, x]]", "x", "$[1][1]" },
    { "{\"a\": \"{[,:\", \"b\": x}", "x", "$.b" },
    { "{\"a\\\"b\": x}", "x", "$.a\\\"b" },
    { "{\"a\": \"k\", \"b\"x", "x", "$.b" },
    { "x", "x", "$" },
    { "]}]x", "x", "$" },
};

static void
names_the_place_of_a_byte(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        const char *text = places[i].text;
        g_autofree char *path =
            json_path_at(text, strlen(text), (size_t) (strstr(text, places[i].at) - text));

        assert_string_equal(path, places[i].path);
    }
}

static void
an_offset_behind_the_end_is_the_end(void **state)
{
    g_autofree char *path = json_path_at("{\"a\": [1,", 9, 4000);

    assert_string_equal(path, "$.a[1]");
}

static void
a_long_key_is_cut(void **state)
{
    g_autofree char *key = g_strnfill(5000, 'k');
    g_autofree char *text = g_strdup_printf("{\"%s\": 1", key);
    g_autofree char *path = json_path_at(text, strlen(text), strlen(text));

    assert_int_equal(strlen(path), 2 + 64);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_place_of_a_byte),
        cmocka_unit_test(an_offset_behind_the_end_is_the_end),
        cmocka_unit_test(a_long_key_is_cut),
    };

    return cmocka_run_group_tests_name("json_path", tests, NULL, NULL);
}
