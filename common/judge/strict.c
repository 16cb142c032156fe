/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/strict.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/failure.h"
#include "common/base/json_guard.h"
#include "common/base/json_path.h"
#include "common/base/near_name.h"

#define MAX_FILE_BYTES (16 * 1024 * 1024)

bool(strict_error)(const StrictPlace *place, GError **error, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return failure_set(error, FAILURE_FAILED, "%s: %s: %s", place->file, place->path, what);
}

/* jansson's error has a place in bytes; its text ends with a piece of the file, which we leave out.
 */
static bool
not_parsed(const char *name, const char *text, size_t length, const json_error_t *failure,
           GError **error)
{
    g_autofree char *path = json_path_at(text, length, (size_t) MAX(failure->position, 0));
    const char *near = strstr(failure->text, " near ");
    int bytes = near ? (int) (near - failure->text) : (int) strlen(failure->text);

    return failure_set(error, FAILURE_FAILED, "%s: %s: line %d, column %d: %.*s", name, path,
                       failure->line, failure->column, bytes, failure->text);
}

json_t *
strict_parse(const char *name, const char *text, gssize length, GError **error)
{
    size_t size = length < 0 ? strlen(text) : (size_t) length;
    json_error_t failure;
    json_t *root;

    if (!g_utf8_validate(text, (gssize) size, NULL)) {
        failure_set(error, FAILURE_FAILED, "%s: not UTF-8 text", name);
        return NULL;
    }
    if (!json_guard_check(text, size, error)) {
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &failure);
    if (!root)
        not_parsed(name, text, size, &failure, error);
    return root;
}

json_t *
strict_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    struct stat info;
    size_t length;

    if (stat(path, &info) == 0 && (!S_ISREG(info.st_mode) || info.st_size > MAX_FILE_BYTES)) {
        failure_set(error, FAILURE_FAILED, "%s: not a regular file of at most %d MiB", path,
                    MAX_FILE_BYTES >> 20);
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    return strict_parse(path, text, (gssize) length, error);
}

static bool
unknown_key(const StrictPlace *place, const StrictField *fields, size_t n_fields, const char *key,
            GError **error)
{
    g_autofree const char **known = g_new0(const char *, n_fields + 1);
    g_autofree char *list = NULL;
    const char *near;

    for (size_t i = 0; i < n_fields; i++)
        known[i] = fields[i].key;
    near = near_name(key, known);
    if (near)
        return strict_error(place, error, "unknown key “%s” (did you mean “%s”?)", key, near);
    list = g_strjoinv(", ", (char **) known);
    return strict_error(place, error, "unknown key “%s” (known here: %s)", key, list);
}

/*
 * What is left of the object without the known keys. (Never by jansson's iterator: json-glib has a
 * function of the same name, json_object_iter_next(), and a program may have both.)
 */
static bool
keys_are_known(const StrictPlace *place, const StrictField *fields, size_t n_fields, GError **error)
{
    g_autoptr(json_t) rest = json_copy((json_t *) place->value);

    for (size_t i = 0; i < n_fields; i++)
        json_object_del(rest, fields[i].key);
    return json_object_size(rest) == 0 ||
           unknown_key(place, fields, n_fields, json_object_iter_key(json_object_iter(rest)),
                       error);
}

bool
strict_object(const StrictPlace *place, const StrictField *fields, size_t n_fields, void *target,
              GError **error)
{
    if (!json_is_object(place->value))
        return strict_error(place, error, "want an object {…}");
    if (!keys_are_known(place, fields, n_fields, error))
        return false;

    for (size_t i = 0; i < n_fields; i++) {
        const json_t *value = json_object_get(place->value, fields[i].key);
        g_autofree char *path = g_strdup_printf("%s.%s", place->path, fields[i].key);
        const StrictPlace member = { place->file, path, value };

        if (!value && fields[i].required)
            return strict_error(place, error, "the key “%s” is missing", fields[i].key);
        if (value &&
            !fields[i].read(&member, &fields[i], (char *) target + fields[i].offset, error))
            return false;
    }
    return true;
}

bool
strict_each(const StrictPlace *place,
            bool (*read)(const StrictPlace *element, void *data, GError **error), void *data,
            GError **error)
{
    if (!json_is_array(place->value))
        return strict_error(place, error, "want an array […]");
    for (size_t i = 0; i < json_array_size(place->value); i++) {
        g_autofree char *path = g_strdup_printf("%s[%zu]", place->path, i);
        const StrictPlace element = { place->file, path, json_array_get(place->value, i) };

        if (!read(&element, data, error))
            return false;
    }
    return true;
}

bool
strict_text(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    char **text = target;

    if (!json_is_string(place->value))
        return strict_error(place, error, "want a text in quotes");
    g_free(*text);
    *text = g_strdup(json_string_value(place->value));
    return true;
}

static bool
add_text(const StrictPlace *place, void *data, GError **error)
{
    g_autofree char *text = NULL;

    if (!strict_text(place, NULL, &text, error))
        return false;
    g_ptr_array_add(data, g_steal_pointer(&text));
    return true;
}

bool
strict_texts(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    char ***strv = target;

    if (!strict_each(place, add_text, texts, error))
        return false;
    g_ptr_array_add(texts, NULL);
    g_strfreev(*strv);
    *strv = (char **) g_ptr_array_free(g_steal_pointer(&texts), FALSE);
    return true;
}

static bool
in_range(const StrictPlace *place, const StrictField *field, double value, GError **error)
{
    return (value >= field->low && value <= field->high) ||
           strict_error(place, error, "%g is out of range (want %g to %g)", value, field->low,
                        field->high);
}

bool
strict_number(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    double value;

    if (!json_is_number(place->value))
        return strict_error(place, error, "want a number");
    value = json_number_value(place->value);
    if (!in_range(place, field, value, error))
        return false;
    *(double *) target = value;
    return true;
}

bool
strict_whole(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    if (!json_is_integer(place->value))
        return strict_error(place, error, "want a whole number");
    if (!in_range(place, field, (double) json_integer_value(place->value), error))
        return false;
    *(int64_t *) target = json_integer_value(place->value);
    return true;
}

bool
strict_choice(const StrictPlace *place, const StrictField *field, void *target, GError **error)
{
    g_autofree char *choices = g_strjoinv(", ", (char **) field->choices);
    g_autofree char *text = NULL;

    if (!strict_text(place, field, &text, error))
        return false;
    for (int i = 0; field->choices[i]; i++) {
        if (g_str_equal(field->choices[i], text)) {
            *(int *) target = i;
            return true;
        }
    }
    return strict_error(place, error, "“%s” is none of: %s", text, choices);
}

bool
strict_text_or_null(const StrictPlace *place, const StrictField *field, void *target,
                    GError **error)
{
    return json_is_null(place->value) || strict_text(place, field, target, error);
}

bool
strict_number_or_null(const StrictPlace *place, const StrictField *field, void *target,
                      GError **error)
{
    return json_is_null(place->value) || strict_number(place, field, target, error);
}
