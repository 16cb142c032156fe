/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/balloon_auto.h"

#include "common/base/fault.h"
#include "hostctl/collect/memory.h"
#include "hostctl/run/balloon_policy.h"
#include "hostctl/run/fleet_private.h"
#include "hostctl/run/plan_check.h"
#include "hostctl/virt/guest_memory.h"

void
balloon_auto_switch(Fleet *fleet, bool on)
{
    fleet->balloon_due_ns = on ? clock_raw_ns() : 0;
}

static bool
ask(const Lab *lab, FleetGuest *member, double host_free_ratio, bool *ret_changed, GError **error)
{
    BalloonPolicyGuest guest = { .least_kib = plan_least_memory_kib(lab->plan),
                                 .most_kib = guest_max_memory_kib(member->guest) };
    GuestMemory memory;
    uint64_t target_kib;

    *ret_changed = false;
    if (!guest_memory(member->guest, &memory, error))
        return false;
    if (!memory.fresh || memory.unused_kib == GUEST_MEMORY_UNKNOWN)
        return true;
    guest.current_kib = memory.actual_kib;
    guest.unused_kib = memory.unused_kib;
    target_kib = balloon_policy_target(&guest, host_free_ratio);
    if (target_kib == guest.current_kib)
        return true;
    member->balloon_asked_kib = target_kib;
    *ret_changed = true;
    return guest_balloon_ask(member->guest, target_kib, error);
}

bool
balloon_auto_step(Lab *lab, Fleet *fleet, int64_t visit_id, GError **error)
{
    unsigned n_changed = 0;
    MemoryStats host;
    double ratio;

    if (fleet->balloon_due_ns == 0 || clock_raw_ns() < fleet->balloon_due_ns)
        return true;
    fleet->balloon_due_ns = clock_raw_ns() + BALLOON_POLICY_INTERVAL_NS;
    if (!memory_read(lab->root, &host, error))
        return false;
    ratio = (double) host.available_kib / (double) host.total_kib;
    ratio = fault_number("balloon.host_free_percent", 100 * ratio) / 100;
    for (unsigned i = 0; i < fleet_size(fleet); i++) {
        bool changed;

        if (!ask(lab, fleet_guest(fleet, i), ratio, &changed, error))
            return false;
        n_changed += changed;
    }
    return n_changed == 0 ||
           lab_note(lab, visit_id, 0, "info", error,
                    "balloon auto: %u guests asked, %.1f %% of the host's memory free", n_changed,
                    100 * ratio);
}
