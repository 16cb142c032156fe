/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which events may count at the same time, so that nobody is starved.
 *
 * With KVM's ordinary vPMU every counter that a guest uses is an event of the host on the vCPU's
 * thread, and it is pinned: guest events, our own of guest mode (:G), our own of host mode (:H)
 * and the NMI watchdog all want the same counters at once, because the kernel loads an event for
 * as long as its thread has a CPU, whatever the mode. A group that does not fit opens without an
 * error and never counts; a guest's event that does not fit stands still in silence. So the
 * layout is decided before anything is opened: a cycle of phases, none of which needs more
 * counters than there are.
 *
 * With a mediated vPMU the guest has the counters to itself while it runs: events of guest mode
 * are refused to everybody on the host, those of host mode compete with nobody but the watchdog.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"
#include "common/pmu/pmu_cpu.h"
#include "common/pmu/pmu_event.h"

typedef struct {
    PmuCapacity capacity;      /* of one hardware thread */
    bool watchdog;             /* the host's NMI watchdog counts cycles, before everybody */
    bool mediated;             /* the host's KVM has its mediated vPMU switched on */
    const char *const *events; /* names, NULL-terminated, 1 to EVENT_MAX, each once */
    /* Bit i stands for events[i]. */
    uint32_t guest;         /* the guest counts it itself */
    uint32_t host_of_guest; /* the host counts it in guest mode, :G */
    uint32_t host;          /* the host counts it in host mode, :H */
} BudgetRequest;

typedef enum {
    BUDGET_TOGETHER,  /* all counts all the time */
    BUDGET_TURNS,     /* the guest counts all the time; the host's two groups take turns */
    BUDGET_PAIRS,     /* the guest counts all the time; the host in pairs of events, by turns */
    BUDGET_ALTERNATE, /* guest only, host only, and a small overlap as a cross-check */
    BUDGET_HOST_ONLY, /* mediated: the host counts host mode only */
} BudgetKind;

typedef struct {
    PmuMode mode;    /* PMU_MODE_GUEST or PMU_MODE_HOST */
    uint32_t events; /* bits as in the request; opened as one group */
} BudgetGroup;

#define BUDGET_GROUP_MAX 8
#define BUDGET_TURN_WINDOWS 4
#define BUDGET_PHASE_MAX (2 * EVENT_MAX + 4)

/* What counts at the same time, for one or more windows. */
typedef struct {
    const char *name; /* "all", "turn", "pairs", "guest-only", "host-only", "overlap" */
    uint32_t guest;   /* bits the guest counts; 0: its counting is off */
    unsigned n_groups;
    BudgetGroup groups[BUDGET_GROUP_MAX];
    unsigned general; /* general counters that all of it needs, the watchdog's included */
    unsigned fixed;   /* fixed counters that it uses beside these */
} BudgetPhase;

typedef struct {
    BudgetKind kind;
    unsigned turn_windows; /* of each phase; BUDGET_TURN_WINDOWS, which a caller may change */
    unsigned n_phases;
    BudgetPhase phases[BUDGET_PHASE_MAX]; /* gone through in order, again and again */
    char reason[256];                     /* one sentence: why this layout and no better one */
} BudgetLayout;

/* "together", "turns", "pairs", "alternate", "host-only". */
const char *budget_kind_name(BudgetKind kind);

/*
 * Decides. Errors name what does not fit and what to do: no event, one that this CPU cannot
 * count, more guest events than KVM can give to a guest, a watchdog that leaves too little or
 * that a mediated vPMU does not allow. `ret_layout` is untouched on failure.
 */
bool budget_plan(const BudgetRequest *request, BudgetLayout *ret_layout, GError **error);

/*
 * The general counters needed to count this multiset of events at once: `times[i]` is how often
 * events[i] is wanted. Each kind of fixed counter takes one event off the general ones. False when
 * no number of counters would do (two ref-cycles where they have one fixed counter). `ret_fixed`
 * may be NULL.
 */
bool budget_demand(const PmuCapacity *capacity, const char *const *events, const unsigned *times,
                   unsigned *ret_general, unsigned *ret_fixed);

/* What the guest counts in a phase, "cycles,branch-misses", and what the host, "{cycles}:G
 * {cycles}:H"; NULL: nothing. Free with g_free(). */
char *budget_phase_guest_text(const BudgetPhase *phase, const char *const *events);
char *budget_phase_host_text(const BudgetPhase *phase, const char *const *events);

/*
 * One line a phase, "guest-only: guest cycles,branch-misses; 2 general, 1 fixed", without a final
 * line end: what the dataset and `run --dry-run` show. Free with g_free().
 */
char *budget_layout_text(const BudgetLayout *layout, const BudgetRequest *request);
