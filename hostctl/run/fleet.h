/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guests of one block: one micro guest and the bulk guests, booted together, each with a link
 * to its probe. Freeing the fleet destroys them.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/collect/qemu_process.h"
#include "hostctl/link/guest_link.h"
#include "hostctl/run/disk.h"
#include "hostctl/run/lab.h"
#include "hostctl/virt/guest.h"
#include "hostctl/virt/image.h"

typedef struct {
    Guest *guest;
    GuestLink *link; /* NULL once it was cut off */
    char *name;
    GuestRole role;
    unsigned vcpus;
    unsigned cpu_shares, cpu_quota_percent; /* 0: libvirt's default; none */
    int64_t row_id;                         /* in the dataset */
    Disk *disk;                             /* in which its load runs; NULL: none */
    Image *image;                           /* from which it boots; NULL: the appliance */
    char *page_path;                        /* the emulated page; NULL: none */
    QemuProcess *process;
    Stamp measure_asked;        /* the host's, when it was asked to measure */
    uint64_t balloon_asked_kib; /* 0: nothing was asked */
    bool loaded;                /* its load runs */
} FleetGuest;

typedef struct Fleet Fleet;

/*
 * Creates and boots all guests and waits until every probe talks; the micro guest's events are
 * armed. `block` makes names and ids unique within the run. The error names the guest, and for one
 * that never talks the end of its console.
 */
Fleet *fleet_new(Lab *lab, const PlanCondition *condition, int64_t condition_id, unsigned repeat,
                 unsigned block, GError **error);
/* Destroys the guests; what cannot be destroyed stays in the journal for `hostctl recover`. */
void fleet_free(Fleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fleet, fleet_free)

/* The same with errors. Call fleet_free() after it. */
bool fleet_destroy(Fleet *fleet, GError **error);

/*
 * The micro guest's probe opens the plan's events, in place of those that it had open; one that
 * does not count is said in a note. `turns` (NULL: all count all the time): its `guest` bits say
 * what counts in each phase of a visit.
 */
bool fleet_arm(Lab *lab, const FleetGuest *micro, const BudgetLayout *turns, GError **error);

const Lab *fleet_lab(const Fleet *fleet);

/* The micro guest is the first. */
unsigned fleet_size(const Fleet *fleet);
FleetGuest *fleet_guest(const Fleet *fleet, unsigned index);

/* The condition whose loads the guests run from now on; fleet_new() begins with its own. */
void fleet_set_condition(Fleet *fleet, const PlanCondition *condition);

/*
 * Starts the load in the micro guest if asked, and brings the bulk guests that run theirs up to
 * `n_bulk`. A bulk guest whose probe does not do as it should is cut off (its link closed, itself
 * paused), which a note with the visit tells, and another takes its place where there is one:
 * fleet_loaded_bulk() says how many it became. Errors: the micro guest's, and when none is left.
 */
bool fleet_load(Fleet *fleet, bool micro, unsigned n_bulk, int64_t visit_id, GError **error);
/* Ends every load; bulk guests are cut off as above. */
bool fleet_unload(Fleet *fleet, int64_t visit_id, GError **error);

/* vCPUs of the guests whose load runs, and how many bulk guests run theirs. */
unsigned fleet_loaded_vcpus(const Fleet *fleet);
unsigned fleet_loaded_bulk(const Fleet *fleet);

/* A fleet of guests that are there already, the micro guest first: the caller fills in the rest. */
Fleet *fleet_new_empty(Lab *lab);
FleetGuest *fleet_add(Fleet *fleet, const char *name, GuestRole role);
