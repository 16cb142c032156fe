/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/record/recorded_guest.h"

#include "common/base/failure.h"
#include "hostctl/collect/memory.h"
#include "hostctl/collect/sched.h"
#include "hostctl/run/exit_rows.h"

typedef struct {
    QemuThread thread;
    SchedFile sched;
    EmulatedPage *page;
    Counters *modes[2]; /* guest, host */
    Exits *exits;       /* that watch it; NULL: none do */
    bool seen;
} RecordedVcpu;

struct RecordedGuest {
    const RecordSetup *setup;
    char *name;
    pid_t pid;
    uint64_t start_ticks;
    bool tcg;
    int64_t row_id;
    GPtrArray *vcpus; /* RecordedVcpu */
    KeptNumber rss_kib;
    GString *problem;
};

static const struct {
    const char *name;
    PmuMode pmu;
} modes[2] = { { "guest", PMU_MODE_GUEST }, { "host", PMU_MODE_HOST } };

static void
vcpu_free(void *data)
{
    RecordedVcpu *vcpu = data;

    if (vcpu->exits)
        exits_forget(vcpu->exits, vcpu->thread.tid);
    sched_close(&vcpu->sched);
    for (int mode = 0; mode < 2; mode++)
        g_clear_pointer(&vcpu->modes[mode], counters_close);
    g_clear_pointer(&vcpu->page, emulated_close);
    g_free(vcpu);
}

static void
add_problem(RecordedGuest *guest, const char *text)
{
    if (text && *text && !strstr(guest->problem->str, text))
        g_string_append_printf(guest->problem, "%s%s", guest->problem->len ? "; " : "", text);
}

/* Never pinned: the guest's own counters come first. What is refused is said, and left out. */
static void
open_counters(RecordedGuest *guest, RecordedVcpu *vcpu, const char *page_path)
{
    const RecordSetup *setup = guest->setup;
    bool emulated = setup->source == COUNTER_SOURCE_EMULATED;
    g_autoptr(GError) problem = NULL;

    if (setup->source == COUNTER_SOURCE_SOFTWARE || guest->tcg != emulated)
        return;
    if (emulated && page_path)
        vcpu->page = emulated_open(page_path, &problem);
    if (emulated && !vcpu->page) {
        add_problem(guest, problem ? problem->message : "it has no emulated counters");
        return;
    }
    for (int mode = setup->no_guest_mode ? 1 : 0; mode < (emulated ? 1 : 2); mode++) {
        const CounterTarget target = { .pmu = { .tid = vcpu->thread.tid, .cpu = -1 },
                                       .mode = modes[mode].pmu,
                                       .page = vcpu->page,
                                       .vcpu = vcpu->thread.vcpu };

        g_clear_error(&problem);
        vcpu->modes[mode] = counters_open(setup->source, &target, setup->events, &problem);
        add_problem(guest, problem ? problem->message : counters_problem(vcpu->modes[mode]));
    }
}

static bool
watch_exits(RecordedGuest *guest, RecordedVcpu *vcpu, GError **error)
{
    bool watched;

    if (!guest->setup->exits || guest->tcg)
        return true;
    if (!exits_watch(guest->setup->exits, vcpu->thread.tid, &watched, error))
        return false;
    if (watched)
        vcpu->exits = guest->setup->exits;
    else
        add_problem(guest, "more vCPUs run than can be watched for VM exits");
    return true;
}

static bool
add_vcpu(RecordedGuest *guest, const QemuProcess *process, const QemuThread *thread, GError **error)
{
    RecordedVcpu *vcpu = g_new0(RecordedVcpu, 1);
    g_autoptr(GError) problem = NULL;

    vcpu->thread = *thread;
    vcpu->sched = SCHED_FILE_CLOSED;
    vcpu->seen = true;
    if (!sched_open(guest->setup->root, thread, &vcpu->sched, &problem)) {
        uint64_t ticks;
        bool ended =
            !thread_start_ticks(guest->setup->root, thread->pid, thread->tid, &ticks, NULL);

        vcpu_free(vcpu);
        if (!ended)
            g_propagate_prefixed_error(error, g_steal_pointer(&problem), "%s: ", guest->name);
        return ended;
    }
    open_counters(guest, vcpu, process->counter_page);
    g_ptr_array_add(guest->vcpus, vcpu);
    return watch_exits(guest, vcpu, error);
}

static RecordedVcpu *
find_vcpu(const RecordedGuest *guest, const QemuThread *thread)
{
    for (guint i = 0; i < guest->vcpus->len; i++) {
        RecordedVcpu *vcpu = guest->vcpus->pdata[i];

        if (vcpu->thread.tid == thread->tid && vcpu->thread.start_ticks == thread->start_ticks)
            return vcpu;
    }
    return NULL;
}

bool
recorded_guest_follow(RecordedGuest *guest, const QemuProcess *process, GError **error)
{
    for (guint i = 0; i < guest->vcpus->len; i++)
        ((RecordedVcpu *) guest->vcpus->pdata[i])->seen = false;
    for (guint i = 0; i < process->vcpus->len; i++) {
        const QemuThread *thread = &g_array_index(process->vcpus, QemuThread, i);
        RecordedVcpu *vcpu = find_vcpu(guest, thread);

        if (vcpu)
            vcpu->seen = true;
        else if (!add_vcpu(guest, process, thread, error))
            return false;
    }
    for (guint i = guest->vcpus->len; i > 0; i--)
        if (!((RecordedVcpu *) guest->vcpus->pdata[i - 1])->seen)
            g_ptr_array_remove_index(guest->vcpus, i - 1);
    return true;
}

