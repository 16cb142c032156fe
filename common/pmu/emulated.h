/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reader of the emulated counter page (emupmu/page.h, docs/counter-page.md): on the host the
 * page's file, in a guest the shared-memory PCI device over it. The page is written by somebody
 * who is not trusted: every read is bounded, and no bytes in it can do more than give wrong counts.
 * A handle is used by one thread at a time.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"
#include "common/base/sysroot.h"

typedef struct EmulatedPage EmulatedPage;

/* One vCPU at one moment; counts are cumulative since `instance` began. */
typedef struct {
    uint64_t values[EVENT_MAX]; /* in the order of the events asked for */
    uint64_t handovers;         /* times another context had used the vCPU's host CPU in between */
    uint64_t publishes;         /* which publication this is; unchanged: the vCPU has not run */
    uint64_t host_tsc;          /* the host's TSC when it was published; 0 before the first */
    uint32_t host_cpu;          /* where the vCPU ran then */
    uint64_t instance;          /* which start of QEMU */
    bool restarted; /* QEMU was started anew since this handle's last read of this vCPU */
} EmulatedReading;

/* Opens a page's file, on the host. NULL with an error that names the path. */
EmulatedPage *emulated_open(const char *path, GError **error);

/*
 * Opens the page inside a guest: the first PCI device 1af4:1110 (sorted by address) whose BAR 2
 * holds a counter page; enables the device if it is not. NULL with an error; code
 * FAILURE_UNSUPPORTED when the guest has no such device.
 */
EmulatedPage *emulated_open_guest(const Sysroot *root, GError **error);

void emulated_close(EmulatedPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EmulatedPage, emulated_close)

/* vCPUs the page had when it was opened, 1 … EMUPMU_VCPU_MAX. */
unsigned emulated_vcpus(const EmulatedPage *page);
/* The option that the plugin was given. */
uint32_t emulated_vmid(const EmulatedPage *page);
/* The modelled last level cache, and the version of the model: facts for the dataset. */
uint32_t emulated_llc_kib(const EmulatedPage *page);
uint32_t emulated_model(const EmulatedPage *page);

/* True for the names that emulated_read() takes: those marked `emulated` in event_list. */
bool emulated_has_event(const char *name);

/*
 * One consistent tuple of `vcpu`: `events` are perf's names, NULL-terminated, at most EVENT_MAX.
 * Errors: an event that the page has not (FAILURE_UNSUPPORTED), a vCPU that it has not, a page that
 * is no longer one (overwritten, cut, file removed), no quiet moment within a bounded number of
 * tries. `ret_reading` is untouched on failure.
 */
bool emulated_read(EmulatedPage *page, unsigned vcpu, const char *const *events,
                   EmulatedReading *ret_reading, GError **error);
