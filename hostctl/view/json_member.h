/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of a JSON object that is being built; what is not known becomes null. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdint.h>

void json_member_text(JsonBuilder *builder, const char *name, const char *value);
void json_member_double(JsonBuilder *builder, const char *name, double value); /* NAN: null */
/* Above INT64_MAX, which ABSENT_U64 is: null. */
void json_member_u64(JsonBuilder *builder, const char *name, uint64_t value);
