/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "common/pmu/budget.h"
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"

#define EVENT_SOURCES "sys/bus/event_source/devices"
#define NMI_WATCHDOG "proc/sys/kernel/nmi_watchdog"

static const Advice no_pmu = {
    "The kernel drives no core PMU: hardware events answer ENOENT, on the host and in guests. Only "
    "software events and emulated counters are left.",
    "In a VM: ask for a vPMU (libvirt: <cpu mode='host-passthrough'/> and <pmu state='on'/>; many "
    "clouds give one only on bare-metal or full-host sizes). Bare metal: look for “Performance "
    "Events” in dmesg.",
};

/* Permissions are another check's: what the kernel refuses for them may well be there. */
static bool
pmu_counts(int cycles_errno)
{
    return cycles_errno == 0 || cycles_errno == EACCES || cycles_errno == EPERM;
}

void
check_pmu_present(const DoctorHost *host, DoctorFinding *finding)
{
    bool there = sysroot_exists(host->root, EVENT_SOURCES "/cpu") ||
                 sysroot_exists(host->root, EVENT_SOURCES "/cpu_core");

    if (!there)
        finding_set(finding, DOCTOR_FAIL, &no_pmu, "no core PMU in /%s", EVENT_SOURCES);
    else if (host->live && !pmu_counts(host->live->cycles_errno))
        finding_set(finding, DOCTOR_FAIL, &no_pmu, "cycles cannot be opened: %s",
                    g_strerror(host->live->cycles_errno));
    else
        finding_pass(finding, "there");
}

static const Advice not_in_libpfm4 = {
    "Generic events (cycles, branch-misses, …) and raw ones (r00c5) work; names of this CPU's own "
    "events are not known.",
    "Use raw codes from the CPU's manual, or a newer libpfm4 than the one installed.",
};

void
check_libpfm4(const DoctorHost *host, DoctorFinding *finding)
{
    if (!host->live)
        finding_needs_host(finding);
    else if (host->live->libpfm4_model)
        finding_pass(finding, "%s", host->live->libpfm4_model);
    else
        finding_set(finding, DOCTOR_WARN, &not_in_libpfm4, "libpfm4 does not know this CPU");
}

/* Off in the firmware, not merely unused: only then does one thread have a core's counters. */
static bool
threads_share_counters(const DoctorHost *host)
{
    g_autofree char *control = tree_word(host->root, "sys/devices/system/cpu/smt/control");

    if (!control)
        return host->cpu->siblings > host->cpu->cores;
    return !g_str_equal(control, "notsupported");
}

/* What a hypervisor passes on of a model's counters is its affair: then only CPUID can tell. */
static bool
find_capacity(const DoctorHost *host, PmuCapacity *ret_capacity, const char **ret_model)
{
    PmuCpu cpu = { 0 };
    bool known = host->cpu && pmu_cpu_find(host->cpu, threads_share_counters(host), &cpu);

    if (host->live) {
        *ret_capacity = host->live->capacity;
        *ret_model = known ? cpu.name : "this CPU";
        return host->live->has_capacity;
    }
    if (!known || cpuinfo_has_flag(host->cpu, "hypervisor"))
        return false;
    *ret_capacity = cpu.capacity;
    *ret_model = cpu.name;
    return true;
}

static const Advice counters_unknown = {
    "How many counters a hardware thread has is not told, so no layout can be computed.",
    "On the machine itself CPUID tells: run hostctl doctor there, without --root. In a VM without "
    "a vPMU there are none.",
};

void
check_counters(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *fixed = NULL;
    const char *model;
    PmuCapacity capacity;

    if (!find_capacity(host, &capacity, &model)) {
        finding_set(finding, DOCTOR_UNKNOWN, &counters_unknown, "not told");
        return;
    }
    fixed = pmu_fixed_names(capacity.fixed);
    finding_pass(finding, "%s: %u general a hardware thread, %s%s", model, capacity.general,
                 *fixed ? "fixed: " : "none fixed", fixed);
}

