/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"

#define KVM "sys/module/kvm"
#define HALT_POLL KVM "/parameters/halt_poll_ns"

static const char *
kvm_vendor_module(const DoctorHost *host)
{
    static const char *const modules[] = { "kvm_intel", "kvm_amd" };

    for (size_t i = 0; i < G_N_ELEMENTS(modules); i++) {
        g_autofree char *path = g_strconcat("sys/module/", modules[i], NULL);

        if (sysroot_exists(host->root, path))
            return modules[i];
    }
    return NULL;
}

static const Advice no_module = {
    "Without the module for this CPU there is no hardware virtualization, whatever /dev/kvm says.",
    "modprobe kvm_intel or modprobe kvm_amd (hostctl doctor --apply kvm-module); when it refuses, "
    "dmesg says why.",
};

void
check_kvm_module(const DoctorHost *host, DoctorFinding *finding)
{
    const char *module = kvm_vendor_module(host);

    if (module)
        finding_pass(finding, "%s", module);
    else
        finding_set(finding, DOCTOR_FAIL, &no_module, "neither kvm_intel nor kvm_amd is loaded");
}

static const Advice no_device = {
    "QEMU cannot use KVM without it.",
    "Load the module (check kvm-module); in a container, pass /dev/kvm in.",
};

static const Advice device_refused = {
    "QEMU would fall back or fail.",
    "Run as root or as a member of the group kvm; ENODEV or EBUSY: another hypervisor (VirtualBox, "
    "VMware) holds the CPU's virtualization, or the firmware switched it off.",
};

static const Advice device_private = {
    "libvirt starts QEMU as another user, who may not open it; libvirt then probes QEMU anew at "
    "every call, which takes a minute a guest.",
    "chgrp kvm /dev/kvm && chmod 660 /dev/kvm (udev does it on most systems).",
};

void
check_kvm_device(const DoctorHost *host, DoctorFinding *finding)
{
    const unsigned for_group = 060, for_all = 06;

    if (!sysroot_exists(host->root, "dev/kvm"))
        finding_set(finding, DOCTOR_FAIL, &no_device, "/dev/kvm is not there");
    else if (!host->live)
        finding_needs_host(finding);
    else if (host->live->kvm_errno != 0)
        finding_set(finding, DOCTOR_FAIL, &device_refused, "/dev/kvm: %s",
                    g_strerror(host->live->kvm_errno));
    else if ((host->live->kvm_mode & for_group) != for_group &&
             (host->live->kvm_mode & for_all) != for_all)
        finding_set(finding, DOCTOR_WARN, &device_private, "/dev/kvm has mode %04o",
                    host->live->kvm_mode);
    else
        finding_pass(finding, "/dev/kvm opens, mode %04o", host->live->kvm_mode);
}

static const Advice pmu_disabled = {
    "No guest of this host gets a PMU, whatever its XML says: perf in the guest has software "
    "events only.",
    "With no guest running: modprobe -r kvm_intel kvm_amd kvm; then load with kvm.enable_pmu=1 "
    "(options kvm enable_pmu=1 in /etc/modprobe.d; take enable_pmu=0 out of it and off the kernel "
    "command line).",
};

static const Advice kvm_not_loaded = {
    "Its parameters are seen only while the module is loaded.",
    "Load it (check kvm-module) and look again.",
};

void
check_enable_pmu(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *enabled = tree_word(host->root, KVM "/parameters/enable_pmu");

    if (!enabled && !sysroot_exists(host->root, KVM))
        finding_set(finding, DOCTOR_UNKNOWN, &kvm_not_loaded, "the module kvm is not there");
    else if (!enabled)
        finding_pass(finding, "no such switch in this kernel (before Linux 5.17): on");
    else if (g_str_equal(enabled, "Y"))
        finding_pass(finding, "Y");
    else
        finding_set(finding, DOCTOR_FAIL, &pmu_disabled, "%s", enabled);
}

static const char mediated_meaning[] =
    "While such a guest runs, every perf event that includes guest mode (cycles:G, plain cycles, "
    "libvirt's <perf>) is refused with EOPNOTSUPP; when one is open first, or the NMI watchdog is "
    "on, the guest does not start (EBUSY; dmesg: “Failed to enable mediated vPMU”). The guest's "
    "own "
    "counters are exact and cheap. hostctl counts host mode (:H) only, so guest and host counts "
    "cannot be compared.";

void
check_mediated_vpmu(const DoctorHost *host, DoctorFinding *finding)
{
    const char *module = kvm_vendor_module(host);
    g_autofree char *path =
        g_strdup_printf("sys/module/%s/parameters/enable_mediated_pmu", module ? module : "kvm");
    g_autofree char *enabled = tree_word(host->root, path);
    g_autofree char *fix = NULL;

    if (!enabled || !g_str_equal(enabled, "Y")) {
        finding_pass(finding, "%s: guests count with ordinary perf events",
                     enabled ? enabled : "none in this kernel");
        return;
    }
    fix =
        g_strdup_printf("To compare both views, with no guest running: modprobe -r %s && modprobe "
                        "%s enable_mediated_pmu=0 (to keep it: options in /etc/modprobe.d). For "
                        "the guest's view alone leave it on.",
                        module, module);
    finding_set(finding, DOCTOR_WARN, &(Advice){ mediated_meaning, fix },
                "%s: the host counts host mode only", enabled);
}

static const Advice polling = {
    "A vCPU that goes idle spins in the host for so long before it sleeps. That time counts as "
    "host "
    "mode cycles (:H) and as run time of its thread, though nobody computes.",
    "echo 0 > /sys/module/kvm/parameters/halt_poll_ns (hostctl doctor --apply halt-poll), or leave "
    "it as production has it: the dataset records it.",
};

void
check_halt_poll(const DoctorHost *host, DoctorFinding *finding)
{
    uint64_t ns;

    if (!tree_number(host->root, HALT_POLL, &ns))
        finding_set(finding, DOCTOR_UNKNOWN, &kvm_not_loaded, "/%s is not there", HALT_POLL);
    else if (ns == 0)
        finding_pass(finding, "off");
    else
        finding_set(finding, DOCTOR_WARN, &polling, "%" G_GUINT64_FORMAT " ns", ns);
}
