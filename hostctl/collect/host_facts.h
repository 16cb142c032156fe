/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the host is: everything that decides how a counter behaves, and that a reader of the
 * dataset must know to compare two runs. QEMU's and libvirt's versions are not here.
 */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

typedef struct {
    char *cpu_model; /* "Intel(R) Xeon(R) …"; NULL when not told */
    char *cpu_key;   /* "GenuineIntel-6-143-8": vendor, family, model, stepping */
    char *microcode;
    char *kernel;
    char *mitigations; /* JSON object: vulnerability -> the kernel's text */
    char *clocksource;
    char *governor;        /* of CPU 0; NULL without cpufreq */
    char *thp;             /* "always", "madvise", "never" */
    char *hypervisor;      /* NULL: bare metal; else "kvm", "vmware", … or "unknown" */
    char *smt;             /* "on", "off", "notsupported", … */
    int turbo;             /* 1, 0; -1: not told */
    int nmi_watchdog;      /* 1, 0; -1 */
    uint64_t halt_poll_ns; /* of KVM; ABSENT_U64 without */
    uint64_t memory_kib;
    unsigned numa_nodes;
    cpu_set_t online;
    unsigned cores; /* physical cores behind the online CPUs */
    bool pmu;       /* a core PMU is registered (cpu or cpu_core) */
    bool hybrid;    /* two kinds of cores: KVM gives guests no PMU then */
} HostFacts;

/* Never fails: what cannot be read is NULL, -1 or ABSENT_U64. Free with host_facts_free(). */
HostFacts *host_facts_read(const Sysroot *root);
void host_facts_free(HostFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostFacts, host_facts_free)

/* run.host_facts: one JSON object with all of the above but the mitigations, which have a column of
 * their own. Free with g_free(). */
char *host_facts_to_json(const HostFacts *facts);

/* The CPUs of the same core, itself among them; false, and `cpu` alone, when they are not told. */
bool host_siblings(const Sysroot *root, int cpu, cpu_set_t *ret_siblings);

/* The CPUs for guests when nobody says which: all online, less one for the host when there are more
 * than two. */
cpu_set_t host_default_pool(const HostFacts *facts);

/*
 * Physical cores behind a set of CPUs; two siblings count once. A CPU whose siblings are not told
 * counts as a core.
 */
unsigned host_cores(const Sysroot *root, const cpu_set_t *cpus);
