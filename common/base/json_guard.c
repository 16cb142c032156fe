/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/json_guard.h"

#include <string.h>

#include "common/base/failure.h"

#define UNICODE_ESCAPE_BYTES 6

/* The code unit of a \uXXXX at `text`, 0 when none stands there. */
static gunichar
unicode_escape(const char *text, size_t length)
{
    gunichar unit = 0;

    if (length < UNICODE_ESCAPE_BYTES || text[0] != '\\' || text[1] != 'u')
        return 0;
    for (size_t i = 2; i < UNICODE_ESCAPE_BYTES; i++) {
        if (!g_ascii_isxdigit(text[i]))
            return 0;
        unit = unit << 4 | (gunichar) g_ascii_xdigit_value(text[i]);
    }
    return unit;
}

/* The bytes of the escape that starts at `text`, 0 when JSON has none like it. */
static size_t
escape_bytes(const char *text, size_t length)
{
    gunichar unit;

    if (length > 1 && text[1] != '\0' && strchr("\"\\/bfnrt", text[1]))
        return 2;
    unit = unicode_escape(text, length);
    if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return 0;
    if (unit < 0xd800 || unit > 0xdfff)
        return UNICODE_ESCAPE_BYTES;
    unit = unicode_escape(text + UNICODE_ESCAPE_BYTES, length - UNICODE_ESCAPE_BYTES);
    return unit >= 0xdc00 && unit <= 0xdfff ? 2 * UNICODE_ESCAPE_BYTES : 0;
}

/* Moves *i from a string's first byte to its closing quote, or to the end of the text. */
static bool
skip_string(const char *text, size_t length, size_t *i, GError **error)
{
    while (*i < length && text[*i] != '"') {
        size_t bytes = text[*i] == '\\' ? escape_bytes(text + *i, length - *i) : 1;

        if (bytes == 0)
            return failure_set(error, FAILURE_FAILED, "not JSON: an escape at byte %zu", *i);
        if ((unsigned char) text[*i] < ' ')
            return failure_set(error, FAILURE_FAILED,
                               "not JSON: a control character in a string at byte %zu", *i);
        *i += bytes;
    }
    return true;
}

bool
json_guard_check(const char *text, size_t length, GError **error)
{
    size_t depth = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        /* json-glib reads these as quotes and comments, in which a bracket would not count. */
        if (c == '\'' || c == '/' || c == '#')
            return failure_set(error, FAILURE_FAILED, "not JSON: '%c' at byte %zu", c, i);
        if (c == '"') {
            i++;
            if (!skip_string(text, length, &i, error))
                return false;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
        if (depth > JSON_MAX_DEPTH)
            return failure_set(error, FAILURE_FAILED,
                               "JSON nests deeper than %d levels at byte %zu", JSON_MAX_DEPTH, i);
    }
    return true;
}
