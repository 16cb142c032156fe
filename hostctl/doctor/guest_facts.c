/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/guest_facts.h"

#include "common/json/document.h"

static JsonNode *
fact(const char *facts, const char *key)
{
    g_autoptr(JsonNode) document = json_document_parse("guest facts", facts, -1, NULL);
    JsonNode *member = NULL;

    if (document && JSON_NODE_HOLDS_OBJECT(document))
        member = json_object_get_member(json_node_get_object(document), key);
    return member && JSON_NODE_HOLDS_VALUE(member) ? json_node_copy(member) : NULL;
}

char *
guest_fact_text(const char *facts, const char *key)
{
    g_autoptr(JsonNode) node = fact(facts, key);

    return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_dup_string(node)
                                                                   : NULL;
}

bool
guest_fact_number(const char *facts, const char *key, double *ret_value)
{
    g_autoptr(JsonNode) node = fact(facts, key);

    if (!node || json_node_get_value_type(node) == G_TYPE_STRING)
        return false;
    *ret_value = json_node_get_value_type(node) == G_TYPE_BOOLEAN ? json_node_get_boolean(node)
                                                                  : json_node_get_double(node);
    return true;
}
