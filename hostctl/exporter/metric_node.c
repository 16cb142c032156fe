/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stddef.h>
#include <unistd.h>

#include "hostctl/exporter/metric_list.h"

static double
known(uint64_t value, double scale)
{
    return value == ABSENT_U64 ? NAN : value * scale;
}

static void
cpus(MetricText *text, const NodeView *view)
{
    metric_family(text, "insideout_node_cpu_busy_ratio", METRIC_GAUGE,
                  "Share of the last interval that this CPU was busy.");
    for (guint i = 0; i < view->cpus->len; i++) {
        const CpuView *cpu = &g_array_index(view->cpus, CpuView, i);
        g_autofree char *number = g_strdup_printf("%u", cpu->cpu);

        metric_sample(text, (const MetricLabel[]){ { "cpu", number }, { NULL } }, cpu->busy_ratio);
    }
}

static void
memory(MetricText *text, const NodeView *view)
{
    const MemoryStats *stats = &view->memory;

    if (stats->total_kib == 0)
        return;
    metric_simple(text, "insideout_node_memory_bytes", METRIC_GAUGE, "Memory of the node.",
                  known(stats->total_kib, 1024));
    metric_simple(text, "insideout_node_memory_available_bytes", METRIC_GAUGE,
                  "What can be taken without swapping.", known(stats->available_kib, 1024));
    metric_simple(text, "insideout_node_memory_given_bytes", METRIC_GAUGE,
                  "Memory given to all guests.", known(view->memory_given_kib, 1024));
    metric_simple(text, "insideout_node_swap_used_bytes", METRIC_GAUGE, "Swap in use.",
                  known(stats->swap_used_kib, 1024));
}

static const struct {
    const char *resource, *kind;
    size_t offset;
} pressures[] = {
    { "cpu", "some", offsetof(PressureStats, cpu_some_us) },
    { "memory", "some", offsetof(PressureStats, memory_some_us) },
    { "memory", "full", offsetof(PressureStats, memory_full_us) },
    { "io", "some", offsetof(PressureStats, io_some_us) },
    { "io", "full", offsetof(PressureStats, io_full_us) },
};

static void
pressure(MetricText *text, const NodeView *view)
{
    if (!view->has_pressure)
        return;
    metric_family(text, "insideout_node_pressure_seconds_total", METRIC_COUNTER,
                  "The kernel's pressure stall information, since boot.");
    for (size_t i = 0; i < G_N_ELEMENTS(pressures); i++) {
        const MetricLabel labels[] = { { "resource", pressures[i].resource },
                                       { "kind", pressures[i].kind },
                                       { NULL } };
        uint64_t us = *(const uint64_t *) ((const char *) &view->pressure + pressures[i].offset);

        if (us != ABSENT_U64)
            metric_sample_ns(text, labels, us * 1000);
    }
}

static void
sharing(MetricText *text, const NodeView *view)
{
    const KsmStats *ksm = &view->ksm;
    double page = sysconf(_SC_PAGESIZE);

    if (!view->has_ksm)
        return;
    metric_simple(text, "insideout_ksm_running", METRIC_GAUGE,
                  "Page sharing: 0 off, 1 on, 2 unmerging.", known(ksm->run, 1));
    metric_simple(text, "insideout_ksm_shared_bytes", METRIC_GAUGE, "Kept copies of shared pages.",
                  known(ksm->pages_shared, page));
    metric_simple(text, "insideout_ksm_sharing_bytes", METRIC_GAUGE, "Saved by sharing pages.",
                  known(ksm->pages_sharing, page));
    metric_simple(text, "insideout_ksm_unshared_bytes", METRIC_GAUGE,
                  "Unique pages that are scanned again and again.",
                  known(ksm->pages_unshared, page));
    metric_simple(text, "insideout_ksm_volatile_bytes", METRIC_GAUGE,
                  "Pages that change too fast to be merged.", known(ksm->pages_volatile, page));
    metric_simple(text, "insideout_ksm_full_scans_total", METRIC_COUNTER, "Full scans since boot.",
                  known(ksm->full_scans, 1));
}

void
metric_list_node(MetricText *text, const Ledger *ledger)
{
    const NodeView *view = ledger->view;

    if (!view)
        return;
    metric_simple(text, "insideout_domains", METRIC_GAUGE, "Guests that run now.",
                  view->guests->len);
    metric_simple(text, "insideout_node_cpus", METRIC_GAUGE, "Logical CPUs.", view->n_cpus);
    metric_simple(text, "insideout_node_vcpus", METRIC_GAUGE, "vCPUs of all guests.",
                  view->n_vcpus);
    cpus(text, view);
    memory(text, view);
    pressure(text, view);
    sharing(text, view);
    metric_simple(text, "insideout_ksmd_run_seconds_total", METRIC_COUNTER, "CPU time of ksmd.",
                  ledger->ksmd_run_seconds);
}
