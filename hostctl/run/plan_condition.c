/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/plan_condition.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"

static const char *const placements[] = { "shared", "pinned", "shrink", NULL };

static const char *const load_kinds[] = { "own", "cpu", "memory", "disk", "network", NULL };

const char *
plan_load_kind_name(PlanLoadKind kind)
{
    return kind == PLAN_LOAD_OWN ? NULL : load_kinds[kind];
}

const char *
plan_placement_name(PlanPlacement placement)
{
    return placements[placement];
}

bool
plan_read_amount(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    PlanAmount *amount = target;
    g_autofree char *text = NULL;
    size_t length;

    if (JSON_NODE_HOLDS_VALUE(place->node) &&
        json_node_get_value_type(place->node) == G_TYPE_INT64) {
        amount->percent = NAN;
        return json_read_int64(place, field, &amount->value, error);
    }
    if (!json_read_string(place, field, &text, error))
        return false;

    length = strlen(text);
    if (length > 1 && text[length - 1] == '%') {
        text[length - 1] = '\0';
        if (text_to_double(text, &amount->percent, NULL) && amount->percent >= 0 &&
            amount->percent <= 10000)
            return true;
    }
    return json_place_error(place, error, "want a whole number, or a share like \"200%%\"");
}

/* {"pages_to_scan": 1000} → "pages_to_scan=1000"; the names are checked when they are applied. */
static bool
read_ksm_values(const JsonPlace *place, PlanCondition *condition, GError **error)
{
    const JsonField range = { .low = 0, .high = 1e9 };
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;

    json_object_iter_init_ordered(&iter, json_node_get_object(place->node));
    while (json_object_iter_next_ordered(&iter, &key, &node)) {
        g_autofree char *path = g_strdup_printf("%s.%s", place->path, key);
        int64_t value;

        if (!json_read_int64(&(JsonPlace){ place->file, path, node }, &range, &value, error))
            return false;
        g_ptr_array_add(values, g_strdup_printf("%s=%" G_GINT64_FORMAT, key, value));
    }
    g_ptr_array_add(values, NULL);
    g_strfreev(condition->ksm_values);
    condition->ksm_values = (char **) g_ptr_array_free(g_steal_pointer(&values), FALSE);
    condition->ksm = PLAN_KSM_VALUES;
    return true;
}

/* A KSM setting: a word, or an object of sysfs values. */
static bool
read_ksm(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const char *const words[] = { "leave", "off", "on", "ksmtuned", NULL };
    const JsonField choice = { .choices = words };
    PlanCondition *condition = target;

    if (JSON_NODE_HOLDS_OBJECT(place->node)) {
        g_free(condition->ksm_text);
        condition->ksm_text = json_to_string(place->node, FALSE);
        return read_ksm_values(place, condition, error);
    }
    return json_read_string(place, field, &condition->ksm_text, error) &&
           json_read_choice(place, &choice, &condition->ksm, error);
}

static bool
read_balloon(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    PlanCondition *condition = target;
    char *text;
    size_t length;

    if (!json_read_string(place, field, &condition->balloon_text, error))
        return false;

    text = condition->balloon_text;
    length = strlen(text);
    if (g_str_equal(text, "full") || g_str_equal(text, "none")) {
        condition->balloon = *text == 'f' ? PLAN_BALLOON_FULL : PLAN_BALLOON_NONE;
        return true;
    }
    if (g_str_equal(text, "auto")) {
        condition->balloon = PLAN_BALLOON_AUTO;
        return true;
    }
    if (length > 1 && text[length - 1] == '%') {
        g_autofree char *number = g_strndup(text, length - 1);

        if (text_to_double(number, &condition->balloon_percent, NULL) &&
            condition->balloon_percent > 0 && condition->balloon_percent <= 100) {
            condition->balloon = PLAN_BALLOON_PERCENT;
            return true;
        }
    } else if (text_to_kib(text, 1024, &condition->balloon_kib, NULL)) {
        condition->balloon = PLAN_BALLOON_SIZE;
        return true;
    }
    return json_place_error(place, error,
                            "“%s” is no balloon setting (want none, full, auto, a size like 128M, "
                            "or a share of the guest's memory like 75%%)",
                            text);
}

void
plan_condition_free(void *data)
{
    PlanCondition *condition = data;

    g_free(condition->name);
    g_free(condition->text);
    g_free(condition->host.governor);
    g_free(condition->host.thp);
    g_free(condition->ksm_text);
    g_free(condition->balloon_text);
    g_strfreev(condition->ksm_values);
    g_strfreev(condition->micro_load);
    g_free(condition);
}

/* One number for all guests, or one for each role. */
static bool
read_by_role(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    const JsonField fields[] = {
        { "micro", json_read_int64, offsetof(PlanByRole, micro), field->low, field->high },
        { "bulk", json_read_int64, offsetof(PlanByRole, bulk), field->low, field->high },
    };
    PlanByRole *numbers = target;

    if (JSON_NODE_HOLDS_OBJECT(place->node))
        return json_read_object(place, fields, G_N_ELEMENTS(fields), target, error);
    if (!json_read_int64(place, field, &numbers->micro, error))
        return false;
    numbers->bulk = numbers->micro;
    return true;
}

