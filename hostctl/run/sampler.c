/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/sampler.h"

#include <math.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "hostctl/collect/cpu_time.h"
#include "hostctl/run/exit_rows.h"
#include "hostctl/run/host_rows.h"
#include "hostctl/run/sampled_vcpu.h"
#include "hostctl/virt/guest_memory.h"

struct Sampler {
    Lab *lab;
    Fleet *fleet;
    GPtrArray *vcpus; /* of SampledVcpu */
    CpuTimes *cpu_times;
    TaskTimes *task_times;
    uint64_t exits_missed;
    GHashTable *foreign; /* "PID since TICKS" of guests that are not ours: told already */
};

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
    sampler->vcpus = g_ptr_array_new_with_free_func((GDestroyNotify) sampled_vcpu_free);
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
        for (guint j = 0; j < guest->process->vcpus->len; j++) {
            SampledVcpu *vcpu = sampled_vcpu_open(
                lab, guest, &g_array_index(guest->process->vcpus, QemuThread, j), error);

            if (!vcpu)
                return NULL;
            g_ptr_array_add(sampler->vcpus, vcpu);
        }
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

bool
sampler_tick(Sampler *sampler, int64_t visit_id, GError **error)
{
    Lab *lab = sampler->lab;

    if (!writer_begin(lab->writer, error) ||
        !host_rows_cpus(lab->writer, sampler->cpu_times, &lab->rig->pool, visit_id, error))
        return false;
    if (lab->exits && !exits_read(lab->exits, error))
        return false;
    for (guint i = 0; i < sampler->vcpus->len; i++)
        if (!sampled_vcpu_write(sampler->vcpus->pdata[i], visit_id, error))
            return false;
    fault_point("window.write");
    if (!host_rows_tasks(lab->writer, sampler->task_times, visit_id, error) ||
        !writer_commit(lab->writer, error))
        return false;
    fault_point("window.commit");
    return true;
}

unsigned
sampler_cpus_online(const Sampler *sampler)
{
    return cpu_times_online(sampler->cpu_times, &sampler->lab->rig->pool);
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

static bool
note_missed_exits(Sampler *sampler, int64_t visit_id, GError **error)
{
    g_autofree char *missed =
        sampler->lab->exits ? exit_rows_missed(sampler->lab->exits, &sampler->exits_missed) : NULL;

    return !missed || lab_note(sampler->lab, visit_id, 0, "warning", error, "%s", missed);
}

bool
sampler_host_memory(Sampler *sampler, int64_t visit_id, GError **error)
{
    Lab *lab = sampler->lab;

    return writer_begin(lab->writer, error) &&
           host_rows_memory(lab->writer, lab->root, visit_id, error) &&
           writer_commit(lab->writer, error);
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
    return writer_commit(lab->writer, error) && note_missed_exits(sampler, visit_id, error);
}

bool
sampler_delay(Sampler *sampler, uint64_t *ret_run_ns, uint64_t *ret_delay_ns, GError **error)
{
    uint64_t run_ns = 0, delay_ns = 0;

    for (guint i = 0; i < sampler->vcpus->len; i++) {
        SampledVcpu *vcpu = sampler->vcpus->pdata[i];
        SchedReading reading;
        bool gone;

        if (!sampled_vcpu_guest(vcpu)->loaded)
            continue;
        if (!sampled_vcpu_sched(vcpu, &reading, &gone, error))
            return false;
        if (gone)
            continue;
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
