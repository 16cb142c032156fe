/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/condition.h"

#include <string.h>

#include "common/base/text.h"
#include "hostctl/run/balloon_auto.h"
#include "hostctl/run/ksm_settle.h"
#include "hostctl/virt/guest_memory.h"

#define KSM_TIMEOUT_MS 300000
#define BALLOON_STALL_MS 5000
#define BALLOON_TIMEOUT_MS 60000

bool
condition_any_changes_ksm(const Plan *plan)
{
    for (guint i = 0; i < plan->conditions->len; i++)
        if (((const PlanCondition *) plan->conditions->pdata[i])->ksm != PLAN_KSM_LEAVE)
            return true;
    return false;
}

static bool
apply_values(const PlanCondition *condition, KsmKnob *knob, Lab *lab, GError **error)
{
    g_autoptr(GArray) settings = g_array_new(FALSE, FALSE, sizeof(KsmSetting));
    g_auto(GStrv) texts = g_strdupv(condition->ksm_values);

    for (char **text = texts; *text; text++) {
        char *equals = strchr(*text, '=');
        KsmSetting setting = { *text, equals + 1 };

        *equals = '\0';
        g_array_append_val(settings, setting);
    }
    return ksm_knob_apply(knob, (const KsmSetting *) settings->data, settings->len, KSM_TIMEOUT_MS,
                          lab->interrupt, error);
}

bool
condition_apply_host(const PlanCondition *condition, KsmKnob *knob, Lab *lab, GError **error)
{
    switch (condition->ksm) {
    case PLAN_KSM_OFF:
        return ksm_knob_apply(knob, ksm_off, ksm_off_length, KSM_TIMEOUT_MS, lab->interrupt, error);
    case PLAN_KSM_ON:
        return ksm_knob_apply(knob, ksm_on, ksm_on_length, KSM_TIMEOUT_MS, lab->interrupt, error);
    case PLAN_KSM_KSMTUNED:
        return ksm_knob_apply_ksmtuned(knob, error);
    case PLAN_KSM_VALUES:
        return apply_values(condition, knob, lab, error);
    default:
        return true;
    }
}

/* What these sysfs values leave unsaid may be on already. */
static bool
may_share_pages(const PlanCondition *condition)
{
    const char *const *values = (const char *const *) condition->ksm_values;

    if (condition->ksm == PLAN_KSM_VALUES)
        return !g_strv_contains(values, "run=0") && !g_strv_contains(values, "run=2");
    return condition->ksm == PLAN_KSM_ON || condition->ksm == PLAN_KSM_KSMTUNED;
}

int64_t
condition_longest_settle_ns(const PlanCondition *condition, const Plan *plan)
{
    return plan->ksm_settle_scans > 0 && may_share_pages(condition)
               ? (int64_t) (plan->ksm_settle_seconds * NS_PER_SECOND)
               : 0;
}

bool
condition_settle_ksm(const PlanCondition *condition, Lab *lab, GError **error)
{
    const Plan *plan = lab->plan;
    KsmSettled settled;

    if (condition->ksm == PLAN_KSM_LEAVE || plan->ksm_settle_scans == 0)
        return true;
    if (!ksm_settle(lab->root, (uint64_t) plan->ksm_settle_scans,
                    (int64_t) (plan->ksm_settle_seconds * NS_PER_SECOND), lab->interrupt, &settled,
                    error))
        return false;
    return !settled.ran ||
           lab_note(lab, 0, 0, settled.settled ? "info" : "warning", error,
                    "condition “%s”: page sharing %s after %.1f s: %" G_GUINT64_FORMAT
                    " whole scans, %" G_GUINT64_FORMAT " pages saved",
                    condition->name, settled.settled ? "settled" : "had not settled",
                    (double) settled.waited_ns / 1e9, settled.scans, settled.pages_sharing);
}

bool
condition_apply_settings(const PlanCondition *condition, HostSettings *settings, Lab *lab,
                         GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    if (!host_settings_apply(settings, condition, lab->rig->guests_memory_kib, notes, error))
        return false;
    for (guint i = 0; i < notes->len; i++)
        if (!lab_note(lab, 0, 0, "info", error, "condition “%s”: %s", condition->name,
                      (const char *) notes->pdata[i]))
            return false;
    return true;
}

static uint64_t
target_kib(const PlanCondition *condition, const FleetGuest *guest)
{
    return plan_condition_target_kib(condition, guest_max_memory_kib(guest->guest));
}

static bool
await_guest(FleetGuest *guest, uint64_t asked_kib, Lab *lab, GError **error)
{
    g_autofree char *asked = NULL;
    g_autofree char *reached = NULL;
    BalloonResult result;

    if (!guest_balloon_await(guest->guest, asked_kib, BALLOON_STALL_MS, BALLOON_TIMEOUT_MS,
                             lab->interrupt, &result, error))
        return false;
    if (result.end == BALLOON_REACHED)
        return true;
    asked = text_of_kib(asked_kib);
    reached = text_of_kib(result.reached_kib);
    return lab_note(lab, 0, guest->row_id, "warning", error,
                    "guest %s: balloon %s at %s, asked for %s", guest->name,
                    balloon_end_name(result.end), reached, asked);
}

bool
condition_apply_balloon(const PlanCondition *condition, Fleet *fleet, Lab *lab, GError **error)
{
    uint64_t asked_kib = 0;

    for (unsigned i = 0; i < fleet_size(fleet); i++) {
        asked_kib = target_kib(condition, fleet_guest(fleet, i));
        fleet_guest(fleet, i)->balloon_asked_kib = asked_kib;
        if (asked_kib != 0 && !guest_balloon_ask(fleet_guest(fleet, i)->guest, asked_kib, error))
            return false;
    }
    for (unsigned i = 0; asked_kib != 0 && i < fleet_size(fleet); i++)
        if (!await_guest(fleet_guest(fleet, i), target_kib(condition, fleet_guest(fleet, i)), lab,
                         error))
            return false;
    balloon_auto_switch(fleet, condition->balloon == PLAN_BALLOON_AUTO);
    return true;
}
