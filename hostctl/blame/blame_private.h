/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What blame's files share, and nobody else sees. */
#pragma once

#include "hostctl/blame/blame.h"
#include "hostctl/blame/blame_shared.h"

struct blame_bpf;

/* A vCPU thread that is watched, and what its sums were at the last report. */
typedef struct {
    pid_t pid, tid;
    unsigned vcpu;
    uint64_t start_ticks;
    bool leaving; /* not in the last list: goes away after its last report */
    struct blame_thread reported;
} Watched;

struct Blame {
    const Sysroot *root;
    struct blame_bpf *bpf;
    GHashTable *threads;             /* tid -> Watched */
    GHashTable *guests;              /* pid -> name; a guest that left stays for one more report */
    GHashTable *present;             /* pids of the last list */
    GHashTable *waits;               /* struct blame_wait_key -> BlameSum */
    GHashTable *pairs;               /* struct blame_pair_key -> BlameSum */
    uint64_t full_waits, full_pairs; /* at the last report */
    unsigned unwatched;
    int stats_fd; /* while open the kernel counts what programs cost; -1 */
};

/* A sum in one of the kernel's tables at the last report. */
typedef struct {
    uint64_t ns;
    unsigned idle_reports; /* since it last grew */
} BlameSum;

/* Says on which CPU a thread is that has not been seen there yet. */
void blame_show_home(Blame *blame, const Watched *watched);

/* Takes out of the kernel what has left, after its last report. */
void blame_forget(Blame *blame);
