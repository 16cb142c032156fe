/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_cpu.h"

#include <cpuid.h>
#include <string.h>

#define INTEL_THREE (PMU_FIXED_INSTRUCTIONS | PMU_FIXED_CYCLES | PMU_FIXED_REF_CYCLES)
#define INTEL_FOUR (INTEL_THREE | PMU_FIXED_SLOTS)

/* The most that KVM's perf-based vPMU gives to a guest (KVM_MAX_NR_INTEL_GP_COUNTERS and so on). */
#define KVM_INTEL_GENERAL 8u
#define KVM_AMD_GENERAL 6u

typedef struct {
    const char *name;
    unsigned family, first_model, last_model;
    unsigned first_stepping, last_stepping;
    unsigned general; /* per hardware thread, Hyper-Threading on */
    unsigned alone;   /* the same with Hyper-Threading off in the firmware */
    unsigned fixed;
    bool hybrid;
} Model;

#define ANY_STEPPING 0, ~0u

static const Model intel_models[] = {
    { "Haswell", 6, 60, 60, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Haswell server", 6, 63, 63, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Haswell", 6, 69, 70, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Broadwell", 6, 61, 61, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Broadwell", 6, 71, 71, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Broadwell server", 6, 79, 79, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Broadwell server", 6, 86, 86, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Skylake", 6, 78, 78, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Skylake", 6, 94, 94, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Skylake server", 6, 85, 85, 0, 4, 4, 8, INTEL_THREE, false },
    { "Cascade Lake", 6, 85, 85, 5, 9, 4, 8, INTEL_THREE, false },
    { "Cooper Lake", 6, 85, 85, 10, 15, 4, 8, INTEL_THREE, false },
    { "Kaby Lake", 6, 142, 142, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Kaby Lake", 6, 158, 158, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Comet Lake", 6, 165, 166, ANY_STEPPING, 4, 8, INTEL_THREE, false },
    { "Ice Lake server", 6, 106, 106, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Ice Lake server", 6, 108, 108, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Ice Lake", 6, 125, 126, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Tiger Lake", 6, 140, 141, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Rocket Lake", 6, 167, 167, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Sapphire Rapids", 6, 143, 143, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Emerald Rapids", 6, 207, 207, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Granite Rapids", 6, 173, 174, ANY_STEPPING, 8, 8, INTEL_FOUR, false },
    { "Alder Lake", 6, 151, 151, ANY_STEPPING, 8, 8, INTEL_FOUR, true },
    { "Alder Lake", 6, 154, 154, ANY_STEPPING, 8, 8, INTEL_FOUR, true },
    { "Raptor Lake", 6, 183, 183, ANY_STEPPING, 8, 8, INTEL_FOUR, true },
    { "Raptor Lake", 6, 186, 186, ANY_STEPPING, 8, 8, INTEL_FOUR, true },
    { "Raptor Lake", 6, 191, 191, ANY_STEPPING, 8, 8, INTEL_FOUR, true },
    { "Meteor Lake", 6, 170, 170, ANY_STEPPING, 8, 8, INTEL_FOUR, true },
};

static const Model amd_models[] = {
    { "Zen", 23, 0, 15, ANY_STEPPING, 6, 6, 0, false },
    { "Zen", 23, 16, 47, ANY_STEPPING, 6, 6, 0, false },
    { "Zen 2", 23, 48, 255, ANY_STEPPING, 6, 6, 0, false },
    { "Zen (Hygon)", 24, 0, 255, ANY_STEPPING, 6, 6, 0, false },
    { "Zen 3", 25, 0, 15, ANY_STEPPING, 6, 6, 0, false },
    { "Zen 4", 25, 16, 31, ANY_STEPPING, 6, 6, 0, false },
    { "Zen 3", 25, 32, 95, ANY_STEPPING, 6, 6, 0, false },
    { "Zen 4", 25, 96, 175, ANY_STEPPING, 6, 6, 0, false },
    { "Zen 5", 26, 0, 255, ANY_STEPPING, 6, 6, 0, false },
};

static const Model *
find_model(const Model *models, size_t n_models, const CpuInfo *info)
{
    for (size_t i = 0; i < n_models; i++) {
        const Model *model = &models[i];

        if (info->family == model->family && info->model >= model->first_model &&
            info->model <= model->last_model && info->stepping >= model->first_stepping &&
            info->stepping <= model->last_stepping)
            return model;
    }
    return NULL;
}

static PmuCapacity
intel_capacity(unsigned general, unsigned fixed)
{
    return (PmuCapacity){
        .general = general,
        .fixed = fixed,
        .guest_general = MIN(general, KVM_INTEL_GENERAL),
        .guest_fixed = fixed & INTEL_THREE,
    };
}

static PmuCapacity
amd_capacity(unsigned general, bool ref_cycles)
{
    return (PmuCapacity){
        .general = general,
        .general_ref_cycles = ref_cycles,
        .guest_general = MIN(general, KVM_AMD_GENERAL),
    };
}

bool
pmu_cpu_find(const CpuInfo *info, bool threads_share, PmuCpu *ret_cpu)
{
    bool intel = cpuinfo_is_intel(info);
    const Model *model = NULL;

    if (intel)
        model = find_model(intel_models, G_N_ELEMENTS(intel_models), info);
    else if (cpuinfo_is_amd(info))
        model = find_model(amd_models, G_N_ELEMENTS(amd_models), info);
    if (!model)
        return false;

    *ret_cpu = (PmuCpu){ .name = model->name, .hybrid = model->hybrid };
    if (intel)
        ret_cpu->capacity =
            intel_capacity(threads_share ? model->general : model->alone, model->fixed);
    else
        /* The first four are what every AMD CPU had before perfctr_core. */
        ret_cpu->capacity =
            amd_capacity(cpuinfo_has_flag(info, "perfctr_core") ? model->general : 4,
                         cpuinfo_has_flag(info, "perfmon_v2"));
    return true;
}

static bool
intel_capacity_of_this_cpu(PmuCapacity *ret_capacity)
{
    unsigned eax, ebx, ecx, edx;
    unsigned version, general, n_fixed;

    if (!__get_cpuid_count(0xa, 0, &eax, &ebx, &ecx, &edx))
        return false;
    version = eax & 0xff;
    general = eax >> 8 & 0xff;
    n_fixed = version >= 2 ? edx & 0x1f : 0;
    if (version == 0 || general == 0)
        return false;

    *ret_capacity = intel_capacity(general, ((1u << n_fixed) - 1) & INTEL_FOUR);
    return true;
}

static bool
amd_capacity_of_this_cpu(PmuCapacity *ret_capacity)
{
    const unsigned perfctr_core_bit = 1u << 23;
    unsigned eax, ebx, ecx, edx;

    if (__get_cpuid_count(0x80000022, 0, &eax, &ebx, &ecx, &edx) && (eax & 1)) {
        *ret_capacity = amd_capacity(ebx & 0xf, true);
        return ret_capacity->general > 0;
    }
    if (!__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) || !(ecx & perfctr_core_bit))
        return false;
    *ret_capacity = amd_capacity(6, false);
    return true;
}

bool
pmu_capacity_of_this_cpu(PmuCapacity *ret_capacity)
{
    unsigned eax, vendor[3];
    char name[sizeof vendor + 1] = "";

    if (!__get_cpuid(0, &eax, &vendor[0], &vendor[2], &vendor[1]))
        return false;
    memcpy(name, vendor, sizeof vendor);
    if (g_str_equal(name, "GenuineIntel"))
        return intel_capacity_of_this_cpu(ret_capacity);
    if (g_str_equal(name, "AuthenticAMD") || g_str_equal(name, "HygonGenuine"))
        return amd_capacity_of_this_cpu(ret_capacity);
    return false;
}

static const struct {
    PmuFixed bit;
    const char *name;
} fixed_names[] = {
    { PMU_FIXED_INSTRUCTIONS, "instructions" },
    { PMU_FIXED_CYCLES, "cycles" },
    { PMU_FIXED_REF_CYCLES, "ref-cycles" },
    { PMU_FIXED_SLOTS, "slots" },
};

char *
pmu_fixed_names(unsigned fixed)
{
    GString *names = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(fixed_names); i++)
        if (fixed & fixed_names[i].bit)
            g_string_append_printf(names, names->len ? ", %s" : "%s", fixed_names[i].name);
    return g_string_free(names, FALSE);
}

unsigned
pmu_fixed_count(unsigned fixed)
{
    return (unsigned) __builtin_popcount(fixed);
}
