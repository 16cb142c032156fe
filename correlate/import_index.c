/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/import_index.h"

#include <math.h>

#include "common/json/document.h"

#define MAX_STEPS 100000

static void
step_clear(void *data)
{
    ImportStep *step = data;

    g_free(step->condition);
    g_free(step->guest);
    g_free(step->host);
    g_free(step->delay);
}

void
import_index_free(ImportIndex *index)
{
    if (!index)
        return;

    g_free(index->path);
    g_free(index->folder);
    g_free(index->cpu_model);
    g_free(index->microcode);
    g_free(index->load);
    g_array_unref(index->steps);
    g_free(index);
}

/* A command is a text, or an array of texts; an array is kept as JSON, as datasets have it. */
static bool
read_load(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    g_auto(GStrv) words = NULL;
    char **load = target;

    if (!JSON_NODE_HOLDS_ARRAY(place->node))
        return json_read_string(place, field, target, error);
    if (!json_read_strv(place, field, &words, error))
        return false;
    g_free(*load);
    *load = json_to_string(place->node, FALSE);
    return true;
}

static const JsonField step_fields[] = {
    { "condition", json_read_string, offsetof(ImportStep, condition), .required = true },
    { "vp_percent", json_read_double, offsetof(ImportStep, vp_percent), .low = 0, .high = 100000,
      .required = true },
    { "repeat", json_read_int64, offsetof(ImportStep, repeat), .low = 1, .high = 100000 },
    { "guest", json_read_string, offsetof(ImportStep, guest), .required = true },
    { "host", json_read_string, offsetof(ImportStep, host) },
    { "delay", json_read_string, offsetof(ImportStep, delay) },
};

static bool
read_step(const JsonPlace *place, void *data, GError **error)
{
    GArray *steps = data;
    ImportStep step = { .repeat = 1 };

    if (steps->len == MAX_STEPS)
        return json_place_error(place, error, "more than %d steps", MAX_STEPS);
    if (json_read_object(place, step_fields, G_N_ELEMENTS(step_fields), &step, error)) {
        g_array_append_val(steps, step);
        return true;
    }
    step_clear(&step);
    return false;
}

static bool
read_steps(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    GArray *steps = *(GArray **) target;

    if (!json_read_each(place, read_step, steps, error))
        return false;
    return steps->len > 0 || json_place_error(place, error, "want at least one step");
}

/* `version` is read for its check alone. */
typedef struct {
    ImportIndex index;
    int64_t version;
} Document;

static const JsonField fields[] = {
    { "version", json_read_int64, offsetof(Document, version), .low = 1, .high = 1,
      .required = true },
    { "cpu_model", json_read_string, offsetof(Document, index.cpu_model) },
    { "microcode", json_read_string, offsetof(Document, index.microcode) },
    { "load", read_load, offsetof(Document, index.load) },
    { "pool_cpus", json_read_int64, offsetof(Document, index.pool_cpus), .low = 1, .high = 65536 },
    { "steps", read_steps, offsetof(Document, index.steps), .required = true },
};

static ImportIndex *
read_document(const char *path, JsonNode *root, GError **error)
{
    Document document = { .index.steps = g_array_new(FALSE, FALSE, sizeof(ImportStep)) };
    g_autoptr(ImportIndex) index = NULL;
    bool ok;

    g_array_set_clear_func(document.index.steps, step_clear);
    ok = root && json_read_object(&(JsonPlace){ path, "$", root }, fields, G_N_ELEMENTS(fields),
                                  &document, error);
    document.index.path = g_strdup(path);
    document.index.folder = g_path_get_dirname(path);
    index = g_memdup2(&document.index, sizeof document.index);
    return ok ? g_steal_pointer(&index) : NULL;
}

ImportIndex *
import_index_load(const char *path, GError **error)
{
    g_autoptr(JsonNode) root = json_document_load(path, error);

    return read_document(path, root, error);
}

ImportIndex *
import_index_parse(const char *name, const char *text, gssize length, GError **error)
{
    g_autoptr(JsonNode) root = json_document_parse(name, text, length, error);

    return read_document(name, root, error);
}

char *
import_index_file(const ImportIndex *index, const char *name)
{
    return g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(index->folder, name, NULL);
}
