/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/ledger.h"

#include <math.h>

#include "common/base/text.h"

static void
guest_sum_free(void *data)
{
    GuestSum *guest = data;

    g_free(guest->name);
    g_array_unref(guest->vcpus);
    culprits_free(guest->culprits);
    culprits_free(guest->corun);
    g_free(guest);
}

static GuestSum *
guest_sum_new(const Ledger *ledger, char *name)
{
    GuestSum *guest = g_new0(GuestSum, 1);

    guest->name = name;
    guest->vcpus = g_array_new(FALSE, FALSE, sizeof(VcpuSum));
    guest->culprits = culprits_new(ledger->max_named);
    guest->corun = culprits_new(ledger->max_named);
    for (int source = 0; source < LEDGER_SOURCES; source++)
        for (int event = 0; event < VIEW_EVENTS; event++)
            guest->counts[source].counts[event] = NAN;
    guest->exits = NAN;
    guest->throttled_ns = guest->io_stalled_us = ABSENT_U64;
    return guest;
}

Ledger *
ledger_new(unsigned max_named)
{
    Ledger *ledger = g_new0(Ledger, 1);

    ledger->max_named = max_named;
    ledger->guests = g_ptr_array_new_with_free_func(guest_sum_free);
    ledger->ksmd_run_seconds = NAN;
    return ledger;
}

void
ledger_free(Ledger *ledger)
{
    if (!ledger)
        return;

    g_ptr_array_unref(ledger->guests);
    node_view_free(ledger->view);
    g_free(ledger);
}

