/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"

#define EVENT_SOURCES "sys/bus/event_source/devices"
#define CLOCKSOURCE "sys/devices/system/clocksource/clocksource0/current_clocksource"

static const Advice no_virtualization = {
    "No guest runs under KVM here, even where /dev/kvm opens: a nested, paravirtual KVM hangs an "
    "ordinary guest kernel at boot. Guests are translated (TCG) and their counters emulated; "
    "nothing learned from those holds for silicon.",
    "Bare metal: switch VT-x (Intel) or SVM (AMD) on in the firmware. In a VM: have the outer host "
    "nest (kvm_intel or kvm_amd nested=1, <cpu mode='host-passthrough'/>), or take a bare-metal "
    "node.",
};

void
check_virtualization(const DoctorHost *host, DoctorFinding *finding)
{
    if (!host->cpu)
        finding_untold(finding, "proc/cpuinfo");
    else if (cpuinfo_has_flag(host->cpu, "vmx"))
        finding_pass(finding, "vmx");
    else if (cpuinfo_has_flag(host->cpu, "svm"))
        finding_pass(finding, "svm");
    else
        finding_set(finding, DOCTOR_FAIL, &no_virtualization,
                    "neither vmx nor svm in /proc/cpuinfo");
}

static const Advice under_a_hypervisor = {
    "An outer hypervisor takes CPU time that run delay here cannot see, shares caches and "
    "predictors with strangers, and decides which counters exist.",
    "Take a bare-metal node for ground truth. Here, keep only windows in which this host's own "
    "steal (/proc/stat) did not grow; the dataset has it in cpu_sample.",
};

void
check_bare_metal(const DoctorHost *host, DoctorFinding *finding)
{
    if (!host->cpu)
        finding_untold(finding, "proc/cpuinfo");
    else if (cpuinfo_has_flag(host->cpu, "hypervisor"))
        finding_set(finding, DOCTOR_WARN, &under_a_hypervisor, "this host is itself a guest");
    else
        finding_pass(finding, "no hypervisor above");
}

static const Advice two_kinds_of_cores = {
    "KVM gives no PMU to any guest on a CPU with two kinds of cores, and the same event counts "
    "different things on each kind.",
    "Take a host whose cores are all alike: any server CPU is.",
};

void
check_hybrid(const DoctorHost *host, DoctorFinding *finding)
{
    if (sysroot_exists(host->root, EVENT_SOURCES "/cpu_core") ||
        sysroot_exists(host->root, EVENT_SOURCES "/cpu_atom"))
        finding_set(finding, DOCTOR_FAIL, &two_kinds_of_cores, "PMUs cpu_core and cpu_atom");
    else
        finding_pass(finding, "one kind of core");
}

static const Advice no_tsc = {
    "Both sides stamp samples with the TSC. A kernel that keeps time by something else found the "
    "TSC unreliable (KVM's master clock is then off, and /dev/ptp_kvm answers EOPNOTSUPP), or is "
    "itself a guest. The two clocks are joined by pings alone.",
    "Look for “Marking clocksource 'tsc' as unstable” in dmesg, and mend that; where the hardware "
    "is known to be good, boot with tsc=reliable.",
};

void
check_clocksource(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *clocksource = tree_word(host->root, CLOCKSOURCE);

    if (!clocksource || !host->cpu)
        finding_untold(finding, CLOCKSOURCE);
    else if (!g_str_equal(clocksource, "tsc"))
        finding_set(finding, DOCTOR_WARN, &no_tsc, "%s", clocksource);
    else if (!cpuinfo_has_flag(host->cpu, "constant_tsc") ||
             !cpuinfo_has_flag(host->cpu, "nonstop_tsc"))
        finding_set(finding, DOCTOR_WARN, &no_tsc, "tsc, but not both constant and nonstop");
    else
        finding_pass(finding, "tsc, constant and nonstop");
}
