/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/node_view.h"

#include <math.h>

/* Below this many cycles in an interval a ratio says more about wake-ups than about the load. */
#define MIN_CYCLES 1e6
/* A guest that wants less than this share of one CPU is idle: its ratios mean little. */
#define IDLE_RATIO 0.005
/* More take one allocation more. */
#define USUAL_VCPUS 4

const char *const view_event_names[VIEW_EVENTS + 1] = { "cycles",        "instructions", "branches",
                                                        "branch-misses", "cache-misses", NULL };

static const char *const verdict_names[] = {
    [VERDICT_UNKNOWN] = "unknown",     [VERDICT_OK] = "ok",
    [VERDICT_IDLE] = "idle",           [VERDICT_WAITS] = "waits",
    [VERDICT_CONTENDED] = "contended", [VERDICT_THROTTLED] = "throttled",
};

const char *
verdict_name(Verdict verdict)
{
    return verdict_names[verdict];
}

CauseView *
cause_view_new(BlameKind kind, const char *name, uint64_t wait_ns)
{
    CauseView *cause = g_new0(CauseView, 1);

    cause->kind = kind;
    cause->name = g_strdup(name);
    cause->wait_ns = wait_ns;
    return cause;
}

void
cause_view_free(CauseView *cause)
{
    if (!cause)
        return;

    g_free(cause->name);
    g_free(cause);
}

GuestView *
guest_view_new(void)
{
    GuestView *guest = g_new0(GuestView, 1);

    guest->vcpus = g_array_sized_new(FALSE, FALSE, sizeof(VcpuView), USUAL_VCPUS);
    guest->causes = g_ptr_array_new_with_free_func((GDestroyNotify) cause_view_free);
    for (int event = 0; event < VIEW_EVENTS; event++)
        guest->counts[event] = NAN;
    guest->exits = NAN;
    guest->memory_kib = guest->balloon_kib = guest->rss_kib = guest->merged_pages = ABSENT_U64;
    guest->throttled_ns = guest->io_stalled_us = ABSENT_U64;
    guest->cgroup = (CgroupStats){ ABSENT_U64, ABSENT_U64, ABSENT_U64, ABSENT_U64 };
    return guest;
}

void
guest_view_free(GuestView *guest)
{
    if (!guest)
        return;

    g_free(guest->name);
    g_free(guest->uuid);
    g_free(guest->title);
    g_array_unref(guest->vcpus);
    g_ptr_array_unref(guest->causes);
    g_free(guest);
}

void
guest_view_add_cause(GuestView *guest, BlameKind kind, const char *name, uint64_t wait_ns)
{
    for (guint i = 0; i < guest->causes->len; i++) {
        CauseView *known = guest->causes->pdata[i];

        if (known->kind == kind && g_str_equal(known->name, name)) {
            known->wait_ns += wait_ns;
            return;
        }
    }
    g_ptr_array_add(guest->causes, cause_view_new(kind, name, wait_ns));
}

static void
pair_view_free(void *data)
{
    PairView *pair = data;

    g_free(pair->guest);
    g_free(pair->other);
    g_free(pair);
}

NodeView *
node_view_new(void)
{
    NodeView *view = g_new0(NodeView, 1);

    view->guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_view_free);
    view->pairs = g_ptr_array_new_with_free_func(pair_view_free);
    view->cpus = g_array_new(FALSE, FALSE, sizeof(CpuView));
    view->ksmd_ratio = NAN;
    return view;
}

void
node_view_free(NodeView *view)
{
    if (!view)
        return;

    g_ptr_array_unref(view->guests);
    g_ptr_array_unref(view->pairs);
    g_array_unref(view->cpus);
    g_free(view->no_blame);
    g_free(view);
}

double
guest_view_wait_ratio(const GuestView *guest)
{
    uint64_t wanted_ns = guest->run_ns + guest->wait_ns;

    return wanted_ns ? (double) guest->wait_ns / wanted_ns : NAN;
}

double
guest_view_ratio(const GuestView *guest, ViewEvent a, ViewEvent b)
{
    double cycles = guest->counts[VIEW_CYCLES];

    if (!(cycles >= MIN_CYCLES) || !(guest->counts[b] > 0))
        return NAN;
    return guest->counts[a] / guest->counts[b];
}

const CauseView *
guest_view_worst(const GuestView *guest)
{
    return guest->causes->len > 0 ? guest->causes->pdata[0] : NULL;
}

static int
compare_causes(const void *a, const void *b)
{
    const CauseView *left = *(CauseView *const *) a, *right = *(CauseView *const *) b;

    if (left->wait_ns != right->wait_ns)
        return left->wait_ns > right->wait_ns ? -1 : 1;
    return g_strcmp0(left->name, right->name);
}

static Verdict
judge(const GuestView *guest, double seconds)
{
    const CauseView *worst = guest_view_worst(guest);
    double wanted_ns = guest->run_ns + guest->wait_ns;
    double ratio = guest_view_wait_ratio(guest);

    if (wanted_ns < IDLE_RATIO * seconds * 1e9)
        return VERDICT_IDLE;
    if (ratio < WAIT_RATIO_LOW)
        return VERDICT_OK;
    if (ratio < WAIT_RATIO_HIGH)
        return VERDICT_WAITS;
    return worst && worst->kind == BLAME_QUOTA ? VERDICT_THROTTLED : VERDICT_CONTENDED;
}

void
guest_view_finish(GuestView *guest, double seconds)
{
    if (guest->causes->len > 0)
        qsort(guest->causes->pdata, guest->causes->len, sizeof guest->causes->pdata[0],
              compare_causes);
    guest->verdict = seconds > 0 ? judge(guest, seconds) : VERDICT_UNKNOWN;
}

double
node_view_cpu_ratio(const NodeView *view)
{
    return view->n_cpus ? (double) view->n_vcpus / view->n_cpus : NAN;
}

double
node_view_memory_ratio(const NodeView *view)
{
    return view->memory.total_kib ? (double) view->memory_given_kib / view->memory.total_kib : NAN;
}

const GuestView *
node_view_find(const NodeView *view, const char *name)
{
    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *guest = view->guests->pdata[i];

        if (g_str_equal(guest->name, name) ||
            (guest->uuid && g_ascii_strcasecmp(guest->uuid, name) == 0))
            return guest;
    }
    for (guint i = 0; i < view->guests->len; i++)
        if (g_strcmp0(((const GuestView *) view->guests->pdata[i])->title, name) == 0)
            return view->guests->pdata[i];
    return NULL;
}
