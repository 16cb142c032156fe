/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Behind whom each vCPU waits: a program in the kernel (eBPF) that only watches. It needs Linux
 * 6.1 with BTF, and CAP_BPF with CAP_PERFMON (or root), in the host's pid namespace. Where it is
 * not there, schedstat still says how long each vCPU waits, and this says why blame does not.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/qemu_process.h"

typedef enum {
    BLAME_GUEST,  /* another guest, by name */
    BLAME_HOST,   /* a task of the host, by name: ksmd, kworker, … */
    BLAME_SELF,   /* the guest's own other threads: vCPUs, emulator, vhost */
    BLAME_QUOTA,  /* its own CPU quota */
    BLAME_WAKEUP, /* nobody: the CPU was idle and had to wake up */
    BLAME_OTHER,  /* not known: more than could be remembered */
    BLAME_KINDS,
} BlameKind;

/* guest, host, self, quota, wakeup, other */
const char *blame_kind_name(BlameKind kind);

/* A vCPU that was watched. */
typedef struct {
    char *guest;
    pid_t pid; /* of its QEMU */
    unsigned vcpu;
    uint64_t wait_ns; /* the sum over its causes; schedstat's run delay */
} BlameVictim;

/* What a vCPU waited for. */
typedef struct {
    guint victim; /* index in the report's victims */
    BlameKind kind;
    char *name; /* of the guest or task; "" for the other kinds */
    uint64_t wait_ns;
} BlameCause;

/* How long vCPUs of two guests (or of one) ran at the same time on the two threads of a core. */
typedef struct {
    char *guest, *other;
    uint64_t run_ns;
} BlamePair;

/* What happened since the report before, or since watching began. */
typedef struct {
    GArray *victims;    /* BlameVictim */
    GArray *causes;     /* BlameCause; none with 0 ns */
    GArray *pairs;      /* BlamePair */
    uint64_t unnamed;   /* pieces that went to "other" because a table in the kernel was full */
    uint64_t unpaired;  /* pairs that were not counted for the same reason */
    unsigned unwatched; /* vCPUs beyond the number that can be watched */
} BlameReport;

void blame_report_free(BlameReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlameReport, blame_report_free)

typedef struct Blame Blame;

/*
 * Loads the program and attaches it; nothing is watched yet. `root` tells which CPUs are
 * siblings; it must outlive the object. FAILURE_UNSUPPORTED when this build, kernel or user
 * cannot: the message says which and what to do.
 */
bool blame_open(const Sysroot *root, Blame **ret_blame, GError **error);
void blame_close(Blame *blame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Blame, blame_close)

/*
 * Watches the vCPUs of these guests (QemuProcess) from now on, and no others. Call it again when
 * guests came or went: one that stays keeps its sums.
 */
bool blame_watch(Blame *blame, const GPtrArray *processes, GError **error);

/* A wait counts when it ends, as in schedstat. */
bool blame_take(Blame *blame, BlameReport **ret_report, GError **error);

/* What the program itself cost. Counting starts with the first call, and costs a little too. */
typedef struct {
    uint64_t run_ns;
    uint64_t calls;
} BlameCost;
bool blame_cost(Blame *blame, BlameCost *ret_cost, GError **error);
