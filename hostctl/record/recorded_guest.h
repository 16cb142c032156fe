/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One guest while it is recorded: what is open of its vCPUs, and their rows at each tick. Only
 * reads; what this host does not let be counted is left out and said once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "common/dataset/writer.h"
#include "common/pmu/counter_source.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/exits/exits.h"

typedef struct {
    const Sysroot *root;
    CounterSource source; /* of the dataset; SOFTWARE: run and wait times only */
    bool no_guest_mode;   /* a mediated vPMU: an event of guest mode would keep guests down */
    const char *const *events;
    Exits *exits;              /* why vCPUs leave their guests; NULL: not recorded */
    const char *exits_problem; /* why not, for a note; NULL: nobody asked for it */
} RecordSetup;

typedef struct RecordedGuest RecordedGuest;

/*
 * Writes its row and opens its vCPUs, in an open transaction. `setup` must outlive it. NULL without
 * an error: it ended meanwhile. Errors: no descriptors left, the dataset cannot be written.
 */
RecordedGuest *recorded_guest_new(const RecordSetup *setup, const QemuProcess *process,
                                  DatasetWriter *writer, GError **error);
void recorded_guest_free(RecordedGuest *guest);

bool recorded_guest_is(const RecordedGuest *guest, const QemuProcess *process);
const char *recorded_guest_name(const RecordedGuest *guest);
int64_t recorded_guest_row(const RecordedGuest *guest);
unsigned recorded_guest_vcpus(const RecordedGuest *guest);

/* vCPUs that were plugged since get opened; those that were unplugged are forgotten. */
bool recorded_guest_follow(RecordedGuest *guest, const QemuProcess *process, GError **error);

/* Why something of it is not counted; NULL: all is, or it was said already. Free with g_free(). */
char *recorded_guest_take_problem(RecordedGuest *guest);

/* The rows of one tick. `ret_ended`: a vCPU's thread is gone, look for the guest again. */
bool recorded_guest_tick(RecordedGuest *guest, DatasetWriter *writer, int64_t visit_id,
                         bool *ret_ended, GError **error);

/* Why its vCPUs left it so far, as of the last exits_read(). */
bool recorded_guest_exits(const RecordedGuest *guest, DatasetWriter *writer, int64_t visit_id,
                          GError **error);

/* What its process holds of the host's memory. */
bool recorded_guest_memory(const RecordedGuest *guest, DatasetWriter *writer, int64_t visit_id,
                           GError **error);
