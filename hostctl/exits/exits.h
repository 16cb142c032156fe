/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why vCPUs leave their guests: for each watched thread and reason how often, and how long it was
 * until the next entry. Summed up in the kernel (eBPF) into tables of bounded size: nothing is
 * recorded that grows. Needs KVM's tracepoints of x86, and CAP_BPF with CAP_PERFMON (or root), in
 * the host's pid namespace; where they are not there, the failure says why, and what to do.
 *
 * The time of a reason is the time away from the guest, whatever happened in it: with HLT the vCPU
 * sleeps or polls (kvm.halt_poll_ns), with others QEMU may work, or the thread waits for a CPU. An
 * exit whose next entry the kernel does not show (before Linux 6.9 those that KVM handles on its
 * fast path) counts, without time. The exit that is open now has no time yet.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"
#include "hostctl/exits/exit_reason.h"

/* Cumulative since the thread was watched. */
typedef struct {
    pid_t thread;
    uint32_t isa, reason; /* for exit_reason_name() */
    uint64_t count, time_ns;
} ExitSum;

/* Which tracepoints are meant, and where their reason is: KVM's, except in tests. */
typedef struct {
    const char *category, *exit, *entry;
    const char *reason_field, *isa_field;
} ExitsPlace;

extern const ExitsPlace exits_place_kvm;

typedef struct Exits Exits;

/*
 * Loads the programs and attaches them; nothing is watched yet. FAILURE_UNSUPPORTED when this
 * build, kernel, machine or user cannot.
 */
bool exits_open(const Sysroot *root, const ExitsPlace *place, Exits **ret_exits, GError **error);
void exits_close(Exits *exits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exits, exits_close)

/*
 * Watches a thread from now on; its sums begin at 0. `ret_watched` false: there are more threads
 * than can be watched.
 */
bool exits_watch(Exits *exits, pid_t thread, bool *ret_watched, GError **error);
/* Makes room for others. Its sums are gone. */
void exits_forget(Exits *exits, pid_t thread);

/* Takes all sums at one moment: what exits_of() gives until the next call. */
bool exits_read(Exits *exits, GError **error);

/*
 * One thread's sums, by isa and reason; those with EXIT_ISA_UNNAMED found the table full. The array
 * belongs to `exits` and lives until the next exits_read() or exits_forget().
 */
const ExitSum *exits_of(const Exits *exits, pid_t thread, guint *ret_n);

/* Events so far, of any thread, at which the kernel could not run the programs. */
uint64_t exits_missed(const Exits *exits);