/* Where the name is, or where it belongs. */
static guint
place_of(const Ledger *ledger, const char *name)
{
    guint low = 0, high = ledger->guests->len;

    while (low < high) {
        guint middle = (low + high) / 2;

        if (g_strcmp0(((GuestSum *) ledger->guests->pdata[middle])->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static GuestSum *
find_guest(Ledger *ledger, const char *name)
{
    g_autofree char *printable = text_printable(name, LEDGER_NAME_BYTES);
    guint place = place_of(ledger, printable);
    GuestSum *guest = place < ledger->guests->len ? ledger->guests->pdata[place] : NULL;

    if (guest && g_str_equal(guest->name, printable))
        return guest;
    guest = guest_sum_new(ledger, g_steal_pointer(&printable));
    g_ptr_array_insert(ledger->guests, place, guest);
    return guest;
}

static VcpuSum *
find_vcpu(GuestSum *guest, unsigned number)
{
    VcpuSum new_vcpu = { .vcpu = number };
    guint place = 0;

    while (place < guest->vcpus->len && g_array_index(guest->vcpus, VcpuSum, place).vcpu < number)
        place++;
    if (place == guest->vcpus->len || g_array_index(guest->vcpus, VcpuSum, place).vcpu != number)
        g_array_insert_val(guest->vcpus, place, new_vcpu);
    return &g_array_index(guest->vcpus, VcpuSum, place);
}

static void
climb(Climb *climb, uint64_t now)
{
    if (now == ABSENT_U64)
        return;
    if (climb->known)
        climb->sum += now < climb->last ? now : now - climb->last;
    climb->known = true;
    climb->last = now;
}

static void
add_known(uint64_t *sum, uint64_t growth)
{
    if (growth != ABSENT_U64)
        *sum = (*sum == ABSENT_U64 ? 0 : *sum) + growth;
}

static void
add_double(double *sum, double growth)
{
    if (!isnan(growth))
        *sum = (isnan(*sum) ? 0 : *sum) + growth;
}

static void
add_counts(GuestSum *guest, const GuestView *view)
{
    CountSum *sum = view->source == COUNTER_SOURCE_HARDWARE   ? &guest->counts[LEDGER_HARDWARE]
                    : view->source == COUNTER_SOURCE_EMULATED ? &guest->counts[LEDGER_EMULATED]
                                                              : NULL;

    if (!sum)
        return;
    sum->known = true;
    sum->enabled_ns += view->enabled_ns;
    sum->running_ns += view->running_ns;
    for (int event = 0; event < VIEW_EVENTS; event++)
        add_double(&sum->counts[event], view->counts[event]);
}

static void
add_guest(GuestSum *guest, const GuestView *view, const NodeView *node)
{
    guest->view = view;
    guest->gone_seconds = 0;
    for (guint i = 0; i < view->vcpus->len; i++) {
        const VcpuView *seen = &g_array_index(view->vcpus, VcpuView, i);
        VcpuSum *vcpu = find_vcpu(guest, seen->vcpu);

        vcpu->present = true;
        vcpu->run_ns += seen->run_ns;
        vcpu->delay_ns += seen->wait_ns;
    }
    if (node->has_blame) {
        guest->has_blame = true;
        culprits_take(guest->culprits, view->causes, node->seconds);
    }
    add_counts(guest, view);
    add_double(&guest->exits, view->exits);
    add_known(&guest->throttled_ns, view->throttled_ns);
    add_known(&guest->io_stalled_us, view->io_stalled_us);
    climb(&guest->memory_stalled_us, view->cgroup.memory_some_us);
    if (view->has_resctrl)
        climb(&guest->bandwidth_bytes, view->resctrl.bandwidth_bytes);
}

/* The other guests that shared cores with this one, as if they were causes. */
static void
add_pairs(Ledger *ledger, GuestSum *guest)
{
    g_autoptr(GPtrArray) others = NULL;

    if (ledger->view->pairs->len == 0)
        return;
    ledger->has_pairs = true;
    others = g_ptr_array_new_with_free_func((GDestroyNotify) cause_view_free);
    for (guint i = 0; i < ledger->view->pairs->len; i++) {
        const PairView *pair = ledger->view->pairs->pdata[i];
        bool first = g_str_equal(pair->guest, guest->view->name);

        /* Two vCPUs of one guest on one core are no pair of guests. */
        if (first != g_str_equal(pair->other, guest->view->name))
            g_ptr_array_add(others, cause_view_new(BLAME_GUEST, first ? pair->other : pair->guest,
                                                   pair->run_ns));
    }
    culprits_take(guest->corun, others, ledger->view->seconds);
}

static void
leave(Ledger *ledger)
{
    for (guint i = 0; i < ledger->guests->len; i++) {
        GuestSum *guest = ledger->guests->pdata[i];

        guest->view = NULL;
        for (guint k = 0; k < guest->vcpus->len; k++)
            g_array_index(guest->vcpus, VcpuSum, k).present = false;
    }
}

static GuestSum *
longest_gone(const Ledger *ledger)
{
    GuestSum *found = NULL;

    for (guint i = 0; i < ledger->guests->len; i++) {
        GuestSum *guest = ledger->guests->pdata[i];

        if (!guest->view && (!found || guest->gone_seconds > found->gone_seconds))
            found = guest;
    }
    return found;
}

static void
forget(Ledger *ledger, double seconds)
{
    GuestSum *guest;
    guint n_gone = 0;

    for (guint i = 0; i < ledger->guests->len; i++) {
        guest = ledger->guests->pdata[i];
        if (guest->view)
            continue;
        guest->gone_seconds += seconds;
        n_gone++;
    }
    for (; n_gone > 0; n_gone--) {
        guest = longest_gone(ledger);
        if (n_gone <= LEDGER_KEEP_GUESTS && guest->gone_seconds <= LEDGER_KEEP_SECONDS)
            return;
        g_ptr_array_remove(ledger->guests, guest);
    }
}

void
ledger_take(Ledger *ledger, NodeView *view)
{
    leave(ledger);
    node_view_free(ledger->view);
    ledger->view = view;
    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *guest = view->guests->pdata[i];

        add_guest(find_guest(ledger, guest->name), guest, view);
    }
    for (guint i = 0; i < ledger->guests->len; i++)
        if (((GuestSum *) ledger->guests->pdata[i])->view)
            add_pairs(ledger, ledger->guests->pdata[i]);
    if (view->seconds > 0)
        add_double(&ledger->ksmd_run_seconds, view->ksmd_ratio * view->seconds);
    forget(ledger, view->seconds);
}
