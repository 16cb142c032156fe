/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/obstacle.h"

#include <errno.h>
#include <stddef.h>

#include "hostctl/collect/kvm_pmu.h"

#define PMUS "sys/bus/event_source/devices/"
#define BY_CLOCK "-e cpu-clock samples by the clock, without a PMU"

static bool
has_pmu(const Sysroot *root)
{
    return sysroot_exists(root, PMUS "cpu") || sysroot_exists(root, PMUS "cpu_core");
}

static const char *
no_kvm(const Sysroot *root)
{
    if (sysroot_exists(root, "dev/kvm"))
        return "its vCPUs are translated by QEMU (TCG), and the kernel cannot tell when a "
               "translated "
               "guest runs. This host has /dev/kvm: start the guest with it (domain type kvm)";
    return "its vCPUs are translated by QEMU (TCG), and the kernel cannot tell when a translated "
           "guest runs. This host has no /dev/kvm: enable virtualisation in its firmware and load "
           "kvm_intel or kvm_amd (hostctl doctor says more)";
}

const char *
profile_obstacle(const Sysroot *root, const ProfileSubject *subject)
{
    if (subject->tcg)
        return no_kvm(root);
    if (subject->software)
        return NULL;
    if (!has_pmu(root))
        return "this host has no PMU (a virtual machine needs one from its own "
               "hypervisor). " BY_CLOCK;
    if (kvm_pmu_is_mediated(root) || subject->refusal == EOPNOTSUPP)
        return "KVM hands the PMU over to guests (mediated vPMU), and the host may not count them: "
               "load kvm_intel or kvm_amd with enable_mediated_pmu=0, or run perf record in the "
               "guest. " BY_CLOCK;
    return NULL;
}
