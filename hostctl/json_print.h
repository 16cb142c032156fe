/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The --json output of commands: one document on a stream. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdint.h>
#include <stdio.h>

/* Prints what was built, indented, with a newline. */
void json_print(JsonBuilder *builder, FILE *out);

/* Members of the object being built; NULL and `absent` become null. */
void json_add_string(JsonBuilder *builder, const char *name, const char *value);
void json_add_u64(JsonBuilder *builder, const char *name, uint64_t value, uint64_t absent);
