/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One JSON object written by hand: the static probe has no JSON library. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    GString *text;
    bool begun; /* a member is there already: the next one needs a comma */
} JsonText;

/* Appends a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void json_append_string(GString *out, const char *text);

/*
 * The same JSON text with every character that a terminal obeys or hides (DEL, C1, marks of
 * direction) as \uXXXX: json-glib leaves those as they are. Free with g_free().
 */
char *json_text_tame(const char *json);

JsonText json_text_begin(void);
/* A NULL value writes null. */
void json_text_string(JsonText *object, const char *key, const char *value);
void json_text_number(JsonText *object, const char *key, uint64_t value);
/* With all its digits; null when it is not finite. */
void json_text_double(JsonText *object, const char *key, double value);
void json_text_bool(JsonText *object, const char *key, bool value);
/* A value that is JSON already. */
void json_text_value(JsonText *object, const char *key, const char *json);
/* Closes the object and gives its text; free with g_free(). */
char *json_text_end(JsonText *object);
