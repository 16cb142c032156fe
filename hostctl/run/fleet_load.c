/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fleet's loads. A bulk guest whose probe fails, floods or lies loses its own part: it is cut
 * off, and the others go on. Without the micro guest there is nothing to measure.
 */
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/run/fleet_private.h"

#define LOAD_TIMEOUT_MS 30000

static int
load_timeout_ms(void)
{
    return (int) fault_number("load.timeout_ms", LOAD_TIMEOUT_MS);
}

/* A role's command in this condition; the vector of a kind of work is in `work`. */
static const char *const *
command_of(const Fleet *fleet, GuestRole role, const char *work[4])
{
    const Plan *plan = fleet->lab->plan;
    const PlanCondition *condition = fleet->condition;
    bool micro = role == GUEST_ROLE_MICRO;
    const PlanGuests *kind = micro ? &plan->micro : &plan->bulk;
    int load = !condition ? PLAN_LOAD_OWN
               : micro    ? condition->victim_load
                          : condition->culprit_load;

    if (micro && condition && condition->micro_load)
        return (const char *const *) condition->micro_load;
    if (load == PLAN_LOAD_OWN)
        return (const char *const *) (kind->load ? kind->load : plan->load);
    work[0] = "guestprobe";
    work[1] = "--work";
    work[2] = plan_load_kind_name((PlanLoadKind) load);
    work[3] = NULL;
    return work;
}

static bool
send_load(Fleet *fleet, FleetGuest *member, GError **error)
{
    const Plan *plan = fleet->lab->plan;
    const char *work[4];
    const char *const none[] = { NULL };
    g_autofree Message *request = g_new0(Message, 1);

    request->kind = FRAME_LOAD;
    if (!message_pack_strv(command_of(fleet, member->role, work), request->load.argv,
                           sizeof request->load.argv, &request->load.argv_len) ||
        !message_pack_strv(plan->load_env ? (const char *const *) plan->load_env : none,
                           request->load.env, sizeof request->load.env, &request->load.env_len))
        return failure_set(error, FAILURE_FAILED, "%s: $.load: longer than %d bytes", plan->path,
                           WIRE_COMMAND_MAX);
    return guest_link_send(member->link, request, error);
}

static bool
await_load(Fleet *fleet, FleetGuest *member, GError **error)
{
    g_autofree Message *reply = g_new0(Message, 1);

    if (!guest_link_await(member->link, FRAME_LOADED, load_timeout_ms(), fleet->lab->interrupt,
                          reply, NULL, error))
        return false;
    if (reply->loaded.error != 0)
        return failure_set_errno(error, reply->loaded.error, "guest %s: starting its load",
                                 member->name);
    member->loaded = true;
    return true;
}

static bool
send_unload(Fleet *fleet, FleetGuest *member, GError **error)
{
    const Message request = { .kind = FRAME_UNLOAD };

    return guest_link_send(member->link, &request, error);
}

static bool
await_unload(Fleet *fleet, FleetGuest *member, GError **error)
{
    g_autofree Message *reply = g_new0(Message, 1);

    if (!guest_link_await(member->link, FRAME_UNLOADED, load_timeout_ms(), fleet->lab->interrupt,
                          reply, NULL, error))
        return false;
    member->loaded = false;
    fault_point("load.end");
    return true;
}

/* Nothing is heard of it any more, and its vCPUs take no CPU time from anybody. */
static bool
cut_off(Fleet *fleet, FleetGuest *member, int64_t visit_id, const GError *why, GError **error)
{
    g_autoptr(GError) problem = NULL;

    g_clear_pointer(&member->link, guest_link_free);
    member->loaded = false;
    if (member->guest && !guest_pause(member->guest, &problem))
        return lab_note(fleet->lab, visit_id, member->row_id, "error", error,
                        "guest %s was cut off: %s; it could not be paused: %s", member->name,
                        why->message, problem->message);
    return lab_note(fleet->lab, visit_id, member->row_id, "error", error,
                    "guest %s was cut off and paused: %s", member->name, why->message);
}

