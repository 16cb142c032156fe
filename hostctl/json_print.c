/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/json_print.h"

#include "common/base/json_text.h"

void
json_print(JsonBuilder *builder, FILE *out)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, TRUE);
    g_autofree char *tame = json_text_tame(text);

    fprintf(out, "%s\n", tame);
}

void
json_add_string(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value)
        json_builder_add_string_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

void
json_add_u64(JsonBuilder *builder, const char *name, uint64_t value, uint64_t absent)
{
    json_builder_set_member_name(builder, name);
    if (value == absent)
        json_builder_add_null_value(builder);
    else
        json_builder_add_int_value(builder, (gint64) value);
}
