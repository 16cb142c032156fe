/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/kvm_pmu.h"

#include "common/base/cpuinfo.h"

static const char *const mediated_files[] = {
    "sys/module/kvm_intel/parameters/enable_mediated_pmu",
    "sys/module/kvm_amd/parameters/enable_mediated_pmu",
};

static bool
says(const Sysroot *root, const char *path, const char *word)
{
    g_autofree char *text = NULL;

    return sysroot_read(root, path, &text, NULL) && g_str_equal(g_strchomp(text), word);
}

bool
kvm_pmu_is_mediated(const Sysroot *root)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mediated_files); i++)
        if (says(root, mediated_files[i], "Y"))
            return true;
    return false;
}

bool
kvm_pmu_has_watchdog(const Sysroot *root)
{
    return says(root, "proc/sys/kernel/nmi_watchdog", "1");
}

bool
kvm_pmu_capacity(const Sysroot *root, PmuCapacity *ret_capacity)
{
    g_autoptr(CpuInfo) info = NULL;
    PmuCpu cpu;

    /* What a hypervisor passes on of a model's counters is its affair: then only CPUID tells. */
    if (sysroot_is_live(root))
        return pmu_capacity_of_this_cpu(ret_capacity);
    info = cpuinfo_read(root, NULL);
    if (!info || cpuinfo_has_flag(info, "hypervisor") ||
        !pmu_cpu_find(info, !says(root, "sys/devices/system/cpu/smt/control", "notsupported"),
                      &cpu))
        return false;
    *ret_capacity = cpu.capacity;
    return true;
}
