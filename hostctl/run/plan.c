/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/plan.h"

#include <math.h>
#include <string.h>

#include "common/base/event.h"
#include "common/base/text.h"
#include "common/json/document.h"
#include "hostctl/run/plan_check.h"

static const char *const accelerators[] = { "auto", "kvm", "tcg", NULL };
static const char *const counters[] = { "auto", "hardware", "emulated", "software", NULL };
static const char *const orders[] = { "balanced", "ascending", NULL };
static const char *const betweens[] = { "recreate", "keep", NULL };
static const char *const scopes[] = { "cpu", "task", NULL };
static const char *const bases[] = { "cpus", "cores", NULL };
static const char *const load_ats[] = { "start", "measure", NULL };

static bool
read_step(const JsonPlace *place, void *data, GError **error)
{
    const JsonField range = { .low = 0, .high = 10000 };
    double step;

    if (!json_read_double(place, &range, &step, error))
        return false;
    g_array_append_val(data, step);
    return true;
}

static bool
read_steps(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    GArray **steps = target;

    g_array_set_size(*steps, 0);
    return json_read_each(place, read_step, *steps, error);
}

static bool
read_micro(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const JsonField fields[] = {
        { "vcpus", json_read_int64, offsetof(PlanGuests, vcpus), 1, 16 },
        { "memory_mib", json_read_int64, offsetof(PlanGuests, memory_mib), 64, 1 << 20 },
        { "load", json_read_strv, offsetof(PlanGuests, load) },
        { "disk_mib", json_read_int64, offsetof(PlanGuests, disk_mib), 0, 1 << 20 },
        { "image", json_read_string, offsetof(PlanGuests, image) },
        { "storage_pool", json_read_string, offsetof(PlanGuests, storage_pool) },
        { "kernel", json_read_string, offsetof(PlanGuests, kernel) },
        { "initrd", json_read_string, offsetof(PlanGuests, initrd) },
        { "cmdline", json_read_string, offsetof(PlanGuests, cmdline) },
        { "scope", json_read_choice, offsetof(PlanGuests, scope), .choices = scopes },
        { "load_at", json_read_choice, offsetof(PlanGuests, load_at), .choices = load_ats },
    };

    return json_read_object(place, fields, G_N_ELEMENTS(fields), target, error);
}

/* The field's arithmetic: guests = ratio * CPUs (or cores) / vCPUs of a guest. */
static bool
read_count(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const JsonField fields[] = {
        { "ratio", json_read_double, offsetof(PlanGuests, count.percent), 0, 100,
          .required = true },
        { "of", json_read_choice, offsetof(PlanGuests, count_of), .choices = bases },
    };
    PlanGuests *guests = target;

    if (!JSON_NODE_HOLDS_OBJECT(place->node))
        return plan_read_amount(place, field, &guests->count, error);
    if (!json_read_object(place, fields, G_N_ELEMENTS(fields), target, error))
        return false;
    guests->count.percent *= 100;
    return true;
}

static bool
read_bulk(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const JsonField fields[] = {
        { "disk_mib", json_read_int64, offsetof(PlanGuests, disk_mib), 0, 1 << 20 },
        { "image", json_read_string, offsetof(PlanGuests, image) },
        { "storage_pool", json_read_string, offsetof(PlanGuests, storage_pool) },
        { "kernel", json_read_string, offsetof(PlanGuests, kernel) },
        { "initrd", json_read_string, offsetof(PlanGuests, initrd) },
        { "cmdline", json_read_string, offsetof(PlanGuests, cmdline) },
        { "count", read_count, 0, 0, 10000 },
        { "vcpus", json_read_int64, offsetof(PlanGuests, vcpus), 1, 16 },
        { "memory_mib", json_read_int64, offsetof(PlanGuests, memory_mib), 64, 1 << 20 },
        { "load", json_read_strv, offsetof(PlanGuests, load) },
    };

    return json_read_object(place, fields, G_N_ELEMENTS(fields), target, error);
}

static bool
read_guests(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const JsonField fields[] = {
        { "micro", read_micro, offsetof(Plan, micro) },
        { "bulk", read_bulk, offsetof(Plan, bulk) },
    };

    return json_read_object(place, fields, G_N_ELEMENTS(fields), target, error);
}

static bool
read_emulated(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const JsonField fields[] = {
        { "llc_kib", json_read_int64, offsetof(Plan, llc_kib), 256, 16384 },
    };

    return json_read_object(place, fields, G_N_ELEMENTS(fields), target, error);
}

#define DAY_SECONDS 86400.0

