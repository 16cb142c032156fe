/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sums that only grow, made of the intervals in which a node was looked at: by guest name, so that
 * a guest that is started anew goes on where it was. Memory is bounded.
 */
#pragma once

#include "hostctl/exporter/culprits.h"

#define LEDGER_NAME_BYTES 128
/* A guest that is gone is remembered so long … */
#define LEDGER_KEEP_SECONDS 3600
/* … while no more than so many are. */
#define LEDGER_KEEP_GUESTS 1024

typedef struct {
    unsigned vcpu;
    bool present;
    uint64_t run_ns, delay_ns;
} VcpuSum;

/* The sum of a source's cumulative count that may begin anew. */
typedef struct {
    bool known;
    uint64_t last, sum;
} Climb;

typedef enum { LEDGER_HARDWARE, LEDGER_EMULATED, LEDGER_SOURCES } LedgerSource;

typedef struct {
    bool known;
    double counts[VIEW_EVENTS]; /* NAN: never counted */
    uint64_t enabled_ns, running_ns;
} CountSum;

typedef struct {
    char *name;            /* printable */
    const GuestView *view; /* of the last interval; NULL: gone */
    double gone_seconds;
    GArray *vcpus; /* VcpuSum, by number */
    bool has_blame;
    Culprits *culprits;
    Culprits *corun; /* guests on the other threads of its cores */
    CountSum counts[LEDGER_SOURCES];
    double exits; /* NAN: never told */
    Climb memory_stalled_us, bandwidth_bytes;
    uint64_t throttled_ns, io_stalled_us; /* ABSENT_U64: never told */
} GuestSum;

typedef struct {
    unsigned max_named;
    GPtrArray *guests; /* GuestSum, by name, those that are gone included */
    NodeView *view;    /* the last interval; NULL: none yet */
    double ksmd_run_seconds;
    bool has_pairs; /* some cores have two threads */
} Ledger;

Ledger *ledger_new(unsigned max_named);
void ledger_free(Ledger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ledger, ledger_free)

/* Takes the interval over. */
void ledger_take(Ledger *ledger, NodeView *view);