/*
 * One half of a request to many: `talk` to each. A bulk guest that fails is cut off, the first
 * reason kept in *ret_why; false when the micro guest fails, a signal came or the note cannot be
 * written.
 */
static bool
talk_to_each(Fleet *fleet, GPtrArray *members, int64_t visit_id,
             bool (*talk)(Fleet *fleet, FleetGuest *member, GError **error), GError **ret_why,
             GError **error)
{
    for (guint i = 0; i < members->len; i++) {
        FleetGuest *member = members->pdata[i];
        g_autoptr(GError) why = NULL;

        if (!member->link || talk(fleet, member, &why))
            continue;
        if (member->role == GUEST_ROLE_MICRO || interrupt_signal(fleet->lab->interrupt) != 0) {
            g_propagate_error(error, g_steal_pointer(&why));
            return false;
        }
        if (!cut_off(fleet, member, visit_id, why, error))
            return false;
        if (!*ret_why)
            *ret_why = g_steal_pointer(&why);
    }
    return true;
}

/* The guests to load next: those that talk and have no load, as many as are wanting. */
static GPtrArray *
choose(Fleet *fleet, bool micro, unsigned n_bulk)
{
    GPtrArray *chosen = g_ptr_array_new();
    unsigned running = fleet_loaded_bulk(fleet);

    if (micro && !fleet_guest(fleet, 0)->loaded)
        g_ptr_array_add(chosen, fleet_guest(fleet, 0));
    for (unsigned i = 1; i < fleet_size(fleet) && running < n_bulk; i++) {
        FleetGuest *member = fleet_guest(fleet, i);

        if (!member->link || member->loaded)
            continue;
        g_ptr_array_add(chosen, member);
        running++;
    }
    return chosen;
}

bool
fleet_load(Fleet *fleet, bool micro, unsigned n_bulk, int64_t visit_id, GError **error)
{
    g_autoptr(GError) why = NULL;

    for (;;) {
        g_autoptr(GPtrArray) chosen = choose(fleet, micro, n_bulk);

        if (chosen->len == 0)
            break;
        if (!talk_to_each(fleet, chosen, visit_id, send_load, &why, error))
            return false;
        fault_point("load.send");
        if (!talk_to_each(fleet, chosen, visit_id, await_load, &why, error))
            return false;
    }
    /* When all fail it is not the guests: a load that is not there, a probe of the wrong kind. */
    if (n_bulk > 0 && fleet_loaded_bulk(fleet) == 0)
        return failure_set(error, FAILURE_FAILED, "no bulk guest runs its load: %s",
                           why ? why->message : "all were cut off earlier");
    return true;
}

bool
fleet_unload(Fleet *fleet, int64_t visit_id, GError **error)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new();
    g_autoptr(GError) why = NULL;

    for (unsigned i = 0; i < fleet_size(fleet); i++)
        if (fleet_guest(fleet, i)->loaded)
            g_ptr_array_add(members, fleet_guest(fleet, i));
    return talk_to_each(fleet, members, visit_id, send_unload, &why, error) &&
           talk_to_each(fleet, members, visit_id, await_unload, &why, error);
}

unsigned
fleet_loaded_vcpus(const Fleet *fleet)
{
    unsigned n = 0;

    for (unsigned i = 0; i < fleet_size(fleet); i++)
        if (fleet_guest(fleet, i)->loaded)
            n += fleet_guest(fleet, i)->vcpus;
    return n;
}

unsigned
fleet_loaded_bulk(const Fleet *fleet)
{
    unsigned n = 0;

    for (unsigned i = 0; i < fleet_size(fleet); i++)
        n += fleet_guest(fleet, i)->loaded && fleet_guest(fleet, i)->role == GUEST_ROLE_BULK;
    return n;
}
