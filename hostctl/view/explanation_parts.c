/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "hostctl/collect/neighbour.h"
#include "hostctl/view/explanation_private.h"

/* A neighbour that ran less than this part of a CPU hurts nobody. */
#define BUSY_RATIO 0.05
/* A cause of a smaller part of the wait is not worth doing something about. */
#define ADVICE_SHARE 0.1

static void
neighbour_free(void *data)
{
    NeighbourView *neighbour = data;

    g_free(neighbour->name);
    g_free(neighbour->shares);
    g_free(neighbour);
}

static void
add_neighbour(GPtrArray *neighbours, const char *name, Neighbour shares, double run_ratio)
{
    NeighbourView *neighbour;

    if (!(run_ratio >= BUSY_RATIO))
        return;
    neighbour = g_new0(NeighbourView, 1);
    neighbour->name = g_strdup(name);
    neighbour->shares = g_strdup(neighbour_name(shares));
    neighbour->run_ratio = run_ratio;
    g_ptr_array_add(neighbours, neighbour);
}

/* Guests that really ran at the same time on the other thread of a core. */
static void
add_siblings(GPtrArray *neighbours, const NodeView *view, const GuestView *guest, double seconds)
{
    for (guint i = 0; i < view->pairs->len; i++) {
        const PairView *pair = view->pairs->pdata[i];
        bool first = g_str_equal(pair->guest, guest->name);

        if (first == g_str_equal(pair->other, guest->name))
            continue;
        add_neighbour(neighbours, first ? pair->other : pair->guest, NEIGHBOUR_SIBLING,
                      pair->run_ns / (seconds * 1e9));
    }
}

/* Guests that are kept to other CPUs, but behind the same cache. */
static void
add_cache_sharers(GPtrArray *neighbours, const Sysroot *root, const NodeView *view,
                  const GuestView *guest, double seconds)
{
    cpu_set_t ours, theirs;

    if (!neighbour_allowed_cpus(root, guest->pid, guest->pid, &ours))
        return;
    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *other = view->guests->pdata[i];

        if (other != guest && neighbour_allowed_cpus(root, other->pid, other->pid, &theirs) &&
            neighbour_between(root, &ours, &theirs) == NEIGHBOUR_CACHE)
            add_neighbour(neighbours, other->name, NEIGHBOUR_CACHE,
                          other->run_ns / (seconds * 1e9));
    }
}

static int
compare_neighbours(const void *a, const void *b)
{
    const NeighbourView *left = *(NeighbourView *const *) a, *right = *(NeighbourView *const *) b;

    return left->run_ratio < right->run_ratio ? 1 : left->run_ratio > right->run_ratio ? -1 : 0;
}

GPtrArray *
explanation_neighbours(const Sysroot *root, const NodeView *view, const GuestView *guest,
                       double seconds)
{
    GPtrArray *neighbours = g_ptr_array_new_with_free_func(neighbour_free);

    if (!view)
        return neighbours;
    add_siblings(neighbours, view, guest, seconds);
    add_cache_sharers(neighbours, root, view, guest, seconds);
    if (neighbours->len > 0)
        qsort(neighbours->pdata, neighbours->len, sizeof neighbours->pdata[0], compare_neighbours);
    return neighbours;
}

/* Host tasks that have a remedy of their own; all others get the general one. */
static const struct {
    const char *task;
    const char *advice;
} host_advice[] = {
    { "ksmd", "ksmd merges pages on its CPUs: lower pages_to_scan or raise sleep_millisecs (hostctl"
              " ksm show), or keep guests away from its CPU." },
    { "kswapd",
      "The host is short of memory and reclaims: give less memory to guests, or add some." },
    { "kcompactd", "The host compacts memory for huge pages: reserve them at boot, or set"
                   " defrag to madvise." },
    { "khugepaged", "khugepaged joins pages on its CPUs: raise its scan_sleep_millisecs." },
    { "ksoftirqd", "Interrupts keep the CPU busy: move network and disk interrupts to housekeeping"
                   " CPUs (irqbalance, /proc/irq)." },
};

static char *
advise_host(const CauseView *cause)
{
    g_autofree char *name = text_printable(cause->name, 32);

    for (size_t i = 0; i < G_N_ELEMENTS(host_advice); i++)
        if (g_str_has_prefix(cause->name, host_advice[i].task))
            return g_strdup(host_advice[i].advice);
    return g_strdup_printf("%s runs on the guests' CPUs: keep host tasks on housekeeping CPUs"
                           " (AllowedCPUs= in its slice, taskset, isolcpus).",
                           name);
}

static char *
advise(const GuestView *guest, const CauseView *cause)
{
    g_autofree char *name = text_printable(cause->name, 64);
    g_autofree char *own = text_printable(guest->name, 64);

    switch (cause->kind) {
    case BLAME_GUEST:
        return g_strdup_printf("%s and %s fight for the same CPUs: pin one of them elsewhere (virsh"
                               " vcpupin), migrate one, or give %s fewer shares or a quota.",
                               own, name, name);
    case BLAME_HOST:
        return advise_host(cause);
    case BLAME_SELF:
        return g_strdup_printf("%s is in its own way: keep its emulator and I/O threads off its"
                               " vCPUs' CPUs (virsh emulatorpin, iothreadpin), or give it as many"
                               " CPUs as vCPUs.",
                               own);
    case BLAME_QUOTA:
        return g_strdup_printf("%s uses up its quota: raise it (virsh schedinfo %s --set"
                               " vcpu_quota=…), or lower its load.",
                               own, own);
    case BLAME_WAKEUP:
        return g_strdup(
            "Its CPUs sleep too deeply: a governor for latency, a limit for C-states, or"
            " a longer halt_poll_ns.");
    default:
        return NULL;
    }
}

GPtrArray *
explanation_advice(const GuestView *guest)
{
    GPtrArray *advice = g_ptr_array_new_with_free_func(g_free);

    if (!(guest_view_wait_ratio(guest) >= WAIT_RATIO_LOW))
        return advice;
    for (guint i = 0; i < guest->causes->len; i++) {
        const CauseView *cause = guest->causes->pdata[i];
        char *line = explanation_share(guest, cause) >= ADVICE_SHARE ? advise(guest, cause) : NULL;

        if (line)
            g_ptr_array_add(advice, line);
    }
    return advice;
}
