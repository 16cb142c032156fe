/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/sampler.h"

#include <math.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "hostctl/collect/cpu_time.h"
#include "hostctl/collect/sched.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/host_rows.h"
#include "hostctl/run/host_turns.h"
#include "hostctl/virt/guest_memory.h"

/* One vCPU of the fleet, with everything that is read of it. */
typedef struct {
    FleetGuest *guest;
    unsigned vcpu;
    SchedFile sched;
    EmulatedPage *page;   /* shared memory's mapping; owned */
    Counters *guest_mode; /* of the page */
    HostTurns *turns;     /* of the PMU; NULL: none */
} SampledVcpu;

struct Sampler {
    Lab *lab;
    Fleet *fleet;
    GPtrArray *vcpus; /* of SampledVcpu */
    CpuTimes *cpu_times;
    TaskTimes *task_times;
    GHashTable *foreign; /* "PID since TICKS" of guests that are not ours: told already */
};

static void
sampled_vcpu_free(void *data)
{
    SampledVcpu *vcpu = data;

    sched_close(&vcpu->sched);
    g_clear_pointer(&vcpu->guest_mode, counters_close);
    g_clear_pointer(&vcpu->turns, host_turns_free);
    g_clear_pointer(&vcpu->page, emulated_close);
    g_free(vcpu);
}

static bool
open_emulated(SampledVcpu *vcpu, const char *const *events, GError **error)
{
    CounterTarget target = { .mode = PMU_MODE_GUEST, .vcpu = vcpu->vcpu };

    vcpu->page = emulated_open(vcpu->guest->page_path, error);
    if (!vcpu->page)
        return false;
    target.page = vcpu->page;
    vcpu->guest_mode = counters_open(COUNTER_SOURCE_EMULATED, &target, events, error);
    return vcpu->guest_mode != NULL;
}

/*
 * The kernel is the one to ask: a guest whose vPMU is mediated shows only once it runs. Then the
 * layout is another one, and the dataset says so.
 */
static bool
choose_layout(const Sampler *sampler, const PmuTarget *target, BudgetLayout *ret_layout,
              GError **error)
{
    Lab *lab = sampler->lab;
    const char *const *events = (const char *const *) lab->plan->events;
    g_autofree char *text = NULL;

    *ret_layout = *lab->rig->layout;
    if (ret_layout->kind == BUDGET_HOST_ONLY || !counters_guest_mode_refused(target))
        return true;
    if (!counter_layout_plan(events, lab->root, true, ret_layout, error))
        return false;
    text = counter_layout_text(ret_layout, events);
    return lab_note(lab, 0, 0, "warning", error,
                    "the kernel refuses guest mode to the host; the counter layout is %s", text);
}

/* Never pinned, the micro guest only: its own counters must win (a starved one is silent). */
static bool
open_hardware(const Sampler *sampler, SampledVcpu *vcpu, pid_t tid, GError **error)
{
    const char *const *events = (const char *const *) sampler->lab->plan->events;
    const PmuTarget target = { .tid = tid, .cpu = -1 };
    g_autofree BudgetLayout *layout = NULL;

    if (vcpu->guest->role != GUEST_ROLE_MICRO)
        return true;
    layout = g_new0(BudgetLayout, 1);
    if (!choose_layout(sampler, &target, layout, error))
        return false;
    vcpu->turns = host_turns_new(layout, events, &target, error);
    if (!vcpu->turns)
        return false;
    return !*host_turns_problem(vcpu->turns) ||
           lab_note(sampler->lab, 0, vcpu->guest->row_id, "warning", error, "on the host: %s",
                    host_turns_problem(vcpu->turns));
}

static bool
add_vcpu(Sampler *sampler, FleetGuest *guest, const QemuThread *thread, GError **error)
{
    const char *const *events = (const char *const *) sampler->lab->plan->events;
    SampledVcpu *vcpu = g_new0(SampledVcpu, 1);
    bool opened = true;

    vcpu->guest = guest;
    vcpu->vcpu = thread->vcpu;
    vcpu->sched = SCHED_FILE_CLOSED;
    g_ptr_array_add(sampler->vcpus, vcpu);
    if (!sched_open(sampler->lab->root, thread, &vcpu->sched, error))
        return false;

    if (sampler->lab->rig->counters == COUNTER_SOURCE_EMULATED)
        opened = open_emulated(vcpu, events, error);
    else if (sampler->lab->rig->counters == COUNTER_SOURCE_HARDWARE)
        opened = open_hardware(sampler, vcpu, thread->tid, error);
    if (!opened)
        g_prefix_error(error, "guest %s vCPU %u: ", guest->name, vcpu->vcpu);
    return opened;
}

