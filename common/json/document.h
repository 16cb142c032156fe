/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A JSON file that a person wrote, read strictly: a table says which keys an object may have, and
 * every error names the file and the JSON path ("plan.json: $.guests.micro.vcpus: …").
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value and where it stands. Copies share the node; nothing is owned. */
typedef struct {
    const char *file; /* for messages */
    const char *path; /* "$.guests.micro" */
    JsonNode *node;
} JsonPlace;

typedef struct JsonField JsonField;

/* Reads `place` into the member at `target`. */
typedef bool (*JsonReadFunc)(const JsonPlace *place, const JsonField *field, void *target,
                             GError **error);

/* One key of an object: how to read it, and where it goes in the struct it fills. */
struct JsonField {
    const char *key;
    JsonReadFunc read;
    size_t offset;              /* of the member in the struct */
    double low, high;           /* for numbers: both included */
    const char *const *choices; /* for json_read_choice; NULL-terminated */
    bool required;
};

/* Loads a document of at most 16 MiB: UTF-8, nesting checked, one value. Free the node with
 * json_node_unref(). */
JsonNode *json_document_load(const char *path, GError **error);

/* The same for a text in memory; `name` stands for the file in messages. */
JsonNode *json_document_parse(const char *name, const char *text, gssize length, GError **error);

/* Fills `target` from an object by the table. Unknown keys and missing required ones are errors;
 * members whose key is absent keep what they had. */
bool json_read_object(const JsonPlace *place, const JsonField *fields, size_t n_fields,
                      void *target, GError **error);

/* Calls `read` for each element of an array with the element's place. */
bool json_read_each(const JsonPlace *place,
                    bool (*read)(const JsonPlace *element, void *data, GError **error), void *data,
                    GError **error);

/* Readers for the table. Owned members are freed before they are replaced. */
bool json_read_string(const JsonPlace *, const JsonField *, void *target_char_ptr, GError **);
bool json_read_strv(const JsonPlace *, const JsonField *, void *target_strv, GError **);
bool json_read_bool(const JsonPlace *, const JsonField *, void *target_bool, GError **);
bool json_read_int64(const JsonPlace *, const JsonField *, void *target_int64, GError **);
bool json_read_double(const JsonPlace *, const JsonField *, void *target_double, GError **);
bool json_read_choice(const JsonPlace *, const JsonField *, void *target_int, GError **);
/* An object whose values are all strings, as a NULL-terminated "NAME=value" vector. */
bool json_read_assignments(const JsonPlace *, const JsonField *, void *target_strv, GError **);

/* Sets "FILE: PATH: message"; always false. */
bool json_place_error(const JsonPlace *place, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
#ifdef __clang_analyzer__ /* as common/base/failure.h says */
#define json_place_error(...) (json_place_error(__VA_ARGS__), false)
#endif
