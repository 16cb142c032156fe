/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/guest_watch.h"

#include <math.h>

#include "hostctl/collect/exit_count.h"

typedef struct {
    QemuThread thread;
    SchedFile file;
    SchedReading last;
    Counters *counters; /* NULL: does not count */
    CounterReading counted;
    bool has_counted;
} VcpuWatch;

struct GuestWatch {
    const Sysroot *root;
    char *name, *uuid;
    pid_t pid;
    uint64_t start_ticks;
    bool tcg;
    uint64_t memory_kib;
    GArray *vcpus; /* VcpuWatch */
    EmulatedPage *page;
    KeptNumber rss_kib, merged_pages, exits;
    Cgroup *cgroup;
    uint64_t last_rss_kib, last_merged_pages, last_exits;
    CgroupStats last_cgroup;
};

static void
clear_vcpu(void *data)
{
    VcpuWatch *vcpu = data;

    sched_close(&vcpu->file);
    g_clear_pointer(&vcpu->counters, counters_close);
}

/*
 * Hardware events of a translated guest's thread would count QEMU's work, so such a guest has its
 * page or nothing.
 */
static Counters *
open_counters(GuestWatch *watch, const QemuThread *thread)
{
    CounterTarget target = {
        .pmu = { .tid = thread->tid, .cpu = -1 },
        .mode = PMU_MODE_GUEST,
        .page = watch->page,
        .vcpu = thread->vcpu,
    };

    if (watch->tcg && !watch->page)
        return NULL;
    return counters_open(watch->tcg ? COUNTER_SOURCE_EMULATED : COUNTER_SOURCE_HARDWARE, &target,
                         view_event_names, NULL);
}

static bool
add_vcpu(GuestWatch *watch, const QemuThread *thread, const GuestWatchOptions *options)
{
    VcpuWatch vcpu = { .thread = *thread, .file = SCHED_FILE_CLOSED };

    if (!sched_open(watch->root, thread, &vcpu.file, NULL))
        return false;
    if (sched_read(&vcpu.file, &vcpu.last) != SCHED_READ) {
        sched_close(&vcpu.file);
        return false;
    }
    if (options->counters && (vcpu.counters = open_counters(watch, thread)))
        vcpu.has_counted = counters_read(vcpu.counters, &vcpu.counted, NULL);
    g_array_append_val(watch->vcpus, vcpu);
    return true;
}

void
guest_watch_refresh(GuestWatch *watch)
{
    CgroupStats stats;

    kept_number_read(&watch->rss_kib, &watch->last_rss_kib);
    kept_number_read(&watch->merged_pages, &watch->last_merged_pages);
    cgroup_read_all(watch->cgroup, &stats);
}

/* All that is read at each call is opened once. */
static void
open_files(GuestWatch *watch)
{
    watch->rss_kib = watch->merged_pages = watch->exits = KEPT_NUMBER_CLOSED;
    memory_open_rss(watch->root, watch->pid, &watch->rss_kib);
    ksm_open_process(watch->root, watch->pid, &watch->merged_pages);
    exit_count_open(watch->root, watch->pid, &watch->exits);
    watch->cgroup = cgroup_open(watch->root, watch->pid);

    cgroup_read(watch->cgroup, &watch->last_cgroup);
    watch->last_exits = watch->last_rss_kib = watch->last_merged_pages = ABSENT_U64;
    kept_number_read(&watch->exits, &watch->last_exits);
    guest_watch_refresh(watch);
}

static void
close_files(GuestWatch *watch)
{
    kept_number_close(&watch->rss_kib);
    kept_number_close(&watch->merged_pages);
    kept_number_close(&watch->exits);
    cgroup_close(watch->cgroup);
}

GuestWatch *
guest_watch_new(const Sysroot *root, const QemuProcess *process, const GuestWatchOptions *options)
{
    GuestWatch *watch = g_new0(GuestWatch, 1);

    watch->root = root;
    watch->name = g_strdup(process->guest);
    watch->uuid = g_strdup(process->uuid);
    watch->pid = process->pid;
    watch->start_ticks = process->start_ticks;
    watch->tcg = process->tcg;
    watch->memory_kib = process->memory_kib;
    watch->vcpus = g_array_new(FALSE, FALSE, sizeof(VcpuWatch));
    g_array_set_clear_func(watch->vcpus, clear_vcpu);
    if (options->counters && process->counter_page)
        watch->page = emulated_open(process->counter_page, NULL);
    open_files(watch);

    for (guint i = 0; i < process->vcpus->len; i++)
        if (!add_vcpu(watch, &g_array_index(process->vcpus, QemuThread, i), options)) {
            guest_watch_free(watch);
            return NULL;
        }
    return watch;
}