static bool
is_of_fleet(const Sampler *sampler, const QemuProcess *process)
{
    for (unsigned i = 0; i < fleet_size(sampler->fleet); i++)
        if (fleet_guest(sampler->fleet, i)->process->pid == process->pid)
            return true;
    return false;
}

/* One that ends while it is looked at is no failure of the run. */
static bool
follow_foreign(Sampler *sampler, const QemuProcess *process, int64_t visit_id, GError **error)
{
    char *key =
        g_strdup_printf("%d since %" G_GUINT64_FORMAT, (int) process->pid, process->start_ticks);
    g_autofree char *name = text_printable(process->guest, 200);

    if (!g_hash_table_add(sampler->foreign, key) ||
        !task_times_follow(sampler->task_times, process, false, NULL))
        return true;
    return lab_note(sampler->lab, visit_id, 0, visit_id ? "warning" : "info", error,
                    "guest %s (process %d) is not of this run: its CPU time is recorded as "
                    "“foreign”",
                    name, (int) process->pid);
}

bool
sampler_meet_guests(Sampler *sampler, int64_t visit_id, GError **error)
{
    g_autoptr(GPtrArray) processes = NULL;

    if (!qemu_process_list(sampler->lab->root, &processes, error))
        return false;

    for (guint i = 0; i < processes->len; i++) {
        const QemuProcess *process = processes->pdata[i];

        if (is_of_fleet(sampler, process)
                ? !task_times_follow(sampler->task_times, process, true, error)
                : !follow_foreign(sampler, process, visit_id, error))
            return false;
    }
    return true;
}

Sampler *
sampler_new(Lab *lab, Fleet *fleet, GError **error)
{
    g_autoptr(Sampler) sampler = g_new0(Sampler, 1);

    sampler->lab = lab;
    sampler->fleet = fleet;
    sampler->vcpus = g_ptr_array_new_with_free_func(sampled_vcpu_free);
    sampler->task_times = task_times_new(lab->root);
    sampler->foreign = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sampler->cpu_times = cpu_times_new(lab->root, error);
    if (!sampler->cpu_times || !sampler_meet_guests(sampler, 0, error))
        return NULL;

    for (unsigned i = 0; i < fleet_size(fleet); i++) {
        FleetGuest *guest = fleet_guest(fleet, i);

        if (guest->process->vcpus->len != guest->vcpus) {
            failure_set(error, FAILURE_FAILED, "guest %s: %u vCPU threads found, %u expected",
                        guest->name, guest->process->vcpus->len, guest->vcpus);
            return NULL;
        }
        for (guint j = 0; j < guest->process->vcpus->len; j++)
            if (!add_vcpu(sampler, guest, &g_array_index(guest->process->vcpus, QemuThread, j),
                          error))
                return NULL;
    }
    return g_steal_pointer(&sampler);
}

void
sampler_free(Sampler *sampler)
{
    if (!sampler)
        return;

    g_clear_pointer(&sampler->vcpus, g_ptr_array_unref);
    g_clear_pointer(&sampler->cpu_times, cpu_times_free);
    g_clear_pointer(&sampler->task_times, task_times_free);
    g_clear_pointer(&sampler->foreign, g_hash_table_unref);
    g_free(sampler);
}

bool
sampler_follow_hogs(Sampler *sampler, const GArray *pids, GError **error)
{
    for (guint i = 0; i < pids->len; i++)
        if (!task_times_follow_hog(sampler->task_times, g_array_index(pids, pid_t, i), error))
            return false;
    return true;
}

static bool
write_reading(Lab *lab, const SampledVcpu *vcpu, const CounterReading *reading, const char *mode,
              const Stamp *stamp, int64_t visit_id, GError **error)
{
    HostSampleRow row = { .key = { vcpu->guest->row_id, vcpu->vcpu, visit_id, *stamp },
                          .mode = mode };

    for (uint32_t i = 0; i < reading->n_values; i++)
        row.cells.counts[i] = reading->values[i];
    row.cells.enabled_ns[0] = reading->enabled_ns;
    row.cells.running_ns[0] = reading->running_ns;
    return writer_host_sample(lab->writer, &row, error);
}

/* The page counts guest mode only; the PMU what the layout says. */
static bool
write_counters(Lab *lab, const SampledVcpu *vcpu, int64_t visit_id, GError **error)
{
    static const struct {
        PmuMode mode;
        const char *name;
    } modes[] = { { PMU_MODE_GUEST, "guest" }, { PMU_MODE_HOST, "host" } };
    CounterReading readings[PMU_MODE_HOST + 1];
    const Stamp stamp = stamp_now();
    bool read = true;

    if (vcpu->guest_mode)
        read = counters_read(vcpu->guest_mode, &readings[PMU_MODE_GUEST], error);
    else if (vcpu->turns)
        read = host_turns_tick(vcpu->turns, readings, error);
    if (!read) {
        g_prefix_error(error, "guest %s vCPU %u: ", vcpu->guest->name, vcpu->vcpu);
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        bool counts = vcpu->turns ? host_turns_has(vcpu->turns, modes[i].mode)
                                  : vcpu->guest_mode && modes[i].mode == PMU_MODE_GUEST;

        if (counts && !write_reading(lab, vcpu, &readings[modes[i].mode], modes[i].name, &stamp,
                                     visit_id, error))
            return false;
    }
    return true;
}

