/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A JSON file read strictly by jansson, which a static program can have and json-glib it cannot. As
 * in common/json/document.h a table says which keys an object may have, and every error names the
 * file and the JSON path; a key that stands twice is an error too.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A value and where it stands. Nothing is owned. */
typedef struct {
    const char *file; /* for messages */
    const char *path; /* "$.entries[0]" */
    const json_t *value;
} StrictPlace;

typedef struct StrictField StrictField;

/* Reads `place` into the member at `target`. */
typedef bool (*StrictReadFunc)(const StrictPlace *place, const StrictField *field, void *target,
                               GError **error);

/* One key of an object: how to read it, and where it goes in the struct it fills. */
struct StrictField {
    const char *key;
    StrictReadFunc read;
    size_t offset;              /* of the member in the struct */
    double low, high;           /* for numbers: both included */
    const char *const *choices; /* for strict_choice; NULL-terminated */
    bool required;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* A regular file of at most 16 MiB: UTF-8, nesting checked, one object or array. */
json_t *strict_load(const char *path, GError **error);

/* The same for a text in memory, `length` bytes or (-1) to its end; `name` stands for the file. */
json_t *strict_parse(const char *name, const char *text, gssize length, GError **error);

/* Fills `target` from an object by the table. Unknown keys and missing required ones are errors;
 * members whose key is absent keep what they had. */
bool strict_object(const StrictPlace *place, const StrictField *fields, size_t n_fields,
                   void *target, GError **error);

/* Calls `read` for each element of an array with the element's place. */
bool strict_each(const StrictPlace *place,
                 bool (*read)(const StrictPlace *element, void *data, GError **error), void *data,
                 GError **error);

/* Readers for the table. Owned members are freed before they are replaced. */
bool strict_text(const StrictPlace *, const StrictField *, void *target_char_ptr, GError **);
bool strict_texts(const StrictPlace *, const StrictField *, void *target_strv, GError **);
bool strict_number(const StrictPlace *, const StrictField *, void *target_double, GError **);
bool strict_whole(const StrictPlace *, const StrictField *, void *target_int64, GError **);
bool strict_choice(const StrictPlace *, const StrictField *, void *target_int, GError **);
/* The same, where null leaves the member as it was. */
bool strict_text_or_null(const StrictPlace *, const StrictField *, void *, GError **);
bool strict_number_or_null(const StrictPlace *, const StrictField *, void *, GError **);

/* Sets "FILE: PATH: message"; always false. */
bool strict_error(const StrictPlace *place, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
#ifdef __clang_analyzer__ /* as common/base/failure.h says */
#define strict_error(...) (strict_error(__VA_ARGS__), false)
#endif
