/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/placement.h"

int
placement_turn(const cpu_set_t *cpus, unsigned n)
{
    unsigned count = (unsigned) CPU_COUNT(cpus), seen = 0;

    for (int cpu = 0; count > 0 && cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cpus) && seen++ == n % count)
            return cpu;
    return -1;
}

static bool
pin_in_turn(const RigStep *step, Fleet *fleet, GError **error)
{
    unsigned n = 0;

    for (unsigned i = 0; i < fleet_size(fleet); i++) {
        FleetGuest *guest = fleet_guest(fleet, i);

        for (unsigned vcpu = 0; vcpu < guest->vcpus; vcpu++) {
            cpu_set_t one;

            CPU_ZERO(&one);
            CPU_SET(placement_turn(&step->cpus, n++), &one);
            if (!guest_pin_vcpu(guest->guest, vcpu, &one, error))
                return false;
        }
    }
    return true;
}

bool
placement_apply(PlanPlacement placement, const RigStep *step, Fleet *fleet, GError **error)
{
    const cpu_set_t *emulator = rig_emulator_cpus(fleet_lab(fleet)->rig);

    for (unsigned i = 0; i < fleet_size(fleet); i++)
        if (!guest_pin(fleet_guest(fleet, i)->guest, &step->cpus, emulator, error))
            return false;
    return placement != PLAN_PINNED || pin_in_turn(step, fleet, error);
}
