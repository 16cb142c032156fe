/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostctl/doctor/checks.h"
#include "hostctl/doctor/finding.h"

#define DEBUGFS_KVM "sys/kernel/debug/kvm"
#define LOCKDOWN "sys/kernel/security/lockdown"
#define BTF "sys/kernel/btf/vmlinux"

static const Advice no_connection = {
    "Guests can be neither made nor found through libvirt. Reading /proc (stat, top, explain) "
    "works "
    "without.",
    "Start libvirtd or virtqemud (systemctl start libvirtd), or take the driver that needs no "
    "daemon: -c qemu:///embed.",
};

static const Advice busy = {
    "Another hostctl is at work with it: libvirt's embedded driver serves one process at a time.",
    "Look again when that has ended (hostctl status), or ask a daemon: -c qemu:///system.",
};

void
check_libvirt(const DoctorHost *host, DoctorFinding *finding)
{
    if (!host->live)
        finding_needs_host(finding);
    else if (host->live->virt_busy)
        finding_set(finding, DOCTOR_UNKNOWN, &busy, "%s", host->live->virt_problem);
    else if (host->live->virt_problem)
        finding_set(finding, DOCTOR_FAIL, &no_connection, "%s", host->live->virt_problem);
    else
        finding_pass(finding, "%s at %s",
                     host->live->libvirt_version ? host->live->libvirt_version : "connected",
                     host->live->virt_uri);
}

static const Advice no_qemu = {
    "The connection does not say which QEMU it would start: probably none is installed.",
    "Install qemu-system-x86; then restart libvirtd, which probes QEMU once.",
};

void
check_qemu(const DoctorHost *host, DoctorFinding *finding)
{
    if (!host->live || host->live->virt_problem)
        finding_needs_host(finding);
    else if (!host->live->qemu_version)
        finding_set(finding, DOCTOR_FAIL, &no_qemu, "not told");
    else
        finding_pass(finding, "%s", host->live->qemu_version);
}

static const Advice no_debugfs = {
    "The TSC offset of each vCPU (debugfs) is the exact map between the two clocks. Without it "
    "they are joined by /dev/ptp_kvm or pings, within half a round trip: good for windows of a "
    "second, not for milliseconds.",
    "As root: mount -t debugfs none /sys/kernel/debug, with the module kvm loaded.",
};

static const Advice locked_down = {
    "The kernel is locked down (secure boot): debugfs is closed, and with confidentiality so are "
    "kprobes and eBPF reads of kernel memory, which hostctl top and explain need.",
    "Boot with secure boot off or lockdown=none where ground truth is wanted; pings still join the "
    "clocks.",
};

void
check_debugfs(const DoctorHost *host, DoctorFinding *finding)
{
    g_autofree char *lockdown = tree_word(host->root, LOCKDOWN);

    if (lockdown && !g_str_equal(lockdown, "none"))
        finding_set(finding, DOCTOR_WARN, &locked_down, "closed: the kernel is locked down (%s)",
                    lockdown);
    else if (sysroot_exists(host->root, DEBUGFS_KVM))
        finding_pass(finding, "/%s is there", DEBUGFS_KVM);
    else
        finding_set(finding, DOCTOR_WARN, &no_debugfs, "/%s is not there", DEBUGFS_KVM);
}

static const Advice no_btf = {
    "Who a vCPU waits for is found by eBPF programs that need the kernel's type information: "
    "hostctl top, explain and exporter show waiting without a culprit, and exits are counted "
    "without their reasons.",
    "Take a kernel with CONFIG_DEBUG_INFO_BTF: every distribution's has it since 2020.",
};

void
check_btf(const DoctorHost *host, DoctorFinding *finding)
{
    if (sysroot_exists(host->root, BTF))
        finding_pass(finding, "there");
    else
        finding_set(finding, DOCTOR_WARN, &no_btf, "/%s is not there", BTF);
}
