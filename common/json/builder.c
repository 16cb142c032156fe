/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json/builder.h"

#include <math.h>
#include <string.h>

#include "common/base/json_guard.h"
#include "common/base/json_text.h"

void
json_put_text(JsonBuilder *builder, const char *key, const char *text)
{
    json_builder_set_member_name(builder, key);
    if (text)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

/*
 * json-glib puts ".0" behind what has no point, and 1e+17 becomes 1e+17.0, which is no JSON: the
 * nearest number that needs a point is written instead, one part in 10^15 away.
 */
static double
writable(double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    for (g_ascii_dtostr(text, sizeof text, number); strchr(text, 'e') && !strchr(text, '.');
         g_ascii_dtostr(text, sizeof text, number))
        number = nextafter(number, 0);
    return number;
}

void
json_put_number(JsonBuilder *builder, const char *key, double number)
{
    json_builder_set_member_name(builder, key);
    if (isfinite(number))
        json_builder_add_double_value(builder, writable(number));
    else
        json_builder_add_null_value(builder);
}

void
json_put_integer(JsonBuilder *builder, const char *key, int64_t integer)
{
    json_builder_set_member_name(builder, key);
    if (integer != INT64_MIN)
        json_builder_add_int_value(builder, integer);
    else
        json_builder_add_null_value(builder);
}

void
json_put_u64(JsonBuilder *builder, const char *key, uint64_t integer)
{
    json_put_integer(builder, key, integer <= INT64_MAX ? (int64_t) integer : INT64_MIN);
}

void
json_put_bool(JsonBuilder *builder, const char *key, bool truth)
{
    json_builder_set_member_name(builder, key);
    json_builder_add_boolean_value(builder, truth);
}

void
json_put_document(JsonBuilder *builder, const char *key, const char *json)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    if (!json) {
        json_put_text(builder, key, NULL);
        return;
    }
    if (!json_guard_check(json, strlen(json), NULL) ||
        !json_parser_load_from_data(parser, json, -1, NULL) || !json_parser_get_root(parser)) {
        json_put_text(builder, key, json);
        return;
    }
    json_builder_set_member_name(builder, key);
    json_builder_add_value(builder, json_parser_steal_root(parser));
}

static char *
text_of(JsonBuilder *builder, bool pretty, guint indent)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = NULL, *tame = NULL;

    json_generator_set_pretty(generator, pretty);
    json_generator_set_indent(generator, indent);
    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    tame = json_text_tame(text);
    return g_strconcat(tame, "\n", NULL);
}

char *
json_builder_text(JsonBuilder *builder, bool pretty)
{
    return text_of(builder, pretty, 1);
}

void
json_print(JsonBuilder *builder, FILE *out)
{
    g_autofree char *text = text_of(builder, true, 2);

    fputs(text, out);
}