void
guest_watch_free(GuestWatch *watch)
{
    if (!watch)
        return;

    g_array_unref(watch->vcpus);
    emulated_close(watch->page);
    close_files(watch);
    g_free(watch->name);
    g_free(watch->uuid);
    g_free(watch);
}

bool
guest_watch_is(const GuestWatch *watch, const QemuProcess *process)
{
    if (watch->pid != process->pid || watch->start_ticks != process->start_ticks ||
        watch->vcpus->len != process->vcpus->len)
        return false;
    for (guint i = 0; i < process->vcpus->len; i++) {
        const QemuThread *ours = &g_array_index(watch->vcpus, VcpuWatch, i).thread;
        const QemuThread *now = &g_array_index(process->vcpus, QemuThread, i);

        if (ours->tid != now->tid || ours->start_ticks != now->start_ticks)
            return false;
    }
    return true;
}

static void
add_count(double *sum, uint64_t now, uint64_t before)
{
    if (now == COUNTER_NOT_COUNTED || before == COUNTER_NOT_COUNTED || now < before)
        return;
    *sum = (isnan(*sum) ? 0 : *sum) + (now - before);
}

static void
take_counters(VcpuWatch *vcpu, GuestView *view, VcpuView *vcpu_view)
{
    CounterReading reading;

    if (!vcpu->counters || !counters_read(vcpu->counters, &reading, NULL))
        return;
    view->source = counters_source(vcpu->counters);
    if (vcpu->has_counted && !reading.restarted) {
        view->enabled_ns += reading.enabled_ns - vcpu->counted.enabled_ns;
        view->running_ns += reading.running_ns - vcpu->counted.running_ns;
    }
    /* A group that did not run in the interval counted nothing: 0 is not data. */
    if (vcpu->has_counted && !reading.restarted && reading.running_ns > vcpu->counted.running_ns)
        for (int event = 0; event < VIEW_EVENTS; event++)
            add_count(&view->counts[event], reading.values[event], vcpu->counted.values[event]);
    vcpu->counted = reading;
    vcpu->has_counted = true;

    vcpu_view->counted = true;
    vcpu_view->enabled_ns = reading.enabled_ns;
    vcpu_view->running_ns = reading.running_ns;
    for (int event = 0; event < VIEW_EVENTS; event++)
        vcpu_view->counts[event] = reading.values[event];
}

static bool
take_vcpu(VcpuWatch *vcpu, GuestView *view)
{
    VcpuView vcpu_view = { .vcpu = vcpu->thread.vcpu };

    if (sched_read(&vcpu->file, &vcpu_view.total) != SCHED_READ)
        return false;
    vcpu_view.run_ns = vcpu_view.total.run_ns - vcpu->last.run_ns;
    vcpu_view.wait_ns = vcpu_view.total.delay_ns - vcpu->last.delay_ns;
    vcpu->last = vcpu_view.total;
    take_counters(vcpu, view, &vcpu_view);
    view->run_ns += vcpu_view.run_ns;
    view->wait_ns += vcpu_view.wait_ns;
    g_array_append_val(view->vcpus, vcpu_view);
    return true;
}

static uint64_t
growth(uint64_t now, uint64_t before)
{
    return now == ABSENT_U64 || before == ABSENT_U64 || now < before ? ABSENT_U64 : now - before;
}

static void
take_process(GuestWatch *watch, bool with_resctrl, GuestView *view)
{
    uint64_t exits = ABSENT_U64, grown;

    view->rss_kib = watch->last_rss_kib;
    view->merged_pages = watch->last_merged_pages;
    kept_number_read(&watch->exits, &exits);
    grown = growth(exits, watch->last_exits);
    if (grown != ABSENT_U64)
        view->exits = grown;
    watch->last_exits = exits;

    cgroup_read(watch->cgroup, &view->cgroup);
    view->throttled_ns = growth(view->cgroup.throttled_ns, watch->last_cgroup.throttled_ns);
    view->io_stalled_us = growth(view->cgroup.io_some_us, watch->last_cgroup.io_some_us);
    watch->last_cgroup = view->cgroup;
    for (guint i = 0; with_resctrl && i < watch->vcpus->len && !view->has_resctrl; i++)
        view->has_resctrl = resctrl_read(
            watch->root, g_array_index(watch->vcpus, VcpuWatch, i).thread.tid, &view->resctrl);
}

bool
guest_watch_take(GuestWatch *watch, bool with_resctrl, GuestView *view)
{
    for (guint i = 0; i < watch->vcpus->len; i++)
        if (!take_vcpu(&g_array_index(watch->vcpus, VcpuWatch, i), view))
            return false;

    view->name = g_strdup(watch->name);
    view->uuid = g_strdup(watch->uuid);
    view->pid = watch->pid;
    view->tcg = watch->tcg;
    view->memory_kib = watch->memory_kib;
    take_process(watch, with_resctrl, view);
    return true;
}
