/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/hypervisor.h"

#include <glib.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define LEAF_FEATURES 1u
#define FEATURES_ECX_HYPERVISOR (1u << 31)
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_STEP 0x100u /* where a hypervisor puts its own leaves behind those it imitates */
#define KVM_EAX_STEAL_TIME (1u << 5) /* of the leaf after its signature */

typedef struct {
    char signature[HYPERVISOR_SIGNATURE_BYTES + 1];
    const char *name;
} Vendor;

static const Vendor vendors[] = {
    { "KVMKVMKVM\0\0\0", "KVM" },    { "TCGTCGTCGTCG", "TCG" },        { "XenVMMXenVMM", "Xen" },
    { "VMwareVMware", "VMware" },    { "Microsoft Hv", "Hyper-V" },    { "bhyve bhyve ", "bhyve" },
    { "prl hyperv  ", "Parallels" }, { "VBoxVBoxVBox", "VirtualBox" }, { "ACRNACRNACRN", "ACRN" },
};

CpuidWords
hypervisor_cpuid(uint32_t leaf)
{
    CpuidWords words = { 0 };

#ifdef __x86_64__
    /* Not __get_cpuid(): it asks for the highest leaf of another range and gives up. */
    __cpuid(leaf, words.eax, words.ebx, words.ecx, words.edx);
#endif
    return words;
}

static Vendor
vendor_at(CpuidFunc cpuid, uint32_t leaf)
{
    CpuidWords words = cpuid(leaf);
    const uint32_t letters[] = { words.ebx, words.ecx, words.edx };
    Vendor vendor = { .name = NULL };

    memcpy(vendor.signature, letters, sizeof letters);
    for (size_t i = 0; i < G_N_ELEMENTS(vendors); i++)
        if (memcmp(vendors[i].signature, vendor.signature, HYPERVISOR_SIGNATURE_BYTES) == 0)
            return vendors[i];
    return vendor;
}

static bool
has_steal_clock(CpuidFunc cpuid, const char *name, uint32_t leaf)
{
    if (g_strcmp0(name, "KVM") == 0)
        return cpuid(leaf + 1).eax & KVM_EAX_STEAL_TIME;
    return g_strcmp0(name, "Xen") == 0;
}

Hypervisor
hypervisor_detect(CpuidFunc cpuid)
{
    Hypervisor found = { .name = "none" };
    Vendor first, second;
    uint32_t leaf = LEAF_HYPERVISOR;

    if (!(cpuid(LEAF_FEATURES).ecx & FEATURES_ECX_HYPERVISOR))
        return found;

    first = vendor_at(cpuid, LEAF_HYPERVISOR);
    /* KVM that imitates Hyper-V for its Windows guests shows its own name one step further. */
    second = vendor_at(cpuid, LEAF_HYPERVISOR + LEAF_STEP);
    if (g_strcmp0(second.name, "KVM") == 0) {
        first = second;
        leaf += LEAF_STEP;
    }
    g_strlcpy(found.name, first.name ? first.name : first.signature, sizeof found.name);
    if (found.name[0] == '\0')
        g_strlcpy(found.name, "unknown", sizeof found.name);
    found.steal_clock = has_steal_clock(cpuid, first.name, leaf);
    return found;
}
