/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a guest's threads may run, and how much of it. */
#include "common/base/failure.h"
#include "hostctl/virt/guest_private.h"

#define QUOTA_PERIOD_US 100000

/* libvirt's form of a CPU set: one bit a CPU, the lowest first. */
typedef struct {
    unsigned char bytes[CPU_SETSIZE / 8];
    int length;
} CpuMap;

static CpuMap
make_map(const cpu_set_t *cpus)
{
    CpuMap map = { 0 };

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, cpus))
            continue;
        map.bytes[cpu / 8] |= (unsigned char) (1u << (cpu % 8));
        map.length = cpu / 8 + 1;
    }
    return map;
}

static bool
pin_one(Guest *guest, unsigned vcpu, CpuMap *map, GError **error)
{
    if (virDomainPinVcpuFlags(guest->domain, vcpu, map->bytes, map->length,
                              VIR_DOMAIN_AFFECT_LIVE) < 0)
        return virt_failure(error, "guest %s: pinning vCPU %u", guest->name, vcpu);
    return true;
}

static bool
check_pin(const Guest *guest, const cpu_set_t *cpus, GError **error)
{
    if (!guest_require_ours(guest, "pinned", error))
        return false;
    return CPU_COUNT(cpus) > 0 ||
           failure_set(error, FAILURE_FAILED, "guest %s: no CPUs to pin it to", guest->name);
}

bool
guest_pin_vcpu(Guest *guest, unsigned vcpu, const cpu_set_t *cpus, GError **error)
{
    CpuMap map = make_map(cpus);

    return check_pin(guest, cpus, error) && pin_one(guest, vcpu, &map, error);
}

bool
guest_pin(Guest *guest, const cpu_set_t *cpus, const cpu_set_t *emulator, GError **error)
{
    CpuMap map = make_map(cpus), others = make_map(emulator ? emulator : cpus);

    if (!check_pin(guest, cpus, error))
        return false;
    for (unsigned vcpu = 0; vcpu < guest->vcpus; vcpu++)
        if (!pin_one(guest, vcpu, &map, error))
            return false;
    if (virDomainPinEmulator(guest->domain, others.bytes, others.length, VIR_DOMAIN_AFFECT_LIVE) <
        0)
        return virt_failure(error, "guest %s: pinning QEMU's threads", guest->name);
    return true;
}

static bool
set_parameters(Guest *guest, virTypedParameterPtr parameters, int n, const char *what,
               GError **error)
{
    bool done = virDomainSetSchedulerParametersFlags(guest->domain, parameters, n,
                                                     VIR_DOMAIN_AFFECT_LIVE) == 0;

    if (!done)
        virt_failure(error, "guest %s: %s", guest->name, what);
    virTypedParamsFree(parameters, n);
    return done;
}

bool
guest_set_cpu_shares(Guest *guest, unsigned shares, GError **error)
{
    virTypedParameterPtr parameters = NULL;
    int n = 0, room = 0;

    if (!guest_require_ours(guest, "changed", error))
        return false;
    virTypedParamsAddULLong(&parameters, &n, &room, VIR_DOMAIN_SCHEDULER_CPU_SHARES, shares);
    return set_parameters(guest, parameters, n, "setting its CPU shares", error);
}

bool
guest_set_cpu_quota(Guest *guest, unsigned percent, GError **error)
{
    long long quota_us = percent ? (long long) percent * QUOTA_PERIOD_US / 100 : -1;
    virTypedParameterPtr parameters = NULL;
    int n = 0, room = 0;

    if (!guest_require_ours(guest, "changed", error))
        return false;
    virTypedParamsAddULLong(&parameters, &n, &room, VIR_DOMAIN_SCHEDULER_VCPU_PERIOD,
                            QUOTA_PERIOD_US);
    virTypedParamsAddLLong(&parameters, &n, &room, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, quota_us);
    return set_parameters(guest, parameters, n, "setting its CPU quota", error);
}

bool
guest_pause(Guest *guest, GError **error)
{
    if (!guest_require_ours(guest, "paused", error))
        return false;
    return virDomainSuspend(guest->domain) == 0 ||
           virt_failure(error, "guest %s cannot be paused", guest->name);
}
