/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stddef.h>
#include <unistd.h>

#include "common/base/text.h"
#include "hostctl/exporter/metric_list.h"

/* A family of which each guest has samples; `which` is the writer's own. */
typedef struct {
    const char *name;
    MetricType type;
    void (*write)(MetricText *text, const GuestSum *guest, size_t which);
    size_t which;
    const char *help;
} GuestMetric;

#define OF_GUEST(guest)              \
    {                                \
        { "domain", (guest)->name }, \
        {                            \
            NULL                     \
        }                            \
    }

static const char *const source_names[LEDGER_SOURCES] = { "hardware", "emulated" };

static void
write_info(MetricText *text, const GuestSum *guest, size_t which)
{
    const GuestView *view = guest->view;
    g_autofree char *title = text_printable(view->title ? view->title : "", LEDGER_NAME_BYTES);
    g_autofree char *uuid = text_printable(view->uuid ? view->uuid : "", LEDGER_NAME_BYTES);
    const MetricLabel labels[] = { { "domain", guest->name },
                                   { "uuid", uuid },
                                   { "title", title },
                                   { "accelerator", view->tcg ? "tcg" : "kvm" },
                                   { NULL } };

    metric_sample(text, labels, 1);
}

static void
write_vcpus(MetricText *text, const GuestSum *guest, size_t which)
{
    metric_sample(text, (const MetricLabel[]) OF_GUEST(guest), guest->view->vcpus->len);
}

static void
write_vcpu_ns(MetricText *text, const GuestSum *guest, size_t offset)
{
    for (guint i = 0; i < guest->vcpus->len; i++) {
        const VcpuSum *vcpu = &g_array_index(guest->vcpus, VcpuSum, i);
        g_autofree char *number = g_strdup_printf("%u", vcpu->vcpu);
        const MetricLabel labels[] = { { "domain", guest->name }, { "vcpu", number }, { NULL } };

        if (vcpu->present)
            metric_sample_ns(text, labels, *(const uint64_t *) ((const char *) vcpu + offset));
    }
}

static void
write_culprits(MetricText *text, const GuestSum *guest, size_t which)
{
    g_autoptr(GArray) sums = guest->has_blame ? culprits_list(guest->culprits) : NULL;

    for (guint i = 0; sums && i < sums->len; i++) {
        const CulpritSum *sum = &g_array_index(sums, CulpritSum, i);
        const MetricLabel labels[] = { { "domain", guest->name },
                                       { "kind", blame_kind_name(sum->kind) },
                                       { "culprit", sum->name },
                                       { NULL } };

        metric_sample_ns(text, labels, sum->wait_ns);
    }
}

static void
write_corun(MetricText *text, const GuestSum *guest, size_t which)
{
    g_autoptr(GArray) sums = culprits_list(guest->corun);

    for (guint i = 0; i < sums->len; i++) {
        const CulpritSum *sum = &g_array_index(sums, CulpritSum, i);
        const MetricLabel labels[] = { { "domain", guest->name },
                                       { "other", sum->name },
                                       { NULL } };

        if (sum->kind == BLAME_GUEST)
            metric_sample_ns(text, labels, sum->wait_ns);
    }
}

static void
write_verdict(MetricText *text, const GuestSum *guest, size_t which)
{
    for (Verdict verdict = VERDICT_UNKNOWN; verdict <= VERDICT_THROTTLED; verdict++) {
        const MetricLabel labels[] = { { "domain", guest->name },
                                       { "verdict", verdict_name(verdict) },
                                       { NULL } };

        metric_sample(text, labels, verdict == guest->view->verdict);
    }
}

static void
write_emulated(MetricText *text, const GuestSum *guest, size_t which)
{
    CounterSource source = guest->view->source;

    if (source == COUNTER_SOURCE_HARDWARE || source == COUNTER_SOURCE_EMULATED)
        metric_sample(text, (const MetricLabel[]) OF_GUEST(guest),
                      source == COUNTER_SOURCE_EMULATED);
}

