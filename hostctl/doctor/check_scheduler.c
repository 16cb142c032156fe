/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"
#include "hostctl/doctor/quota.h"

#define SCHEDSTAT "proc/self/schedstat"
#define SCHED_SCHEDSTATS "proc/sys/kernel/sched_schedstats"
#define ISOLATED "sys/devices/system/cpu/isolated"
#define NODES "sys/devices/system/node"

static const Advice no_delay = {
    "How long a vCPU waits for a CPU is the truth that everything is judged by, and what guests "
    "see "
    "as steal. This kernel does not account for it.",
    "Take a kernel with CONFIG_SCHED_INFO: every distribution's has it, and KVM selects it.",
};

void
check_schedstat(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *text = tree_word(host->root, SCHEDSTAT);

    if (!text)
        finding_set(finding, DOCTOR_FAIL, &no_delay, "/%s is not there", SCHEDSTAT);
    else if (g_str_equal(text, "0 0 0"))
        finding_set(finding, DOCTOR_FAIL, &no_delay, "/%s says 0 0 0", SCHEDSTAT);
    else
        finding_pass(finding, "run delay is kept");
}

/* Either way is well: it matters to libvirt's vcpu.N.wait only, which is not read. */
void
check_sched_schedstats(const DoctorHost *host, DoctorFinding *finding)
{
    uint64_t on;

    if (!tree_number(host->root, SCHED_SCHEDSTATS, &on))
        finding_pass(finding, "not in this kernel (not needed: run delay does without)");
    else
        finding_pass(finding, "%s",
                     on ? "on (not needed; costs a little at every wake-up)"
                        : "off (not needed; libvirt's vcpu.N.wait stays 0)");
}

static const Advice no_pressure = {
    "No pressure stall information: the report cannot say how long the host as a whole stood "
    "still for CPU, memory or disk.",
    "Boot with psi=1 (the kernel needs CONFIG_PSI).",
};

void
check_pressure(const DoctorHost *host, DoctorFinding *finding)
{
    if (sysroot_exists(host->root, "proc/pressure/cpu"))
        finding_pass(finding, "kept");
    else
        finding_set(finding, DOCTOR_WARN, &no_pressure, "/proc/pressure is not there");
}

static const Advice several_nodes = {
    "A vCPU far from its memory misses more and stalls longer without any contention, and the pool "
    "across nodes has several last-level caches. KSM may merge pages across nodes "
    "(merge_across_nodes).",
    "Keep the pool within one node: \"pool\": the CPU list of /sys/devices/system/node/node0/"
    "cpulist, less a housekeeping CPU.",
};

static bool
is_node(const char *name)
{
    return g_str_has_prefix(name, "node") && g_ascii_isdigit(name[strlen("node")]);
}

void
check_numa(const DoctorHost *host, DoctorFinding *finding)
{
    g_auto(GStrv) names = NULL;
    unsigned n = 0;

    if (!sysroot_list(host->root, NODES, &names, NULL)) {
        finding_pass(finding, "1 node (a kernel without NUMA)");
        return;
    }
    for (char **name = names; *name; name++)
        n += is_node(*name);
    if (n > 1)
        finding_set(finding, DOCTOR_WARN, &several_nodes, "%u nodes", n);
    else
        finding_pass(finding, "1 node");
}

static const Advice isolated = {
    "The scheduler does not balance load over isolated CPUs: vCPUs stay where they were put, and "
    "several can queue on one while its neighbour idles. Overcommit there is not the overcommit "
    "of the rest of the host.",
    "Keep them out of the pool, or boot without isolcpus=.",
};

void
check_isolated(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *list = tree_word(host->root, ISOLATED);

    if (!list || *list == '\0')
        finding_pass(finding, "none");
    else
        finding_set(finding, DOCTOR_WARN, &isolated, "%s", list);
}

static const Advice quotas = {
    "A vCPU that its quota throttles waits, and the wait counts as run delay and as steal, on a "
    "host with CPUs to spare: delay then is no sign of overcommit.",
    "Take the quota off while measuring (virsh schedinfo DOMAIN --live vcpu_quota=-1), or read "
    "nr_throttled in the group's cpu.stat beside the delay; hostctl explain does.",
};

void
check_quota(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *names = quota_find(host->root);

    if (*names)
        finding_set(finding, DOCTOR_WARN, &quotas, "%s", names);
    else
        finding_pass(finding, "none on guests");
}
