/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the simulated PMU share. */
#pragma once

#include "tests/support/sim_pmu.h"

#define SIM_TICK_NS 4000000ll /* perf_event_mux_interval_ms at 250 ticks a second */

typedef enum {
    SIM_KIND_CYCLES,
    SIM_KIND_INSTRUCTIONS,
    SIM_KIND_REF_CYCLES,
    SIM_KIND_BRANCHES,
    SIM_KIND_BRANCH_MISSES,
    SIM_KIND_CACHE_REFERENCES,
    SIM_KIND_CACHE_MISSES,
    SIM_KIND_RAW,
    SIM_KIND_TASK_CLOCK,
    SIM_KIND_TRACEPOINT,
    SIM_KIND_OTHER_SOFTWARE,
    SIM_KINDS,
} SimKind;

/* Events a nanosecond. */
typedef struct {
    double guest, host;
} SimRate;
extern const SimRate sim_rates[SIM_KINDS];

typedef enum {
    SIM_OFF,      /* not enabled */
    SIM_WAITING,  /* enabled, has no counter */
    SIM_COUNTING, /* has one */
    SIM_ERROR,    /* pinned, found none: lost until enabled again */
} SimState;

typedef struct SimEvent SimEvent;
struct SimEvent {
    int fd; /* -1: not of the caller (KVM's, the watchdog's) */
    uint64_t id;
    struct perf_event_attr attr;
    SimKind kind;
    bool software;
    pid_t tid; /* -1: of a CPU */
    int cpu;
    SimEvent *leader;   /* itself, when it leads */
    GPtrArray *members; /* of a leader: itself first; NULL for others */
    SimState state;
    double value;
    int64_t enabled_ns, running_ns;
};

/* The groups on one CPU or one thread, by age. */
typedef struct {
    GPtrArray *pinned, *flexible; /* leaders, borrowed */
    bool must_rotate;
} SimContext;

typedef struct {
    pid_t tid;
    bool alive, is_guest;
    SimContext context;
    double truth[SIM_KINDS][2]; /* [1]: in guest mode */
    GPtrArray *guest_events;    /* KVM's, borrowed */
    double mediated_start[SIM_KINDS];
    GArray *mediated_kinds; /* SimKind: what a guest with a mediated vPMU counts */
} SimThread;

struct SimPmu {
    SimPmuOptions options;
    PmuKernel kernel;
    GPtrArray *events;  /* SimEvent, owned */
    GPtrArray *threads; /* SimThread, owned */
    GPtrArray *cpus;    /* SimContext, owned, by number */
    unsigned n_fds;
    int next_fd;
    uint64_t next_id;
    unsigned n_including_guest; /* core events that do not exclude the guest */
    unsigned n_mediated_guests;
    bool overfull;
};

SimThread *sim_thread(const SimPmu *sim, pid_t tid); /* NULL: there never was one */
SimContext *sim_cpu(SimPmu *sim, int cpu);

/* Kept by the kernel itself, in any mode: software events, tracepoints. */
bool sim_is_software(const struct perf_event_attr *attr);
SimKind sim_kind(const struct perf_event_attr *attr);
SimKind sim_kind_of_name(const char *name);

/* Makes an event, in the group of `leader` or alone. It is enabled unless attr.disabled. */
SimEvent *sim_event_new(SimPmu *sim, const struct perf_event_attr *attr, pid_t tid, int cpu,
                        SimEvent *leader);
void sim_event_remove(SimPmu *sim, SimEvent *event);
void sim_event_enable(SimEvent *event, bool enable);
SimEvent *sim_event_by_fd(const SimPmu *sim, int fd);

/* True when so many of each kind fit into empty counters. */
bool sim_fits(const PmuCapacity *capacity, const unsigned used[SIM_KINDS]);

/* The four system calls (sim_calls.c). */
PmuKernel sim_calls(SimPmu *sim);