static bool
read_switch(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    bool on;

    if (!json_read_bool(place, field, &on, error))
        return false;
    *(int *) target = on;
    return true;
}

static bool
read_thp(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const char *const words[] = { "always", "madvise", "never", NULL };
    const JsonField choice = { .choices = words };
    int chosen;

    return json_read_choice(place, &choice, &chosen, error) &&
           json_read_string(place, field, target, error);
}

/* Becomes the content of a file of the kernel: one word. */
static bool
read_governor(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    char **governor = target;

    if (!json_read_string(place, field, governor, error))
        return false;
    for (const char *c = *governor; *c; c++)
        if (!g_ascii_isalnum(*c) && *c != '_')
            return json_place_error(place, error,
                                    "want the name of a governor, like \"performance\"");
    return **governor != '\0' || json_place_error(place, error, "empty (want \"performance\")");
}

static bool
read_host(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    static const JsonField fields[] = {
        { "nmi_watchdog", read_switch, offsetof(PlanHost, nmi_watchdog) },
        { "turbo", read_switch, offsetof(PlanHost, turbo) },
        { "governor", read_governor, offsetof(PlanHost, governor) },
        { "frequency_percent", json_read_int64, offsetof(PlanHost, frequency_percent), 1, 100 },
        { "halt_poll_ns", json_read_int64, offsetof(PlanHost, halt_poll_ns), 0, 1e9 },
        { "thp", read_thp, offsetof(PlanHost, thp) },
    };

    return json_read_object(place, fields, G_N_ELEMENTS(fields), target, error);
}

static bool
same_by_role(const PlanByRole *a, const PlanByRole *b)
{
    return a->micro == b->micro && a->bulk == b->bulk;
}

uint64_t
plan_condition_target_kib(const PlanCondition *condition, uint64_t memory_kib)
{
    switch (condition->balloon) {
    case PLAN_BALLOON_PERCENT:
        return (uint64_t) ((double) memory_kib * condition->balloon_percent / 100);
    case PLAN_BALLOON_SIZE:
        return MIN(memory_kib, condition->balloon_kib);
    case PLAN_BALLOON_FULL:
        return memory_kib;
    default:
        return 0;
    }
}

bool
plan_condition_same_guests(const PlanCondition *a, const PlanCondition *b)
{
    return a->hugepages == b->hugepages && a->nosharepages == b->nosharepages &&
           (a->balloon == PLAN_BALLOON_NONE) == (b->balloon == PLAN_BALLOON_NONE) &&
           same_by_role(&a->cpu_shares, &b->cpu_shares) &&
           same_by_role(&a->cpu_quota_percent, &b->cpu_quota_percent);
}

static bool
read_condition(const JsonPlace *place, void *data, GError **error)
{
    static const JsonField fields[] = {
        { "name", json_read_string, offsetof(PlanCondition, name), .required = true },
        { "ksm", read_ksm, 0 },
        { "balloon", read_balloon, 0 },
        { "placement", json_read_choice, offsetof(PlanCondition, placement),
          .choices = placements },
        { "cpu_shares", read_by_role, offsetof(PlanCondition, cpu_shares), 2, 262144 },
        { "cpu_quota_percent", read_by_role, offsetof(PlanCondition, cpu_quota_percent), 1, 1000 },
        { "hugepages", json_read_bool, offsetof(PlanCondition, hugepages) },
        { "nosharepages", json_read_bool, offsetof(PlanCondition, nosharepages) },
        { "host_hogs", plan_read_amount, offsetof(PlanCondition, host_hogs), 0, 4096 },
        { "victim_load", json_read_choice, offsetof(PlanCondition, victim_load),
          .choices = load_kinds },
        { "culprit_load", json_read_choice, offsetof(PlanCondition, culprit_load),
          .choices = load_kinds },
        { "bandwidth_hogs", plan_read_amount, offsetof(PlanCondition, bandwidth_hogs), 0, 4096 },
        { "interrupts_per_second", json_read_int64, offsetof(PlanCondition, interrupts_per_second),
          0, 100000 },
        { "micro_load", json_read_strv, offsetof(PlanCondition, micro_load) },
        { "host", read_host, offsetof(PlanCondition, host) },
    };
    PlanCondition *condition = g_new0(PlanCondition, 1);

    condition->host = (PlanHost){ .nmi_watchdog = -1, .turbo = -1, .halt_poll_ns = -1 };
    condition->host_hogs.percent = condition->bandwidth_hogs.percent = NAN;
    g_ptr_array_add(data, condition);
    condition->text = json_to_string(place->node, FALSE);
    return json_read_object(place, fields, G_N_ELEMENTS(fields), condition, error);
}

bool
plan_read_conditions(const JsonPlace *place, const JsonField *field, void *target, GError **error)
{
    GPtrArray **conditions = target;

    g_ptr_array_set_size(*conditions, 0);
    return json_read_each(place, read_condition, *conditions, error);
}