static const JsonField plan_fields[] = {
    { "version", json_read_int64, offsetof(Plan, version), 1, PLAN_FORMAT, .required = true },
    { "name", json_read_string, offsetof(Plan, name), .required = true },
    { "connect", json_read_string, offsetof(Plan, connect) },
    { "accelerator", json_read_choice, offsetof(Plan, accelerator), .choices = accelerators },
    { "counters", json_read_choice, offsetof(Plan, counters), .choices = counters },
    { "pool", json_read_string, offsetof(Plan, pool) },
    { "housekeeping", json_read_string, offsetof(Plan, housekeeping) },
    { "seed", json_read_int64, offsetof(Plan, seed), 0, UINT32_MAX },
    { "guests", read_guests, 0 },
    { "load", json_read_strv, offsetof(Plan, load), .required = true },
    { "load_env", json_read_assignments, offsetof(Plan, load_env) },
    { "emulated", read_emulated, 0 },
    { "events", json_read_strv, offsetof(Plan, events) },
    { "conditions", plan_read_conditions, offsetof(Plan, conditions), .required = true },
    { "steps_percent", read_steps, offsetof(Plan, steps_percent), .required = true },
    { "steps_of", json_read_choice, offsetof(Plan, steps_of), .choices = bases },
    { "order", json_read_choice, offsetof(Plan, order), .choices = orders },
    { "repeats", json_read_int64, offsetof(Plan, repeats), 1, 1000 },
    { "between_conditions", json_read_choice, offsetof(Plan, between), .choices = betweens },
    { "frame_visits", json_read_bool, offsetof(Plan, frame_visits) },
    { "ksm_settle_scans", json_read_int64, offsetof(Plan, ksm_settle_scans), 0, 1000 },
    { "ksm_settle_seconds", json_read_double, offsetof(Plan, ksm_settle_seconds), 0, DAY_SECONDS },
    { "settle_seconds", json_read_double, offsetof(Plan, settle_seconds), 0, DAY_SECONDS },
    { "measure_seconds", json_read_double, offsetof(Plan, measure_seconds), 1, DAY_SECONDS },
    { "tail_seconds", json_read_double, offsetof(Plan, tail_seconds), 0, DAY_SECONDS },
    { "drop_seconds", json_read_double, offsetof(Plan, drop_seconds), 0, DAY_SECONDS },
    { "vm_exits", json_read_bool, offsetof(Plan, vm_exits) },
    { "interval_ms", json_read_int64, offsetof(Plan, interval_ms), 100, 60000 },
    { "boot_seconds", json_read_double, offsetof(Plan, boot_seconds), 0, DAY_SECONDS },
    { "memory_overcommit", json_read_double, offsetof(Plan, memory_overcommit), 1, 10 },
};

static Plan *
plan_new(void)
{
    static const char *const events[] = { "cycles",        "instructions", "branches",
                                          "branch-misses", "cache-misses", NULL };
    Plan *plan = g_new0(Plan, 1);

    *plan = (Plan){
        .connect = g_strdup("qemu:///system"),
        .pool = g_strdup("auto"),
        .housekeeping = g_strdup("none"),
        .seed = 1,
        .micro = { .vcpus = 1, .memory_mib = 192 },
        .bulk = { .count = { .percent = 200 }, .vcpus = 1, .memory_mib = 192 },
        .llc_kib = 4096,
        .events = g_strdupv((char **) events),
        .conditions = g_ptr_array_new_with_free_func(plan_condition_free),
        .steps_percent = g_array_new(FALSE, FALSE, sizeof(double)),
        .repeats = 3,
        .ksm_settle_scans = 3,
        .ksm_settle_seconds = 120,
        .settle_seconds = 30,
        .measure_seconds = 60,
        .drop_seconds = 5,
        .interval_ms = 1000,
        .memory_overcommit = 1,
        .frame_visits = true,
        .vm_exits = true,
    };
    return plan;
}

static void
clear_guests(PlanGuests *guests)
{
    g_strfreev(guests->load);
    g_free(guests->image);
    g_free(guests->storage_pool);
    g_free(guests->kernel);
    g_free(guests->initrd);
    g_free(guests->cmdline);
}

void
plan_free(Plan *plan)
{
    if (!plan)
        return;

    g_free(plan->path);
    g_free(plan->name);
    g_free(plan->connect);
    g_free(plan->pool);
    g_free(plan->housekeeping);
    g_free(plan->text);
    clear_guests(&plan->micro);
    clear_guests(&plan->bulk);
    g_strfreev(plan->load);
    g_strfreev(plan->load_env);
    g_strfreev(plan->events);
    g_ptr_array_unref(plan->conditions);
    g_array_unref(plan->steps_percent);
    g_free(plan);
}

static Plan *
plan_from_node(const char *name, JsonNode *node, GError **error)
{
    g_autoptr(Plan) plan = plan_new();
    JsonPlace root = { name, "$", node };

    plan->path = g_strdup(name);
    plan->text = json_to_string(node, FALSE);
    if (!json_read_object(&root, plan_fields, G_N_ELEMENTS(plan_fields), plan, error) ||
        !plan_check(plan, error))
        return NULL;
    return g_steal_pointer(&plan);
}

Plan *
plan_load(const char *path, GError **error)
{
    g_autoptr(JsonNode) node = json_document_load(path, error);

    return node ? plan_from_node(path, node, error) : NULL;
}

Plan *
plan_parse(const char *name, const char *text, GError **error)
{
    g_autoptr(JsonNode) node = json_document_parse(name, text, -1, error);

    return node ? plan_from_node(name, node, error) : NULL;
}
