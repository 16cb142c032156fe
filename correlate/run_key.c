/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/run_key.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "common/json/document.h"

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* What does not affect a CPU says nothing about its predictor. */
char *
run_key_mitigations(const char *json)
{
    g_autoptr(JsonNode) root = json ? json_document_parse("mitigations", json, -1, NULL) : NULL;
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    json_object_iter_init_ordered(&iter, json_node_get_object(root));
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        const char *text = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

        if (text && !g_str_has_prefix(text, "Not affected"))
            g_ptr_array_add(parts, g_strdup_printf("%s=%s", name, text));
    }
    qsort(parts->pdata, parts->len, sizeof parts->pdata[0], by_text);
    g_ptr_array_add(parts, NULL);
    return g_strjoinv("; ", (char **) parts->pdata);
}

/* A command, as an array of its words or as one text. */
char *
run_key_load(const char *json)
{
    g_autoptr(JsonNode) root = json ? json_document_parse("load", json, -1, NULL) : NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    JsonArray *array;

    if (!root || !JSON_NODE_HOLDS_ARRAY(root))
        return g_strdup(json);
    array = json_node_get_array(root);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *word = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(word) && json_node_get_value_type(word) == G_TYPE_STRING)
            g_ptr_array_add(words, (void *) json_node_get_string(word));
    }
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **) words->pdata);
}

ThresholdKey
run_key(const DatasetRun *run)
{
    bool emulated = g_str_equal(run->counters, "emulated");

    return (ThresholdKey){
        .cpu_model = emulated ? g_strdup(THRESHOLD_EMULATED_CPU) : g_strdup(run->cpu_model),
        .microcode = emulated ? NULL : threshold_microcode_family(run->microcode),
        .mitigations = emulated ? NULL : run_key_mitigations(run->mitigations),
        .load = run_key_load(run->load),
        .counters = g_strdup(run->counters),
    };
}