static bool
read_sched(const SampledVcpu *vcpu, SchedReading *ret_reading, GError **error)
{
    switch (sched_read(&vcpu->sched, ret_reading)) {
    case SCHED_READ:
        return true;
    case SCHED_GONE:
        return failure_set(error, FAILURE_FAILED,
                           "guest %s: its vCPU %u has ended (QEMU died, or somebody stopped it)",
                           vcpu->guest->name, vcpu->vcpu);
    default:
        return failure_set(error, FAILURE_FAILED, "guest %s vCPU %u: schedstat is not readable",
                           vcpu->guest->name, vcpu->vcpu);
    }
}

static bool
write_vcpu(Lab *lab, const SampledVcpu *vcpu, int64_t visit_id, GError **error)
{
    SchedSampleRow row = { .key = { vcpu->guest->row_id, vcpu->vcpu, visit_id, stamp_now() } };
    SchedReading reading;

    if (!read_sched(vcpu, &reading, error))
        return false;
    row.run_ns = reading.run_ns;
    row.delay_ns = reading.delay_ns;
    row.slices = reading.slices;
    return writer_sched_sample(lab->writer, &row, error) &&
           write_counters(lab, vcpu, visit_id, error);
}

bool
sampler_tick(Sampler *sampler, int64_t visit_id, GError **error)
{
    Lab *lab = sampler->lab;

    if (!writer_begin(lab->writer, error) ||
        !host_rows_cpus(lab->writer, sampler->cpu_times, &lab->rig->pool, visit_id, error))
        return false;
    for (guint i = 0; i < sampler->vcpus->len; i++)
        if (!write_vcpu(lab, sampler->vcpus->pdata[i], visit_id, error))
            return false;
    fault_point("window.write");
    if (!host_rows_tasks(lab->writer, sampler->task_times, visit_id, error) ||
        !writer_commit(lab->writer, error))
        return false;
    fault_point("window.commit");
    return true;
}

static bool
write_guest_memory(Lab *lab, const FleetGuest *guest, int64_t visit_id, GError **error)
{
    MemorySampleRow row = memory_sample_row_none;
    GuestMemory memory;

    if (!guest_memory(guest->guest, &memory, error))
        return false;
    row.guest_id = guest->row_id;
    row.visit_id = visit_id;
    row.stamp = stamp_now();
    row.balloon_asked_kib = guest->balloon_asked_kib ? guest->balloon_asked_kib : ABSENT_U64;
    row.balloon_reached_kib = memory.actual_kib;
    row.rss_kib = memory.rss_kib;
    row.guest_usable_kib = memory.fresh ? memory.usable_kib : ABSENT_U64;
    return writer_memory_sample(lab->writer, &row, error);
}

bool
sampler_memory(Sampler *sampler, int64_t visit_id, GError **error)
{
    Lab *lab = sampler->lab;

    if (!writer_begin(lab->writer, error) ||
        !host_rows_memory(lab->writer, lab->root, visit_id, error))
        return false;
    for (unsigned i = 0; i < fleet_size(sampler->fleet); i++)
        if (!write_guest_memory(lab, fleet_guest(sampler->fleet, i), visit_id, error))
            return false;
    return writer_commit(lab->writer, error);
}

bool
sampler_delay(Sampler *sampler, uint64_t *ret_run_ns, uint64_t *ret_delay_ns, GError **error)
{
    uint64_t run_ns = 0, delay_ns = 0;

    for (guint i = 0; i < sampler->vcpus->len; i++) {
        const SampledVcpu *vcpu = sampler->vcpus->pdata[i];
        SchedReading reading;

        if (!vcpu->guest->loaded)
            continue;
        if (!read_sched(vcpu, &reading, error))
            return false;
        run_ns += reading.run_ns;
        delay_ns += reading.delay_ns;
    }
    *ret_run_ns = run_ns;
    *ret_delay_ns = delay_ns;
    return true;
}

uint64_t
sampler_foreign_ns(Sampler *sampler)
{
    uint64_t run_ns[TASK_KINDS];

    task_times_read(sampler->task_times, run_ns);
    return run_ns[TASK_FOREIGN];
}
