/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    char *text;
    char **list, **assignments;
    bool truth;
    int64_t whole;
    double number;
    int choice;
    unsigned elements;
} Everything;

static bool
count_element(const JsonPlace *place, void *data, GError **error)
{
    Everything *everything = data;

    everything->elements++;
    return everything->elements <= 10 || json_place_error(place, error, "more than ten");
}

static bool
read_elements(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    return json_read_each(place, count_element, target, error);
}

static const char *const choices[] = { "one", "other", NULL };

/* A key of each kind that the tables of all formats are made of. */
static const JsonField fields[] = {
    { .key = "text", .read = json_read_string, .offset = offsetof(Everything, text) },
    { .key = "list", .read = json_read_strv, .offset = offsetof(Everything, list) },
    { .key = "assignments",
      .read = json_read_assignments,
      .offset = offsetof(Everything, assignments) },
    { .key = "truth", .read = json_read_bool, .offset = offsetof(Everything, truth) },
    { .key = "whole",
      .read = json_read_int64,
      .offset = offsetof(Everything, whole),
      .low = -5,
      .high = 1e15 },
    { .key = "number",
      .read = json_read_double,
      .offset = offsetof(Everything, number),
      .low = 0,
      .high = 100 },
    { .key = "choice",
      .read = json_read_choice,
      .offset = offsetof(Everything, choice),
      .choices = choices },
    { .key = "elements", .read = read_elements },
    { .key = "format",
      .read = json_read_int64,
      .offset = offsetof(Everything, whole),
      .low = 1,
      .high = 9,
      .required = true },
};

static void
read_everything(JsonNode *node)
{
    const JsonPlace place = { "fuzz.json", "$", node };
    g_autoptr(GError) error = NULL;
    Everything everything = { .number = 1 };
    bool good = json_read_object(&place, fields, G_N_ELEMENTS(fields), &everything, &error);

    g_assert(good == (error == NULL));
    if (error)
        g_assert(g_str_has_prefix(error->message, "fuzz.json: $"));
    else
        g_assert(everything.number >= 0 && everything.number <= 100 && everything.choice >= 0 &&
                 everything.choice < 2);
    g_free(everything.text);
    g_strfreev(everything.list);
    g_strfreev(everything.assignments);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_document_parse("fuzz.json", (const char *) data, (gssize) size, &error);

    g_assert((node == NULL) == (error != NULL));
    if (node) {
        read_everything(node);
        json_node_unref(node);
    }
    return 0;
}
