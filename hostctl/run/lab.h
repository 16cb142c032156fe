/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every part of a run works with: opened once, lent to all. */
#pragma once

#include "common/base/sysroot.h"
#include "common/dataset/writer.h"
#include "hostctl/exits/exits.h"
#include "hostctl/interrupt.h"
#include "hostctl/knob/journal.h"
#include "hostctl/run/plan.h"
#include "hostctl/run/resume.h"
#include "hostctl/run/rig.h"
#include "hostctl/state.h"
#include "hostctl/virt/connection.h"

typedef struct {
    const Sysroot *root;
    const Plan *plan;
    const Rig *rig;
    State *state;
    Journal *journal;
    Connection *connection;
    DatasetWriter *writer;
    Interrupt *interrupt;
    Exits *exits; /* why vCPUs leave their guests; NULL: not told, a note says why */
    char *id;     /* of this run: 8 hexadecimal digits, part of the names in /dev/shm */
    char *kernel; /* of the guest image */
    char *initrd;
    char *plugin;  /* emupmu.so in the state directory; NULL without emulated counters */
    char *silicon; /* the emulated host's file in /dev/shm */
    bool shared_host;
    bool keep_going; /* past a visit whose check failed */
    char *dataset;   /* the path */
    Resume *resume;  /* visits that stand already; NULL: none does */
} Lab;

/* The visit at that position (from 0) was made before this run was gone on with. */
bool lab_has_visit(const Lab *lab, unsigned position);

/* Writes a note into the dataset, in a transaction of its own; a failure to write is `error`. */
bool lab_note(Lab *lab, int64_t visit_id, int64_t guest_id, const char *severity, GError **error,
              const char *format, ...) G_GNUC_PRINTF(6, 7);
