/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of a JSON object that is being built, one call each, and the document's end; what is not
 * known becomes null. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void json_put_text(JsonBuilder *builder, const char *key, const char *text); /* NULL: null */
void json_put_number(JsonBuilder *builder, const char *key, double number);  /* NAN: null */
/* INT64_MIN, which DATASET_UNKNOWN is: null. */
void json_put_integer(JsonBuilder *builder, const char *key, int64_t integer);
/* Above INT64_MAX, which ABSENT_U64 is: null. */
void json_put_u64(JsonBuilder *builder, const char *key, uint64_t integer);
void json_put_bool(JsonBuilder *builder, const char *key, bool truth);

/* A text that is JSON already; null when it is NULL, a string when it does not parse. */
void json_put_document(JsonBuilder *builder, const char *key, const char *json);

/* The document that was built, with a newline: on one line or indented, no character in it that a
 * terminal obeys. Free with g_free(). */
char *json_builder_text(JsonBuilder *builder, bool pretty);

/* The same on a stream, indented. */
void json_print(JsonBuilder *builder, FILE *out);