static void
write_count(MetricText *text, const GuestSum *guest, size_t event)
{
    for (int source = 0; source < LEDGER_SOURCES; source++) {
        const MetricLabel labels[] = { { "domain", guest->name },
                                       { "source", source_names[source] },
                                       { NULL } };

        if (guest->counts[source].known)
            metric_sample(text, labels, guest->counts[source].counts[event]);
    }
}

static void
write_count_ns(MetricText *text, const GuestSum *guest, size_t offset)
{
    for (int source = 0; source < LEDGER_SOURCES; source++) {
        const CountSum *sum = &guest->counts[source];
        const MetricLabel labels[] = { { "domain", guest->name },
                                       { "source", source_names[source] },
                                       { NULL } };

        if (sum->known)
            metric_sample_ns(text, labels, *(const uint64_t *) ((const char *) sum + offset));
    }
}

static void
write_exits(MetricText *text, const GuestSum *guest, size_t which)
{
    metric_sample(text, (const MetricLabel[]) OF_GUEST(guest), guest->exits);
}

static void
write_quota(MetricText *text, const GuestSum *guest, size_t which)
{
    uint64_t percent = guest->view->cgroup.quota_percent;

    if (percent != ABSENT_U64)
        metric_sample(text, (const MetricLabel[]) OF_GUEST(guest), percent / 100.0);
}

static void
write_throttled(MetricText *text, const GuestSum *guest, size_t which)
{
    if (guest->throttled_ns != ABSENT_U64)
        metric_sample_ns(text, (const MetricLabel[]) OF_GUEST(guest), guest->throttled_ns);
}

static void
write_io(MetricText *text, const GuestSum *guest, size_t which)
{
    if (guest->io_stalled_us != ABSENT_U64)
        metric_sample_ns(text, (const MetricLabel[]) OF_GUEST(guest), guest->io_stalled_us * 1000);
}

static void
write_memory_stall(MetricText *text, const GuestSum *guest, size_t which)
{
    if (guest->memory_stalled_us.known)
        metric_sample_ns(text, (const MetricLabel[]) OF_GUEST(guest),
                         guest->memory_stalled_us.sum * 1000);
}

static void
write_kib(MetricText *text, const GuestSum *guest, size_t offset)
{
    uint64_t kib = *(const uint64_t *) ((const char *) guest->view + offset);

    if (kib != ABSENT_U64)
        metric_sample(text, (const MetricLabel[]) OF_GUEST(guest), kib * 1024.0);
}

static void
write_merged(MetricText *text, const GuestSum *guest, size_t which)
{
    if (guest->view->merged_pages != ABSENT_U64)
        metric_sample(text, (const MetricLabel[]) OF_GUEST(guest),
                      guest->view->merged_pages * (double) sysconf(_SC_PAGESIZE));
}

static void
write_llc(MetricText *text, const GuestSum *guest, size_t which)
{
    if (guest->view->has_resctrl)
        metric_sample(text, (const MetricLabel[]) OF_GUEST(guest), guest->view->resctrl.llc_bytes);
}

static void
write_bandwidth(MetricText *text, const GuestSum *guest, size_t which)
{
    if (guest->bandwidth_bytes.known)
        metric_sample(text, (const MetricLabel[]) OF_GUEST(guest), guest->bandwidth_bytes.sum);
}