static bool
write_row(RecordedGuest *guest, const QemuProcess *process, DatasetWriter *writer, GError **error)
{
    GuestRow row = guest_row_none;

    row.name = process->guest;
    row.role = "foreign";
    row.uuid = process->uuid;
    row.vcpus = process->vcpus->len;
    row.memory_kib = process->memory_kib;
    return writer_guest(writer, &row, &guest->row_id, error);
}

RecordedGuest *
recorded_guest_new(const RecordSetup *setup, const QemuProcess *process, DatasetWriter *writer,
                   GError **error)
{
    RecordedGuest *guest = g_new0(RecordedGuest, 1);
    bool opened;

    guest->setup = setup;
    guest->name = g_strdup(process->guest);
    guest->pid = process->pid;
    guest->start_ticks = process->start_ticks;
    guest->tcg = process->tcg;
    guest->vcpus = g_ptr_array_new_with_free_func(vcpu_free);
    guest->problem = g_string_new(NULL);
    if (!memory_open_rss(setup->root, process->pid, &guest->rss_kib))
        guest->rss_kib = KEPT_NUMBER_CLOSED;
    opened = recorded_guest_follow(guest, process, error) && guest->vcpus->len > 0 &&
             write_row(guest, process, writer, error);
    if (opened)
        return guest;
    recorded_guest_free(guest);
    return NULL;
}

void
recorded_guest_free(RecordedGuest *guest)
{
    if (!guest)
        return;

    g_ptr_array_unref(guest->vcpus);
    kept_number_close(&guest->rss_kib);
    g_string_free(guest->problem, TRUE);
    g_free(guest->name);
    g_free(guest);
}

bool
recorded_guest_is(const RecordedGuest *guest, const QemuProcess *process)
{
    return guest->pid == process->pid && guest->start_ticks == process->start_ticks;
}

const char *
recorded_guest_name(const RecordedGuest *guest)
{
    return guest->name;
}

int64_t
recorded_guest_row(const RecordedGuest *guest)
{
    return guest->row_id;
}

unsigned
recorded_guest_vcpus(const RecordedGuest *guest)
{
    return guest->vcpus->len;
}

char *
recorded_guest_take_problem(RecordedGuest *guest)
{
    char *problem = guest->problem->len ? g_strdup(guest->problem->str) : NULL;

    g_string_truncate(guest->problem, 0);
    return problem;
}

/* Counters that cannot be read any more are given up; a guest that ended is seen by its threads. */
static bool
write_counters(RecordedGuest *guest, RecordedVcpu *vcpu, int mode, DatasetWriter *writer,
               int64_t visit_id, GError **error)
{
    HostSampleRow row = { .mode = modes[mode].name };
    g_autoptr(GError) problem = NULL;
    CounterReading reading;

    if (!vcpu->modes[mode])
        return true;
    row.key = (SampleKey){ guest->row_id, vcpu->thread.vcpu, visit_id, stamp_now() };
    if (!counters_read(vcpu->modes[mode], &reading, &problem)) {
        add_problem(guest, problem->message);
        g_clear_pointer(&vcpu->modes[mode], counters_close);
        return true;
    }
    for (uint32_t i = 0; i < reading.n_values; i++)
        row.cells.counts[i] = reading.values[i];
    row.cells.enabled_ns[0] = reading.enabled_ns;
    row.cells.running_ns[0] = reading.running_ns;
    return writer_host_sample(writer, &row, error);
}

bool
recorded_guest_tick(RecordedGuest *guest, DatasetWriter *writer, int64_t visit_id, bool *ret_ended,
                    GError **error)
{
    for (guint i = 0; i < guest->vcpus->len; i++) {
        RecordedVcpu *vcpu = guest->vcpus->pdata[i];
        SchedSampleRow row = { .key = { guest->row_id, vcpu->thread.vcpu, visit_id, stamp_now() } };
        SchedReading reading;

        if (sched_read(&vcpu->sched, &reading) != SCHED_READ) {
            *ret_ended = true;
            continue;
        }
        row.run_ns = reading.run_ns;
        row.delay_ns = reading.delay_ns;
        row.slices = reading.slices;
        if (!writer_sched_sample(writer, &row, error))
            return false;
        for (int mode = 0; mode < 2; mode++)
            if (!write_counters(guest, vcpu, mode, writer, visit_id, error))
                return false;
    }
    return true;
}

bool
recorded_guest_exits(const RecordedGuest *guest, DatasetWriter *writer, int64_t visit_id,
                     GError **error)
{
    for (guint i = 0; i < guest->vcpus->len; i++) {
        const RecordedVcpu *vcpu = guest->vcpus->pdata[i];
        const SampleKey key = { guest->row_id, vcpu->thread.vcpu, visit_id, stamp_now() };

        if (vcpu->exits && !exit_rows_write(writer, vcpu->exits, vcpu->thread.tid, &key, error))
            return false;
    }
    return true;
}

bool
recorded_guest_memory(const RecordedGuest *guest, DatasetWriter *writer, int64_t visit_id,
                      GError **error)
{
    MemorySampleRow row = memory_sample_row_none;

    row.guest_id = guest->row_id;
    row.visit_id = visit_id;
    row.stamp = stamp_now();
    return !kept_number_read(&guest->rss_kib, &row.rss_kib) ||
           writer_memory_sample(writer, &row, error);
}
