/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is this host fit for ground truth? A list of checks, each a pure function of the kernel's files
 * below a Sysroot, of what a few system calls said (DoctorLive), and of the plan that the host is
 * judged for. A check looks at one fact, so that a change of one fact changes one check.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cpuinfo.h"
#include "common/base/sysroot.h"
#include "common/pmu/pmu_cpu.h"

typedef enum {
    DOCTOR_PASS,
    DOCTOR_WARN,    /* it works, but something confounds or limits it */
    DOCTOR_FAIL,    /* no ground truth until this is mended */
    DOCTOR_UNKNOWN, /* cannot be told from here */
} DoctorStatus;

/* "pass", "warn", "fail", "unknown". */
const char *doctor_status_name(DoctorStatus status);

typedef struct {
    DoctorStatus status;
    char *found;
    char *meaning; /* NULL when it passes */
    char *fix;     /* NULL when it passes */
} DoctorFinding;

/* What the host is to be fit for. */
typedef struct {
    const char *name;          /* of the plan; NULL: the default question */
    const char *const *events; /* NULL-terminated */
    unsigned guests;           /* at the highest step, the micro guest too */
    unsigned vcpus;            /* of all these guests */
    uint64_t memory_kib;       /* of all these guests */
    double memory_overcommit;  /* their memory may be so many times the host's; 1: not at all */
} DoctorPlan;

/* One guest that runs now and whose probe talks. */
typedef struct {
    char *name;
    char *facts; /* JSON object as its HELLO brought it: not trusted */
} DoctorGuest;

/* What only the running machine can say. */
typedef struct {
    int cycles_errno;  /* of opening a cycles event of host mode on ourselves; 0: it opens */
    int foreign_errno; /* of opening a software event on a process of another user */
    int kvm_errno;     /* of opening /dev/kvm and asking its version */
    unsigned kvm_mode; /* permission bits of /dev/kvm */
    bool has_capacity; /* CPUID tells of counters */
    PmuCapacity capacity;
    char *libpfm4_model;   /* core PMU that libpfm4 recognises; NULL: none */
    char *virt_problem;    /* why there is no libvirt connection; NULL: there is one */
    bool virt_busy;        /* ... because another hostctl is at work with it */
    char *libvirt_version; /* NULL: not told */
    char *qemu_version;    /* NULL: not told */
    char *virt_uri;        /* what was tried */
    char **perf_domains;   /* domains on which libvirt holds perf events */
    GPtrArray *guests;     /* DoctorGuest */
} DoctorLive;

void doctor_live_free(DoctorLive *live);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DoctorLive, doctor_live_free)

/* Everything that a check may look at. */
typedef struct {
    const Sysroot *root;
    const CpuInfo *cpu; /* NULL: /proc/cpuinfo cannot be read */
    const DoctorPlan *plan;
    const DoctorLive *live; /* NULL: a tree, not a machine */
} DoctorHost;

typedef struct {
    const char *id;
    const char *group; /* cpu, kvm, pmu, scheduler, memory, host-noise, tools, guest */
    void (*look)(const DoctorHost *host, DoctorFinding *finding);
} DoctorCheck;

/* In the order in which they are shown; checks of one group stand together. */
extern const DoctorCheck doctor_checks[];
extern const size_t doctor_checks_length;

/* NULL when there is no check of that id. */
const DoctorCheck *doctor_check_find(const char *id);

/* All findings, in the order of doctor_checks. Free with doctor_findings_free(). */
DoctorFinding *doctor_look(const DoctorHost *host);
void doctor_findings_free(DoctorFinding *findings);

unsigned doctor_count(const DoctorFinding *findings, DoctorStatus status);

/*
 * The question that is judged when no plan is given: the reference experiment in small, a ladder
 * up to 200 % of guests with 192 MiB, five events. `name` is NULL. Borrows constants only.
 */
DoctorPlan doctor_default_plan(const Sysroot *root);