static BudgetRequest
request_for(const DoctorPlan *plan, const PmuCapacity *capacity)
{
    uint32_t all = (1u << MIN(g_strv_length((char **) plan->events), EVENT_MAX)) - 1;

    return (BudgetRequest){
        .capacity = *capacity,
        .events = plan->events,
        .guest = all,
        .host_of_guest = all,
        .host = all,
    };
}

static const char *const layout_words[] = {
    [BUDGET_TOGETHER] = "all at once",
    [BUDGET_TURNS] = "the guest always, the host's two modes by turns",
    [BUDGET_PAIRS] = "the guest always, the host in pairs of events",
    [BUDGET_ALTERNATE] = "guest only, host only and an overlap of two events, by turns",
    [BUDGET_HOST_ONLY] = "host mode only",
};

static const Advice narrow_budget = {
    "The guest's counters are events of the host on the same thread: all want the same counters, "
    "and one too many stands still in silence. Not every event is counted on both sides in every "
    "window, so fidelity rests on fewer windows.",
    "Ask for fewer events (cycles and branch-misses carry the claim), or take a CPU with more "
    "counters. hostctl keeps to this layout by itself.",
};

static const Advice no_budget = {
    "These events cannot be counted without starving somebody.",
    "Ask for fewer events.",
};

/* The watchdog and the mediated vPMU are checks of their own: here both are off. */
void
check_budget(const DoctorHost *host, DoctorFinding *finding)
{
    g_autoptr(GError) error = NULL;
    BudgetLayout layout;
    BudgetRequest request;
    PmuCapacity capacity;
    const char *model;
    unsigned n_events = g_strv_length((char **) host->plan->events);

    if (!find_capacity(host, &capacity, &model)) {
        finding_set(finding, DOCTOR_UNKNOWN, &counters_unknown, "not told");
        return;
    }
    request = request_for(host->plan, &capacity);
    if (!budget_plan(&request, &layout, &error))
        finding_set(finding, DOCTOR_FAIL, &no_budget, "%s", error->message);
    else if (layout.kind == BUDGET_TOGETHER || layout.kind == BUDGET_TURNS)
        finding_pass(finding, "%u events a side, ordinary vPMU: %s", n_events,
                     layout_words[layout.kind]);
    else
        finding_set(finding, DOCTOR_WARN, &narrow_budget, "%u events a side, ordinary vPMU: %s",
                    n_events, layout_words[layout.kind]);
}

static const Advice watchdog_on = {
    "It counts cycles on every CPU, pinned, before everybody else: a guest's event that finds no "
    "counter left stands still while the guest believes it runs. With a mediated vPMU no guest "
    "starts while it is on.",
    "sysctl kernel.nmi_watchdog=0 (hostctl doctor --apply nmi-watchdog); a hard lockup then goes "
    "unnoticed until it is on again.",
};

static const char *
layout_with_watchdog(const DoctorHost *host, bool *ret_refused)
{
    BudgetLayout layout;
    BudgetRequest request;
    PmuCapacity capacity;
    const char *model;

    *ret_refused = false;
    if (!find_capacity(host, &capacity, &model))
        return NULL;
    request = request_for(host->plan, &capacity);
    request.watchdog = true;
    *ret_refused = !budget_plan(&request, &layout, NULL);
    return *ret_refused ? "not enough counters for the guest alone" : layout_words[layout.kind];
}

void
check_nmi_watchdog(const DoctorHost *host, DoctorFinding *finding)
{
    uint64_t on;
    bool refused;
    const char *layout = layout_with_watchdog(host, &refused);

    if (!sysroot_exists(host->root, NMI_WATCHDOG))
        finding_pass(finding, "not in this kernel");
    else if (!tree_number(host->root, NMI_WATCHDOG, &on))
        finding_untold(finding, NMI_WATCHDOG);
    else if (on == 0)
        finding_pass(finding, "off");
    else
        finding_set(finding, refused ? DOCTOR_FAIL : DOCTOR_WARN, &watchdog_on, "on%s%s",
                    layout ? ", and then: " : "", layout ? layout : "");
}
