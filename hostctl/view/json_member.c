/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/json_member.h"

#include <math.h>

void
json_member_double(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    if (isfinite(value))
        json_builder_add_double_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

void
json_member_u64(JsonBuilder *builder, const char *name, uint64_t value)
{
    json_builder_set_member_name(builder, name);
    if (value <= INT64_MAX)
        json_builder_add_int_value(builder, (int64_t) value);
    else
        json_builder_add_null_value(builder);
}

void
json_member_text(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value)
        json_builder_add_string_value(builder, value);
    else
        json_builder_add_null_value(builder);
}
