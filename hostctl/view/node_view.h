/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node and its guests during one interval, as an operator sees them: plain numbers, made by
 * NodeWatch, shown by top, explain and exporter. What is not known is NAN, NULL or ABSENT_U64.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/absent.h"
#include "common/pmu/counter_source.h"
#include "hostctl/blame/blame.h"
#include "hostctl/collect/cgroup.h"
#include "hostctl/collect/ksm.h"
#include "hostctl/collect/memory.h"
#include "hostctl/collect/pressure.h"
#include "hostctl/collect/resctrl.h"
#include "hostctl/collect/sched.h"

/* The events behind the ratios, in this order. */
typedef enum {
    VIEW_CYCLES,
    VIEW_INSTRUCTIONS,
    VIEW_BRANCHES,
    VIEW_BRANCH_MISSES,
    VIEW_CACHE_MISSES,
    VIEW_EVENTS,
} ViewEvent;
extern const char *const view_event_names[VIEW_EVENTS + 1];

typedef struct {
    unsigned vcpu;
    SchedReading total;              /* since the thread began */
    uint64_t run_ns, wait_ns;        /* in this interval */
    bool counted;                    /* the counts below are there */
    uint64_t counts[VIEW_EVENTS];    /* since counting began; COUNTER_NOT_COUNTED */
    uint64_t enabled_ns, running_ns; /* since counting began */
} VcpuView;

typedef struct {
    BlameKind kind;
    char *name;
    uint64_t wait_ns; /* in this interval */
} CauseView;

typedef enum {
    VERDICT_UNKNOWN,
    VERDICT_OK,
    VERDICT_IDLE,      /* hardly wants to run */
    VERDICT_WAITS,     /* some: 2 to 5 % */
    VERDICT_CONTENDED, /* over 5 % */
    VERDICT_THROTTLED, /* over 5 %, most of it by its own quota */
} Verdict;
const char *verdict_name(Verdict verdict);

/* Run delay over this share of the time that a guest wants to run: the field's low and high. */
#define WAIT_RATIO_LOW 0.02
#define WAIT_RATIO_HIGH 0.05

typedef struct {
    char *name, *uuid;
    char *title; /* what nova, oVirt or a person calls it; NULL */
    pid_t pid;
    bool tcg;
    GArray *vcpus;     /* VcpuView */
    GPtrArray *causes; /* CauseView, the largest first; empty without blame */

    uint64_t run_ns, wait_ns;   /* of all vCPUs, in this interval */
    double counts[VIEW_EVENTS]; /* in this interval, of all vCPUs; NAN */
    CounterSource source;       /* AUTO: nothing counts */
    uint64_t enabled_ns;        /* in this interval, of the counters of all vCPUs */
    uint64_t running_ns;        /* … that they really counted */
    double exits;               /* in this interval; NAN */

    uint64_t memory_kib, balloon_kib, rss_kib, merged_pages;
    CgroupStats cgroup;     /* cumulative */
    uint64_t throttled_ns;  /* in this interval; ABSENT_U64 */
    uint64_t io_stalled_us; /* in this interval; ABSENT_U64 */
    bool has_resctrl;
    ResctrlStats resctrl; /* bandwidth cumulative */
    Verdict verdict;
} GuestView;

/* Delay over delay and run: what share of the time it wanted to run it did not; NAN when idle. */
double guest_view_wait_ratio(const GuestView *guest);
/* counts[a] / counts[b], NAN when one is missing or too little was counted to mean anything. */
double guest_view_ratio(const GuestView *guest, ViewEvent a, ViewEvent b);
/* The largest cause; NULL when there is none. */
const CauseView *guest_view_worst(const GuestView *guest);

typedef struct {
    unsigned cpu;
    double busy_ratio; /* of the interval */
} CpuView;

typedef struct {
    char *guest, *other;
    uint64_t run_ns;
} PairView;

typedef struct {
    int64_t wall_ns;   /* when the interval ended */
    double seconds;    /* how long it was */
    GPtrArray *guests; /* GuestView, by wait, the largest first */
    GArray *cpus;      /* CpuView */
    GPtrArray *pairs;  /* PairView: guests on two threads of one core, the largest first */
    unsigned n_vcpus, n_cpus;
    uint64_t memory_given_kib; /* to all guests, as far as told */
    MemoryStats memory;
    bool has_ksm, has_pressure;
    KsmStats ksm;
    double ksmd_ratio;      /* of one CPU */
    PressureStats pressure; /* cumulative */
    bool has_blame;
    char *no_blame;         /* why not, in words */
    uint64_t blame_unnamed; /* pieces of waiting that had no room, cumulative */
    unsigned unwatched;
    double take_seconds; /* what this look cost in time */
} NodeView;

/* No guests, nothing known. */
NodeView *node_view_new(void);
void node_view_free(NodeView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeView, node_view_free)

/* vCPUs of all guests per host CPU, and memory given per memory there is. */
double node_view_cpu_ratio(const NodeView *view);
double node_view_memory_ratio(const NodeView *view);

/* By name or UUID; else by title, which tenants choose. NULL when there is none. */
const GuestView *node_view_find(const NodeView *view, const char *name);

GuestView *guest_view_new(void);
void guest_view_free(GuestView *guest);
CauseView *cause_view_new(BlameKind kind, const char *name, uint64_t wait_ns);
void cause_view_free(CauseView *cause);
/* Causes of one kind and name are one. */
void guest_view_add_cause(GuestView *guest, BlameKind kind, const char *name, uint64_t wait_ns);
/* Sorts the causes and judges the guest by what is in it. */
void guest_view_finish(GuestView *guest, double seconds);
