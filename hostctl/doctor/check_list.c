/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/checks.h"

const DoctorCheck doctor_checks[] = {
    { "virtualization", "cpu", check_virtualization },
    { "bare-metal", "cpu", check_bare_metal },
    { "hybrid", "cpu", check_hybrid },
    { "clocksource", "cpu", check_clocksource },
    { "spectre-v2", "cpu", check_spectre_v2 },
    { "vmscape", "cpu", check_vmscape },
    { "retbleed", "cpu", check_retbleed },
    { "srso", "cpu", check_srso },
    { "kvm-module", "kvm", check_kvm_module },
    { "kvm-device", "kvm", check_kvm_device },
    { "kvm-enable-pmu", "kvm", check_enable_pmu },
    { "mediated-vpmu", "kvm", check_mediated_vpmu },
    { "halt-poll", "kvm", check_halt_poll },
    { "pmu-present", "pmu", check_pmu_present },
    { "pmu-libpfm4", "pmu", check_libpfm4 },
    { "pmu-counters", "pmu", check_counters },
    { "pmu-budget", "pmu", check_budget },
    { "nmi-watchdog", "pmu", check_nmi_watchdog },
    { "perf-paranoid", "pmu", check_paranoid },
    { "perf-permission", "pmu", check_permission },
    { "descriptors", "pmu", check_descriptors },
    { "perf-holders", "pmu", check_perf_holders },
    { "libvirt-perf", "pmu", check_libvirt_perf },
    { "schedstat", "scheduler", check_schedstat },
    { "sched-schedstats", "scheduler", check_sched_schedstats },
    { "pressure", "scheduler", check_pressure },
    { "numa", "scheduler", check_numa },
    { "isolated-cpus", "scheduler", check_isolated },
    { "cpu-quota", "scheduler", check_quota },
    { "memory", "memory", check_memory },
    { "swap", "memory", check_swap },
    { "huge-pages", "memory", check_huge_pages },
    { "ksm", "memory", check_ksm },
    { "ksm-run", "memory", check_ksm_run },
    { "ksm-advisor", "memory", check_ksm_advisor },
    { "smt", "host-noise", check_smt },
    { "governor", "host-noise", check_governor },
    { "turbo", "host-noise", check_turbo },
    { "load", "host-noise", check_load },
    { "ksmtuned", "host-noise", check_ksmtuned },
    { "ksm-service", "host-noise", check_ksm_service },
    { "mom", "host-noise", check_mom },
    { "libvirt", "tools", check_libvirt },
    { "qemu", "tools", check_qemu },
    { "debugfs", "tools", check_debugfs },
    { "btf", "tools", check_btf },
    { "guest-pmu", "guest", check_guest_pmu },
    { "guest-clocksource", "guest", check_guest_clocksource },
    { "guest-steal", "guest", check_guest_steal },
    { "steal-governor", "guest", check_steal_governor },
};
const size_t doctor_checks_length = G_N_ELEMENTS(doctor_checks);

const DoctorCheck *
doctor_check_find(const char *id)
{
    for (size_t i = 0; i < doctor_checks_length; i++)
        if (g_str_equal(doctor_checks[i].id, id))
            return &doctor_checks[i];
    return NULL;
}
