/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/resume.h"

#include <math.h>

#include "common/base/failure.h"
#include "common/dataset/reader.h"
#include "common/json/document.h"
#include "hostctl/run/schedule.h"

void
resume_free(Resume *resume)
{
    if (!resume)
        return;

    g_free(resume->made);
    g_free(resume);
}

static char *difference_at(const char *path, JsonNode *before, JsonNode *now);

static char *
object_difference(const char *path, JsonObject *before, JsonObject *now)
{
    g_autoptr(GList) names = json_object_get_members(before);
    g_autoptr(GList) others = json_object_get_members(now);
    char *found = NULL;

    for (GList *name = names; name && !found; name = name->next) {
        g_autofree char *place = g_strdup_printf("%s.%s", path, (const char *) name->data);

        found = difference_at(place, json_object_get_member(before, name->data),
                              json_object_get_member(now, name->data));
    }
    for (GList *name = others; name && !found; name = name->next)
        if (!json_object_has_member(before, name->data))
            found = g_strdup_printf("%s.%s", path, (const char *) name->data);
    return found;
}

static char *
array_difference(const char *path, JsonArray *before, JsonArray *now)
{
    guint n = MAX(json_array_get_length(before), json_array_get_length(now));
    char *found = NULL;

    for (guint i = 0; i < n && !found; i++) {
        g_autofree char *place = g_strdup_printf("%s[%u]", path, i);

        found = difference_at(
            place, i < json_array_get_length(before) ? json_array_get_element(before, i) : NULL,
            i < json_array_get_length(now) ? json_array_get_element(now, i) : NULL);
    }
    return found;
}

static char *
difference_at(const char *path, JsonNode *before, JsonNode *now)
{
    if (!before || !now || json_node_get_node_type(before) != json_node_get_node_type(now))
        return g_strdup(path);
    if (JSON_NODE_HOLDS_OBJECT(before))
        return object_difference(path, json_node_get_object(before), json_node_get_object(now));
    if (JSON_NODE_HOLDS_ARRAY(before))
        return array_difference(path, json_node_get_array(before), json_node_get_array(now));
    return json_node_equal(before, now) ? NULL : g_strdup(path);
}

char *
resume_plan_difference(const char *before, const char *now)
{
    g_autoptr(JsonNode) first = json_document_parse("before", before ? before : "", -1, NULL);
    g_autoptr(JsonNode) second = json_document_parse("now", now, -1, NULL);

    return difference_at("$", first, second);
}

/* What must be as it was; a text that neither knows is the same. */
static bool
check_host(const char *path, const DatasetRun *run, const RunRow *now, GError **error)
{
    const struct {
        const char *name, *before, *now;
    } facts[] = {
        { "CPU model", run->cpu_model, now->cpu_model },
        { "microcode", run->microcode, now->microcode },
        { "kernel", run->kernel, now->kernel },
        { "QEMU", run->qemu, now->qemu },
        { "libvirt", run->libvirt, now->libvirt },
        { "mitigations", run->mitigations, now->mitigations },
        { "accelerator", run->accelerator, now->accelerator },
        { "counters", run->counters, now->counters },
        { "pool", run->pool, now->pool },
        { "connection", run->connect, now->connect },
        { "tool", run->tool_version, INSIDEOUT_VERSION },
    };
    g_autoptr(GString) differs = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
        if (g_strcmp0(facts[i].before, facts[i].now) != 0)
            g_string_append_printf(differs, "%s%s was “%s” and is “%s”", differs->len ? "; " : "",
                                   facts[i].name, facts[i].before ? facts[i].before : "unknown",
                                   facts[i].now ? facts[i].now : "unknown");
    return differs->len == 0 ||
           failure_set(error, FAILURE_FAILED,
                       "%s cannot be gone on with: this is not the host that it was: %s", path,
                       differs->str);
}

static bool
check_run(const char *path, const DatasetFacts *facts, const RunRow *now, GError **error)
{
    const DatasetRun *run = &facts->run;
    g_autofree char *difference = NULL;

    if (!g_str_equal(run->command, "run"))
        return failure_set(error, FAILURE_FAILED, "%s is no experiment, but made by “%s”", path,
                           run->command);
    if (g_str_equal(run->state, "complete"))
        return failure_set(error, FAILURE_FAILED, "%s is complete: there is nothing to go on with",
                           path);
    difference = resume_plan_difference(run->plan, now->plan);
    if (difference)
        return failure_set(error, FAILURE_FAILED,
                           "%s cannot be gone on with: the plan differs from the one in it at %s",
                           path, difference);
    return check_host(path, run, now, error);
}

/* Rows of one CPU would mix with older ones of the same times. */
static bool
check_clock(const char *path, const DatasetFacts *facts, GError **error)
{
    for (guint i = 0; i < facts->visits->len; i++) {
        const DatasetVisit *visit = &g_array_index(facts->visits, DatasetVisit, i);

        if (MAX(visit->start_raw_ns, visit->end_raw_ns) > clock_raw_ns())
            return failure_set(error, FAILURE_FAILED,
                               "%s cannot be gone on with: the machine was restarted since, and "
                               "its clock has begun again",
                               path);
    }
    return true;
}

static const char *
condition_name(const DatasetFacts *facts, int64_t id)
{
    const DatasetCondition *condition = dataset_facts_condition(facts, id);

    return condition ? condition->name : "";
}

/* The schedule comes from the plan and its seed; it must not have changed with the program. */
static bool
mark(const char *path, const DatasetFacts *facts, const GArray *visits, Resume *resume,
     GError **error)
{
    for (guint i = 0; i < facts->visits->len; i++) {
        const DatasetVisit *visit = &g_array_index(facts->visits, DatasetVisit, i);
        const PlannedVisit *planned;

        if (!g_str_equal(visit->state, "done"))
            continue;
        planned = visit->position >= 1 && visit->position <= visits->len
                      ? &g_array_index(visits, PlannedVisit, visit->position - 1)
                      : NULL;
        if (!planned || planned->repeat != visit->repeat ||
            fabs(planned->step_percent - visit->step_percent) > 1e-9 ||
            !g_str_equal(visit_kind_name(planned->kind), visit->kind))
            return failure_set(error, FAILURE_FAILED,
                               "%s cannot be gone on with: its visit %" G_GINT64_FORMAT
                               " (%s, %g %%) is not where this program's schedule has it",
                               path, visit->position, condition_name(facts, visit->condition_id),
                               visit->step_percent);
        resume->n_made += !resume->made[visit->position - 1];
        resume->made[visit->position - 1] = true;
    }
    return true;
}

Resume *
resume_read(const char *path, const RunRow *now, const GArray *visits, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(path, error);
    g_autoptr(Resume) resume = g_new0(Resume, 1);
    const DatasetFacts *facts;

    if (!reader)
        return NULL;
    facts = dataset_reader_facts(reader);
    resume->n_visits = visits->len;
    resume->made = g_new0(bool, visits->len);
    if (!check_run(path, facts, now, error) || !check_clock(path, facts, error) ||
        !mark(path, facts, visits, resume, error))
        return NULL;
    return g_steal_pointer(&resume);
}
