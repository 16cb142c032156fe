/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One vCPU's thread while it is counted: perf events in guest mode, in host mode and in both, the
 * emulated page where the guest has one, its VM exits, and how long it ran and waited. Only reads:
 * nothing of the guest changes, whoever made it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "common/pmu/pmu_kernel.h"
#include "common/pmu/stat_window.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/exits/exits.h"
#include "hostctl/stat/stat_events.h"

/* The same for all vCPUs; must outlive them. */
typedef struct {
    const Sysroot *root;
    const PmuKernel *kernel; /* NULL: the machine we run on */
    const StatEvents *events;
    bool no_guest_mode;       /* a mediated vPMU: an event of guest mode would keep guests down */
    uint64_t exit_tracepoint; /* id of kvm:kvm_exit; 0: none */
    Exits *exits;             /* by reason; NULL: not asked for, or cannot be told */
    bool wants_exits;         /* asked for */
} StatSetup;

typedef struct StatVcpu StatVcpu;

/*
 * Starts counting; `now_ns` is of clock_raw_ns(). What this machine cannot count is no error: its
 * rows say so. Errors: no permission, no descriptors left, the thread has ended.
 */
StatVcpu *stat_vcpu_open(const StatSetup *setup, const QemuProcess *process,
                         const QemuThread *thread, int64_t now_ns, GError **error);
void stat_vcpu_close(StatVcpu *vcpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatVcpu, stat_vcpu_close)

bool stat_vcpu_is(const StatVcpu *vcpu, const QemuThread *thread);
const char *stat_vcpu_domain(const StatVcpu *vcpu);

/* Why rows of it are not supported, one sentence each; "" when all are. */
const char *stat_vcpu_problem(const StatVcpu *vcpu);

/*
 * Remembers how long it ran and waited: the kernel forgets that with the thread, while its counts
 * stay readable. Call it now and then. False: the thread has ended.
 */
bool stat_vcpu_remember(StatVcpu *vcpu);

/*
 * What happened since the window before, or since opening. Works for a thread that has ended. The
 * window's end is for the caller to say; texts in it belong to the vCPU.
 * After an error it holds nothing of use.
 */
bool stat_vcpu_window(StatVcpu *vcpu, int64_t now_ns, StatWindow *ret_window, GError **error);
