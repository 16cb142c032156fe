/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json/document.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/failure.h"
#include "common/base/json_guard.h"
#include "common/base/near_name.h"

#define MAX_DOCUMENT_BYTES (16 * 1024 * 1024)

bool(json_place_error)(const JsonPlace *place, GError **error, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return failure_set(error, FAILURE_FAILED, "%s: %s: %s", place->file, place->path, what);
}

JsonNode *
json_document_parse(const char *name, const char *text, gssize length, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    size_t size = length < 0 ? strlen(text) : (size_t) length;

    if (!g_utf8_validate(text, (gssize) size, NULL)) {
        failure_set(error, FAILURE_FAILED, "%s: not UTF-8 text", name);
        return NULL;
    }
    if (!json_guard_check(text, size, error) ||
        !json_parser_load_from_data(parser, text, (gssize) size, error)) {
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    if (!json_parser_get_root(parser)) {
        failure_set(error, FAILURE_FAILED, "%s: empty", name);
        return NULL;
    }
    return json_parser_steal_root(parser);
}

JsonNode *
json_document_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    struct stat info;
    size_t length;

    if (stat(path, &info) == 0 && (!S_ISREG(info.st_mode) || info.st_size > MAX_DOCUMENT_BYTES)) {
        failure_set(error, FAILURE_FAILED, "%s: not a regular file of at most %d MiB", path,
                    MAX_DOCUMENT_BYTES >> 20);
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    return json_document_parse(path, text, (gssize) length, error);
}

static const JsonField *
find_field(const JsonField *fields, size_t n_fields, const char *key)
{
    for (size_t i = 0; i < n_fields; i++)
        if (g_str_equal(fields[i].key, key))
            return &fields[i];
    return NULL;
}

static bool
unknown_key(const JsonPlace *place, const JsonField *fields, size_t n_fields, const char *key,
            GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    const char *near;

    for (size_t i = 0; i < n_fields; i++)
        g_ptr_array_add(known, (void *) fields[i].key);
    g_ptr_array_add(known, NULL);
    near = near_name(key, (const char *const *) known->pdata);
    if (near)
        return json_place_error(place, error, "unknown key “%s” (did you mean “%s”?)", key, near);

    g_ptr_array_set_size(known, (int) n_fields);
    g_ptr_array_add(known, NULL);
    {
        g_autofree char *list = g_strjoinv(", ", (char **) known->pdata);

        return json_place_error(place, error, "unknown key “%s” (known here: %s)", key, list);
    }
}

bool
json_read_object(const JsonPlace *place, const JsonField *fields, size_t n_fields, void *target,
                 GError **error)
{
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;

    if (!JSON_NODE_HOLDS_OBJECT(place->node))
        return json_place_error(place, error, "want an object {…}");

    json_object_iter_init_ordered(&iter, json_node_get_object(place->node));
    while (json_object_iter_next_ordered(&iter, &key, &node)) {
        const JsonField *field = find_field(fields, n_fields, key);
        g_autofree char *path = g_strdup_printf("%s.%s", place->path, key);
        JsonPlace member = { place->file, path, node };

        if (!field)
            return unknown_key(place, fields, n_fields, key, error);
        if (!field->read(&member, field, (char *) target + field->offset, error))
            return false;
    }

    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].required &&
            !json_object_has_member(json_node_get_object(place->node), fields[i].key))
            return json_place_error(place, error, "the key “%s” is missing", fields[i].key);
    return true;
}

bool
json_read_each(const JsonPlace *place,
               bool (*read)(const JsonPlace *element, void *data, GError **error), void *data,
               GError **error)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(place->node))
        return json_place_error(place, error, "want an array […]");

    array = json_node_get_array(place->node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_autofree char *path = g_strdup_printf("%s[%u]", place->path, i);
        JsonPlace element = { place->file, path, json_array_get_element(array, i) };

        if (!read(&element, data, error))
            return false;
    }
    return true;
}

static bool
holds_type(const JsonPlace *place, GType type)
{
    return JSON_NODE_HOLDS_VALUE(place->node) && json_node_get_value_type(place->node) == type;
}

bool
json_read_string(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    char **text = target;

    if (!holds_type(place, G_TYPE_STRING))
        return json_place_error(place, error, "want a text in quotes");

    g_free(*text);
    *text = json_node_dup_string(place->node);
    return true;
}

static bool
add_string(const JsonPlace *place, void *data, GError **error)
{
    g_autofree char *text = NULL;

    if (!json_read_string(place, NULL, &text, error))
        return false;
    g_ptr_array_add(data, g_steal_pointer(&text));
    return true;
}

bool
json_read_strv(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    char ***strv = target;

    if (!json_read_each(place, add_string, texts, error))
        return false;

    g_ptr_array_add(texts, NULL);
    g_strfreev(*strv);
    *strv = (char **) g_ptr_array_free(g_steal_pointer(&texts), FALSE);
    return true;
}

bool
json_read_bool(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    if (!holds_type(place, G_TYPE_BOOLEAN))
        return json_place_error(place, error, "want true or false");

    *(bool *) target = json_node_get_boolean(place->node);
    return true;
}

static bool
in_range(const JsonPlace *place, const JsonField *field, double value, GError **error)
{
    if (value >= field->low && value <= field->high)
        return true;
    return json_place_error(place, error, "%g is out of range (want %g to %g)", value, field->low,
                            field->high);
}

bool
json_read_int64(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    int64_t value;

    if (!holds_type(place, G_TYPE_INT64))
        return json_place_error(place, error, "want a whole number");

    value = json_node_get_int(place->node);
    if (!in_range(place, field, (double) value, error))
        return false;
    *(int64_t *) target = value;
    return true;
}

bool
json_read_double(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    double value;

    if (!holds_type(place, G_TYPE_DOUBLE) && !holds_type(place, G_TYPE_INT64))
        return json_place_error(place, error, "want a number");

    value = json_node_get_double(place->node);
    if (!isfinite(value))
        return json_place_error(place, error, "want a finite number");
    if (!in_range(place, field, value, error))
        return false;
    *(double *) target = value;
    return true;
}

bool
json_read_choice(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *choices = g_strjoinv(", ", (char **) field->choices);

    if (!json_read_string(place, field, &text, error))
        return false;

    for (int i = 0; field->choices[i]; i++) {
        if (g_str_equal(field->choices[i], text)) {
            *(int *) target = i;
            return true;
        }
    }
    return json_place_error(place, error, "“%s” is none of: %s", text, choices);
}

bool
json_read_assignments(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;

    if (!JSON_NODE_HOLDS_OBJECT(place->node))
        return json_place_error(place, error, "want an object of texts {\"NAME\": \"value\"}");

    json_object_iter_init_ordered(&iter, json_node_get_object(place->node));
    while (json_object_iter_next_ordered(&iter, &key, &node)) {
        g_autofree char *path = g_strdup_printf("%s.%s", place->path, key);
        g_autofree char *value = NULL;

        if (!json_read_string(&(JsonPlace){ place->file, path, node }, field, &value, error))
            return false;
        g_ptr_array_add(texts, g_strdup_printf("%s=%s", key, value));
    }
    g_ptr_array_add(texts, NULL);
    g_strfreev(*(char ***) target);
    *(char ***) target = (char **) g_ptr_array_free(g_steal_pointer(&texts), FALSE);
    return true;
}
