/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of a JSON object, one call each; what is not known becomes null. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

void json_put_text(JsonBuilder *builder, const char *key, const char *text);
void json_put_number(JsonBuilder *builder, const char *key, double number);
void json_put_integer(JsonBuilder *builder, const char *key, int64_t integer);
/* DATASET_UNKNOWN becomes null. */
void json_put_known(JsonBuilder *builder, const char *key, int64_t integer);
void json_put_bool(JsonBuilder *builder, const char *key, bool truth);

/* A text that is JSON already; null when it is NULL, a string when it does not parse. */
void json_put_document(JsonBuilder *builder, const char *key, const char *json);

/* Ends the document: pretty-printed with a newline. Free with g_free(). */
char *json_builder_text(JsonBuilder *builder, bool pretty);