#define D "insideout_domain_"
static const GuestMetric metrics[] = {
    { D "info", METRIC_GAUGE, write_info, 0, "Always 1." },
    { D "vcpus", METRIC_GAUGE, write_vcpus, 0, "vCPUs that are there." },
    { D "vcpu_run_seconds_total", METRIC_COUNTER, write_vcpu_ns, offsetof(VcpuSum, run_ns),
      "On a CPU, guest and host mode." },
    { D "vcpu_delay_seconds_total", METRIC_COUNTER, write_vcpu_ns, offsetof(VcpuSum, delay_ns),
      "Runnable and not running: the kernel's run delay." },
    { D "wait_behind_seconds_total", METRIC_COUNTER, write_culprits, 0,
      "The delay of all vCPUs by what ran meanwhile." },
    { D "corun_seconds_total", METRIC_COUNTER, write_corun, 0,
      "Ran at the same time as the other guest on the two threads of a core." },
    { D "verdict", METRIC_GAUGE, write_verdict, 0,
      "1 for the verdict of the last interval, 0 for all others." },
    { D "emulated", METRIC_GAUGE, write_emulated, 0,
      "1: its counts are emulated, 0: they are the CPU's." },
    { D "perf_cycles_total", METRIC_COUNTER, write_count, VIEW_CYCLES, "Cycles in guest mode." },
    { D "perf_instructions_total", METRIC_COUNTER, write_count, VIEW_INSTRUCTIONS,
      "Instructions in guest mode." },
    { D "perf_branches_total", METRIC_COUNTER, write_count, VIEW_BRANCHES,
      "Branches in guest mode." },
    { D "perf_branch_misses_total", METRIC_COUNTER, write_count, VIEW_BRANCH_MISSES,
      "Mispredicted branches in guest mode." },
    { D "perf_cache_misses_total", METRIC_COUNTER, write_count, VIEW_CACHE_MISSES,
      "Misses of the last level cache in guest mode." },
    { D "perf_enabled_seconds_total", METRIC_COUNTER, write_count_ns,
      offsetof(CountSum, enabled_ns), "The counters were switched on, summed over vCPUs." },
    { D "perf_running_seconds_total", METRIC_COUNTER, write_count_ns,
      offsetof(CountSum, running_ns), "The counters really counted, summed over vCPUs." },
    { D "exits_total", METRIC_COUNTER, write_exits, 0, "Exits to KVM." },
    { D "cpu_quota_ratio", METRIC_GAUGE, write_quota, 0, "Its smallest CPU quota; 1 is one CPU." },
    { D "throttled_seconds_total", METRIC_COUNTER, write_throttled, 0,
      "Its groups stood still for their CPU quota." },
    { D "io_stalled_seconds_total", METRIC_COUNTER, write_io, 0,
      "At least one of its tasks waited for a disk." },
    { D "memory_stalled_seconds_total", METRIC_COUNTER, write_memory_stall, 0,
      "At least one of its tasks waited for memory." },
    { D "memory_bytes", METRIC_GAUGE, write_kib, offsetof(GuestView, memory_kib),
      "Given to the guest at its start." },
    { D "balloon_bytes", METRIC_GAUGE, write_kib, offsetof(GuestView, balloon_kib),
      "What its balloon leaves it." },
    { D "resident_bytes", METRIC_GAUGE, write_kib, offsetof(GuestView, rss_kib),
      "Resident memory of its QEMU." },
    { D "ksm_merged_bytes", METRIC_GAUGE, write_merged, 0, "Its pages that are merged." },
    { D "llc_bytes", METRIC_GAUGE, write_llc, 0, "Of the last level cache." },
    { D "memory_bandwidth_bytes_total", METRIC_COUNTER, write_bandwidth, 0, "Memory traffic." },
};

/* A family without samples is left out. */
static void
write_family(MetricText *text, const Ledger *ledger, const GuestMetric *metric)
{
    size_t before = text->out->len, head;

    metric_family(text, metric->name, metric->type, metric->help);
    head = text->out->len;
    for (guint i = 0; i < ledger->guests->len; i++)
        if (((GuestSum *) ledger->guests->pdata[i])->view)
            metric->write(text, ledger->guests->pdata[i], metric->which);
    if (text->out->len == head)
        g_string_truncate(text->out, before);
}

void
metric_list_guests(MetricText *text, const Ledger *ledger)
{
    for (size_t i = 0; i < G_N_ELEMENTS(metrics); i++)
        if (metrics[i].write != write_corun || ledger->has_pairs)
            write_family(text, ledger, &metrics[i]);
}
