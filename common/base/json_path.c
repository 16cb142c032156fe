/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/json_path.h"

#include <stdbool.h>

#include "common/base/json_guard.h"

#define KEY_BYTES_MAX 64 /* of a key in a path */

/* One object or array that is open. */
typedef struct {
    bool is_array, at_value;
    unsigned index;
    const char *key; /* of an object: the last one, raw; NULL: none yet */
    size_t key_bytes;
} Level;

typedef struct {
    Level levels[JSON_MAX_DEPTH + 1];
    size_t depth;
} Levels;

static size_t
string_bytes(const char *text, size_t length)
{
    size_t n = 1;

    while (n < length && text[n] != '"')
        n += text[n] == '\\' ? 2 : 1;
    return MIN(n + 1, length);
}

static void
take(Levels *levels, char c)
{
    Level *now = levels->depth ? &levels->levels[levels->depth - 1] : NULL;

    if ((c == '{' || c == '[') && levels->depth < G_N_ELEMENTS(levels->levels))
        levels->levels[levels->depth++] = (Level){ .is_array = c == '[' };
    else if ((c == '}' || c == ']') && levels->depth)
        levels->depth--;
    else if (now && c == ',') {
        now->index++;
        now->at_value = false;
    } else if (now && c == ':')
        now->at_value = true;
}

static char *
path_of(const Levels *levels)
{
    GString *path = g_string_new("$");

    for (size_t i = 0; i < levels->depth; i++) {
        const Level *level = &levels->levels[i];

        if (level->is_array)
            g_string_append_printf(path, "[%u]", level->index);
        else if (level->key)
            g_string_append_printf(path, ".%.*s", (int) MIN(level->key_bytes, KEY_BYTES_MAX),
                                   level->key);
    }
    return g_string_free(path, FALSE);
}

char *
json_path_at(const char *text, size_t length, size_t offset)
{
    Levels levels = { 0 };
    size_t end = MIN(offset, length);

    for (size_t i = 0; i < end;) {
        Level *now = levels.depth ? &levels.levels[levels.depth - 1] : NULL;
        size_t bytes = text[i] == '"' ? string_bytes(text + i, length - i) : 1;

        if (text[i] != '"') {
            take(&levels, text[i]);
        } else if (now && !now->is_array && !now->at_value && bytes > 1) {
            now->key = text + i + 1;
            now->key_bytes = bytes - 2;
        }
        i += bytes;
    }
    return path_of(&levels);
}
