/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "common/base/json_guard.h"
#include "common/base/near_name.h"
#include "common/json/builder.h"
#include "common/json/document.h"
#include "tests/support/cmocka_all.h"

typedef struct {
    char *name;
    int64_t count;
    double share;
    bool on;
    int kind;
    char **words;
    char **env;
} Thing;

static const char *const kinds[] = { "small", "large", NULL };

static const JsonField fields[] = {
    { "name", json_read_string, offsetof(Thing, name), .required = true },
    { "count", json_read_int64, offsetof(Thing, count), 1, 10 },
    { "share", json_read_double, offsetof(Thing, share), 0, 1 },
    { "on", json_read_bool, offsetof(Thing, on) },
    { "kind", json_read_choice, offsetof(Thing, kind), .choices = kinds },
    { "words", json_read_strv, offsetof(Thing, words) },
    { "env", json_read_assignments, offsetof(Thing, env) },
};

static bool
read_thing(const char *text, Thing *thing, GError **error)
{
    g_autoptr(JsonNode) node = json_document_parse("thing.json", text, -1, error);

    if (!node)
        return false;
    return json_read_object(&(JsonPlace){ "thing.json", "$", node }, fields, G_N_ELEMENTS(fields),
                            thing, error);
}

static void
thing_clear(Thing *thing)
{
    g_free(thing->name);
    g_strfreev(thing->words);
    g_strfreev(thing->env);
}

static void
fills_a_struct_by_its_table(void **state)
{
    Thing thing = { .count = 3 };

    assert_true(read_thing("{\"name\":\"a\",\"share\":0.5,\"on\":true,\"kind\":\"large\","
                           "\"words\":[\"x\",\"y\"],\"env\":{\"A\":\"1\"}}",
                           &thing, NULL));
    assert_string_equal(thing.name, "a");
    assert_int_equal(thing.count, 3);
    assert_true(thing.share == 0.5);
    assert_true(thing.on);
    assert_int_equal(thing.kind, 1);
    assert_string_equal(thing.words[1], "y");
    assert_null(thing.words[2]);
    assert_string_equal(thing.env[0], "A=1");
    thing_clear(&thing);
}

static void
names_file_and_path_of_every_mistake(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "{}", "thing.json: $: the key “name” is missing" },
        { "[]", "thing.json: $: want an object" },
        { "{\"name\":1}", "thing.json: $.name: want a text" },
        { "{\"name\":\"a\",\"nam\":1}", "did you mean “name”?" },
        { "{\"name\":\"a\",\"colour\":1}", "unknown key “colour” (known here: name, count" },
        { "{\"name\":\"a\",\"count\":11}",
          "thing.json: $.count: 11 is out of range (want 1 to 10)" },
        { "{\"name\":\"a\",\"count\":1.5}", "thing.json: $.count: want a whole number" },
        { "{\"name\":\"a\",\"share\":\"x\"}", "thing.json: $.share: want a number" },
        { "{\"name\":\"a\",\"on\":1}", "thing.json: $.on: want true or false" },
        { "{\"name\":\"a\",\"kind\":\"huge\"}", "“huge” is none of: small, large" },
        { "{\"name\":\"a\",\"words\":[\"x\",2]}", "thing.json: $.words[1]: want a text" },
        { "{\"name\":\"a\",\"env\":{\"A\":2}}", "thing.json: $.env.A: want a text" },
        { "{\"name\":", "thing.json: " },
        { "", "thing.json: empty" },
        { "\xff", "thing.json: not UTF-8" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Thing thing = { 0 };

        assert_false(read_thing(cases[i].text, &thing, &error));
        if (!strstr(error->message, cases[i].message))
            fail_msg("“%s” does not contain “%s”", error->message, cases[i].message);
        thing_clear(&thing);
    }
}

static void
refuses_what_nests_too_deep(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        g_string_append_c(text, '[');
    assert_true(json_guard_check(text->str, text->len, NULL));
    g_string_append_c(text, '[');
    assert_false(json_guard_check(text->str, text->len, &error));
    assert_non_null(strstr(error->message, "deeper than 64"));
}

static void
is_not_fooled_by_strings_quotes_and_comments(void **state)
{
    static const char *const hostile[] = { "'\"' [", "/* \" */ [", "// \"\n[", "# \"\n[" };
    const char *harmless = "{\"a\": \"[[[[\\\"[[[ // '\"}";

    assert_true(json_guard_check(harmless, strlen(harmless), NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++)
        assert_false(json_guard_check(hostile[i], strlen(hostile[i]), NULL));
}

static void
takes_every_escape_of_json_and_refuses_those_of_c(void **state)
{
    static const char *const taken[] = { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e9\"",
                                         "\"\\ud83d\\ude00\"" };
    static const char *const refused[] = {
        "\"\\615\"",   "\"\\x41\"",          "\"\\a\"",  "\"\\u0000\"", "\"\\u12\"", "\"\\ude00\"",
        "\"\\ud83d\"", "\"\\ud83d\\u0041\"", "\"a\tb\"", "\"\\",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(taken); i++)
        assert_true(json_guard_check(taken[i], strlen(taken[i]), NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(json_guard_check(refused[i], strlen(refused[i]), &error));
        assert_non_null(strstr(error->message, "at byte "));
    }
}

static void
finds_the_near_name_and_no_far_one(void **state)
{
    static const char *const known[] = { "repeats", "steps_percent", "load", NULL };

    assert_string_equal(near_name("repeat", known), "repeats");
    assert_string_equal(near_name("step_percent", known), "steps_percent");
    assert_string_equal(near_name("repaets", known), "repeats");
    assert_string_equal(near_name("steps", known), "steps_percent");
    assert_null(near_name("st", known));
    assert_null(near_name("colour", known));
    assert_null(near_name("", known));
}

static void
writes_numbers_that_are_read_again(void **state)
{
    static const double numbers[] = { 0,     1,    -2.5, 1e16,  1e17,   -1e17,
                                      1e22,  2e77, 1e-5, 1e-20, 5e-324, 1.7976931348623157e308,
                                      1e300, -7e99 };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        g_autofree char *text = NULL;
        g_autoptr(JsonNode) node = NULL;
        double again;

        json_builder_begin_object(builder);
        json_put_number(builder, "n", numbers[i]);
        json_builder_end_object(builder);
        text = json_builder_text(builder, false);
        node = json_document_parse("written.json", text, -1, NULL);
        if (!node)
            fail_msg("%.17g becomes %s", numbers[i], text);
        again = json_object_get_double_member(json_node_get_object(node), "n");
        assert_true(fabs(again - numbers[i]) <= 1e-15 * fabs(numbers[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_a_struct_by_its_table),
        cmocka_unit_test(names_file_and_path_of_every_mistake),
        cmocka_unit_test(refuses_what_nests_too_deep),
        cmocka_unit_test(is_not_fooled_by_strings_quotes_and_comments),
        cmocka_unit_test(takes_every_escape_of_json_and_refuses_those_of_c),
        cmocka_unit_test(finds_the_near_name_and_no_far_one),
        cmocka_unit_test(writes_numbers_that_are_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
