/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every check by its function; check_list.c gives them their ids. One file a group. */
#pragma once

#include "hostctl/doctor/doctor.h"

#define DOCTOR_CHECK(name) void name(const DoctorHost *host, DoctorFinding *finding)

/* check_cpu.c */
DOCTOR_CHECK(check_virtualization);
DOCTOR_CHECK(check_bare_metal);
DOCTOR_CHECK(check_hybrid);
DOCTOR_CHECK(check_clocksource);

/* check_mitigation.c */
DOCTOR_CHECK(check_spectre_v2);
DOCTOR_CHECK(check_vmscape);
DOCTOR_CHECK(check_retbleed);
DOCTOR_CHECK(check_srso);

/* check_kvm.c */
DOCTOR_CHECK(check_kvm_module);
DOCTOR_CHECK(check_kvm_device);
DOCTOR_CHECK(check_enable_pmu);
DOCTOR_CHECK(check_mediated_vpmu);
DOCTOR_CHECK(check_halt_poll);

/* check_pmu.c */
DOCTOR_CHECK(check_pmu_present);
DOCTOR_CHECK(check_libpfm4);
DOCTOR_CHECK(check_counters);
DOCTOR_CHECK(check_budget);
DOCTOR_CHECK(check_nmi_watchdog);

/* check_perf.c */
DOCTOR_CHECK(check_paranoid);
DOCTOR_CHECK(check_permission);
DOCTOR_CHECK(check_descriptors);
DOCTOR_CHECK(check_perf_holders);
DOCTOR_CHECK(check_libvirt_perf);

/* check_scheduler.c */
DOCTOR_CHECK(check_schedstat);
DOCTOR_CHECK(check_sched_schedstats);
DOCTOR_CHECK(check_pressure);
DOCTOR_CHECK(check_numa);
DOCTOR_CHECK(check_isolated);
DOCTOR_CHECK(check_quota);

/* check_memory.c */
DOCTOR_CHECK(check_memory);
DOCTOR_CHECK(check_swap);
DOCTOR_CHECK(check_huge_pages);
DOCTOR_CHECK(check_ksm);
DOCTOR_CHECK(check_ksm_run);
DOCTOR_CHECK(check_ksm_advisor);

/* check_noise.c */
DOCTOR_CHECK(check_smt);
DOCTOR_CHECK(check_governor);
DOCTOR_CHECK(check_turbo);
DOCTOR_CHECK(check_load);
DOCTOR_CHECK(check_ksmtuned);
DOCTOR_CHECK(check_ksm_service);
DOCTOR_CHECK(check_mom);

/* check_tools.c */
DOCTOR_CHECK(check_libvirt);
DOCTOR_CHECK(check_qemu);
DOCTOR_CHECK(check_debugfs);
DOCTOR_CHECK(check_btf);

/* check_guest.c */
DOCTOR_CHECK(check_guest_pmu);
DOCTOR_CHECK(check_guest_clocksource);
DOCTOR_CHECK(check_guest_steal);
DOCTOR_CHECK(check_steal_governor);
