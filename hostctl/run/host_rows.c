/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/host_rows.h"

#include "common/base/swap.h"
#include "hostctl/collect/ksm.h"
#include "hostctl/collect/memory.h"
#include "hostctl/collect/pressure.h"

bool
host_rows_cpus(DatasetWriter *writer, CpuTimes *cpu_times, const cpu_set_t *cpus, int64_t visit_id,
               GError **error)
{
    Stamp stamp = stamp_now();
    const CpuTime *times;
    size_t n;

    if (!cpu_times_read(cpu_times, error))
        return false;
    times = cpu_times_get(cpu_times, &n);
    for (size_t i = 0; i < n; i++) {
        const CpuSampleRow row = {
            times[i].cpu,     visit_id,           stamp,
            times[i].user_ns, times[i].system_ns, times[i].irq_ns,
            times[i].idle_ns, times[i].iowait_ns, times[i].steal_ns,
        };

        if (CPU_ISSET(times[i].cpu, cpus) && !writer_cpu_sample(writer, &row, error))
            return false;
    }
    return true;
}

bool
host_rows_tasks(DatasetWriter *writer, TaskTimes *task_times, int64_t visit_id, GError **error)
{
    Stamp stamp = stamp_now();
    uint64_t run_ns[TASK_KINDS];

    task_times_read(task_times, run_ns);
    for (int kind = 0; kind < TASK_KINDS; kind++) {
        const TaskSampleRow row = { task_kind_name(kind), visit_id, stamp, run_ns[kind] };

        if (!writer_task_sample(writer, &row, error))
            return false;
    }
    return true;
}

static bool
write_memory(DatasetWriter *writer, const Sysroot *root, int64_t visit_id, GError **error)
{
    MemorySampleRow row = memory_sample_row_none;
    MemoryStats memory;
    SwapStats swap;
    KsmStats ksm;

    row.visit_id = visit_id;
    row.stamp = stamp_now();
    if (!memory_read(root, &memory, error))
        return false;
    row.available_kib = memory.available_kib;
    row.swap_used_kib = memory.swap_used_kib;
    swap = swap_read(root);
    row.swap_total_kib = swap.total_kib;
    row.swapped_in_kib = swap.in_kib;
    row.swapped_out_kib = swap.out_kib;
    if (ksm_read(root, &ksm, NULL)) {
        row.ksm_run = ksm.run;
        row.ksm_pages_to_scan = ksm.pages_to_scan;
        row.ksm_pages_shared = ksm.pages_shared;
        row.ksm_pages_sharing = ksm.pages_sharing;
        row.ksm_pages_unshared = ksm.pages_unshared;
        row.ksm_pages_volatile = ksm.pages_volatile;
        row.ksm_full_scans = ksm.full_scans;
    }
    return writer_memory_sample(writer, &row, error);
}

static bool
write_pressure(DatasetWriter *writer, const Sysroot *root, int64_t visit_id, GError **error)
{
    PressureSampleRow row = { .visit_id = visit_id, .stamp = stamp_now() };
    PressureStats pressure;

    if (!pressure_read(root, &pressure, NULL))
        return true;
    row.cpu_some_us = pressure.cpu_some_us;
    row.memory_some_us = pressure.memory_some_us;
    row.memory_full_us = pressure.memory_full_us;
    row.io_some_us = pressure.io_some_us;
    row.io_full_us = pressure.io_full_us;
    return writer_pressure_sample(writer, &row, error);
}

bool
host_rows_memory(DatasetWriter *writer, const Sysroot *root, int64_t visit_id, GError **error)
{
    return write_memory(writer, root, visit_id, error) &&
           write_pressure(writer, root, visit_id, error);
}
