/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/json_text.h"

#include <math.h>
#include <string.h>

static bool
is_tame(gunichar c)
{
    return c < 0x7f || g_unichar_isprint(c);
}

static void
append_escape(GString *out, gunichar c)
{
    if (c > 0xffff) {
        g_string_append_printf(out, "\\u%04x", 0xd800 + ((c - 0x10000) >> 10));
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    g_string_append_printf(out, "\\u%04x", c);
}

static void
append_char(GString *out, gunichar c)
{
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c < 0x80 && c != 0 ? strchr(named, (int) c) : NULL;

    if (found)
        g_string_append_printf(out, "\\%c", letters[found - named]);
    else if (c < 0x20 || !is_tame(c))
        append_escape(out, c);
    else
        g_string_append_unichar(out, c);
}

void
json_append_string(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_string_append_c(out, '"');
    for (const char *at = valid; *at; at = g_utf8_next_char(at))
        append_char(out, g_utf8_get_char(at));
    g_string_append_c(out, '"');
}

char *
json_text_tame(const char *json)
{
    g_autofree char *valid = g_utf8_make_valid(json, -1);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (is_tame(c))
            g_string_append_unichar(out, c);
        else
            append_escape(out, c);
    }
    return g_string_free(out, FALSE);
}

JsonText
json_text_begin(void)
{
    return (JsonText){ .text = g_string_new("{") };
}

static void
append_key(JsonText *object, const char *key)
{
    if (object->begun)
        g_string_append(object->text, ", ");
    object->begun = true;
    json_append_string(object->text, key);
    g_string_append(object->text, ": ");
}

void
json_text_string(JsonText *object, const char *key, const char *value)
{
    append_key(object, key);
    if (value)
        json_append_string(object->text, value);
    else
        g_string_append(object->text, "null");
}

void
json_text_number(JsonText *object, const char *key, uint64_t value)
{
    append_key(object, key);
    g_string_append_printf(object->text, "%" G_GUINT64_FORMAT, value);
}

void
json_text_double(JsonText *object, const char *key, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    append_key(object, key);
    g_string_append(object->text,
                    isfinite(value) ? g_ascii_dtostr(text, sizeof text, value) : "null");
}

void
json_text_bool(JsonText *object, const char *key, bool value)
{
    append_key(object, key);
    g_string_append(object->text, value ? "true" : "false");
}

void
json_text_value(JsonText *object, const char *key, const char *json)
{
    append_key(object, key);
    g_string_append(object->text, json);
}

char *
json_text_end(JsonText *object)
{
    g_string_append_c(object->text, '}');
    return g_string_free(g_steal_pointer(&object->text), FALSE);
}
