/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stddef.h>

#include "common/dataset/writer_private.h"

#define CELL(type, kind, member)              \
    {                                         \
#member, kind, offsetof(type, member) \
    }
#define KEY(type)                                                 \
    { "guest_id", CELL_ID, offsetof(type, key.guest_id) },        \
        { "vcpu", CELL_UINT, offsetof(type, key.vcpu) },          \
        { "visit_id", CELL_ID, offsetof(type, key.visit_id) },    \
        { "raw_ns", CELL_I64, offsetof(type, key.stamp.raw_ns) }, \
    {                                                             \
        "wall_ns", CELL_I64, offsetof(type, key.stamp.wall_ns)    \
    }
#define KEY_TSC(type)                                  \
    {                                                  \
        "tsc", CELL_TSC, offsetof(type, key.stamp.tsc) \
    }
#define WHEN(type)                                            \
    { "visit_id", CELL_ID, offsetof(type, visit_id) },        \
        { "raw_ns", CELL_I64, offsetof(type, stamp.raw_ns) }, \
    {                                                         \
        "wall_ns", CELL_I64, offsetof(type, stamp.wall_ns)    \
    }

const GuestRow guest_row_none = {
    .vcpus = ABSENT_U64,
    .memory_kib = ABSENT_U64,
    .repeat = ABSENT_U64,
    .tsc_offset = ABSENT_I64,
    .tsc_ratio = ABSENT_U64,
    .tsc_frac_bits = ABSENT_U64,
    .cpu_shares = ABSENT_U64,
    .cpu_quota_percent = ABSENT_U64,
    .disk_kib = ABSENT_U64,
};
const VisitRow visit_row_none = {
    .bulk_running = ABSENT_U64,
    .runnable_vcpus = ABSENT_U64,
    .vp_percent = NAN,
    .load_percent = NAN,
    .core_percent = NAN,
    .boundary = ABSENT_U64,
    .load_raw_ns = ABSENT_I64,
    .start_raw_ns = ABSENT_I64,
    .end_raw_ns = ABSENT_I64,
    .start_wall_ns = ABSENT_I64,
    .end_wall_ns = ABSENT_I64,
    .settled = ABSENT_U64,
    .foreign_ns = ABSENT_U64,
    .pool_cpus = ABSENT_U64,
    .pool_cores = ABSENT_U64,
    .host_hogs = ABSENT_U64,
    .work_units = ABSENT_U64,
    .work_ns = ABSENT_U64,
};
const MemorySampleRow memory_sample_row_none = {
    .swap_total_kib = ABSENT_U64,
    .swapped_in_kib = ABSENT_U64,
    .swapped_out_kib = ABSENT_U64,
    .ksm_run = ABSENT_U64,
    .ksm_pages_to_scan = ABSENT_U64,
    .ksm_pages_shared = ABSENT_U64,
    .ksm_pages_sharing = ABSENT_U64,
    .ksm_pages_unshared = ABSENT_U64,
    .ksm_pages_volatile = ABSENT_U64,
    .ksm_full_scans = ABSENT_U64,
    .available_kib = ABSENT_U64,
    .swap_used_kib = ABSENT_U64,
    .balloon_asked_kib = ABSENT_U64,
    .balloon_reached_kib = ABSENT_U64,
    .rss_kib = ABSENT_U64,
    .guest_usable_kib = ABSENT_U64,
};

static const Cell run_cells[] = {
    CELL(RunRow, CELL_TEXT, uuid),        CELL(RunRow, CELL_TEXT, name),
    CELL(RunRow, CELL_TEXT, command),     CELL(RunRow, CELL_I64, started_wall_ns),
    CELL(RunRow, CELL_TEXT, counters),    CELL(RunRow, CELL_TEXT, accelerator),
    CELL(RunRow, CELL_TEXT, connect),     CELL(RunRow, CELL_TEXT, pool),
    CELL(RunRow, CELL_U64, pool_cpus),    CELL(RunRow, CELL_U64, pool_cores),
    CELL(RunRow, CELL_U64, housekeeping), CELL(RunRow, CELL_U64, interval_ns),
    CELL(RunRow, CELL_U64, settle_ns),    CELL(RunRow, CELL_U64, drop_ns),
    CELL(RunRow, CELL_TEXT, load),        CELL(RunRow, CELL_TEXT, cpu_model),
    CELL(RunRow, CELL_TEXT, microcode),   CELL(RunRow, CELL_TEXT, kernel),
    CELL(RunRow, CELL_TEXT, qemu),        CELL(RunRow, CELL_TEXT, libvirt),
    CELL(RunRow, CELL_TEXT, mitigations), CELL(RunRow, CELL_TEXT, host_facts),
    CELL(RunRow, CELL_TEXT, plan),
};
static const Cell phase_cells[] = {
    CELL(PhaseRow, CELL_UINT, position), CELL(PhaseRow, CELL_TEXT, name),
    CELL(PhaseRow, CELL_UINT, windows),  CELL(PhaseRow, CELL_TEXT, guest),
    CELL(PhaseRow, CELL_TEXT, host),
};
static const Cell condition_cells[] = {
    CELL(ConditionRow, CELL_TEXT, name),        CELL(ConditionRow, CELL_TEXT, ksm),
    CELL(ConditionRow, CELL_TEXT, balloon),     CELL(ConditionRow, CELL_TEXT, settings),
    CELL(ConditionRow, CELL_TEXT, victim_load), CELL(ConditionRow, CELL_TEXT, culprit_load),
};
static const Cell guest_cells[] = {
    CELL(GuestRow, CELL_TEXT, name),
    CELL(GuestRow, CELL_TEXT, role),
    CELL(GuestRow, CELL_TEXT, uuid),
    CELL(GuestRow, CELL_U64, vcpus),
    CELL(GuestRow, CELL_U64, memory_kib),
    CELL(GuestRow, CELL_ID, condition_id),
    CELL(GuestRow, CELL_U64, repeat),
    CELL(GuestRow, CELL_TEXT, facts),
    CELL(GuestRow, CELL_I64, tsc_offset),
    CELL(GuestRow, CELL_U64, tsc_ratio),
    CELL(GuestRow, CELL_U64, tsc_frac_bits),
    CELL(GuestRow, CELL_U64, cpu_shares),
    CELL(GuestRow, CELL_U64, cpu_quota_percent),
    CELL(GuestRow, CELL_TEXT, scope),
    CELL(GuestRow, CELL_U64, disk_kib),
};
static const Cell visit_cells[] = {
    CELL(VisitRow, CELL_ID, condition_id),     CELL(VisitRow, CELL_U64, repeat),
    CELL(VisitRow, CELL_U64, position),        CELL(VisitRow, CELL_TEXT, kind),
    CELL(VisitRow, CELL_DOUBLE, step_percent), CELL(VisitRow, CELL_U64, bulk_running),
    CELL(VisitRow, CELL_U64, runnable_vcpus),  CELL(VisitRow, CELL_DOUBLE, vp_percent),
    CELL(VisitRow, CELL_DOUBLE, load_percent), CELL(VisitRow, CELL_DOUBLE, core_percent),
    CELL(VisitRow, CELL_U64, boundary),        CELL(VisitRow, CELL_TEXT, state),
    CELL(VisitRow, CELL_I64, load_raw_ns),     CELL(VisitRow, CELL_I64, start_raw_ns),
    CELL(VisitRow, CELL_I64, end_raw_ns),      CELL(VisitRow, CELL_I64, start_wall_ns),
    CELL(VisitRow, CELL_I64, end_wall_ns),     CELL(VisitRow, CELL_U64, settled),
    CELL(VisitRow, CELL_U64, foreign_ns),      CELL(VisitRow, CELL_TEXT, pool),
    CELL(VisitRow, CELL_U64, pool_cpus),       CELL(VisitRow, CELL_U64, pool_cores),
    CELL(VisitRow, CELL_U64, host_hogs),       CELL(VisitRow, CELL_U64, work_units),
    CELL(VisitRow, CELL_U64, work_ns),
};
/* The events' columns are added to these when the events are known. */
static const Cell host_sample_cells[] = {
    KEY(HostSampleRow),
    KEY_TSC(HostSampleRow),
    CELL(HostSampleRow, CELL_TEXT, mode),
    CELL(HostSampleRow, CELL_ID, phase),
};
static const Cell guest_sample_cells[] = {
    KEY(GuestSampleRow),
    KEY_TSC(GuestSampleRow),
    CELL(GuestSampleRow, CELL_ID, phase),
    CELL(GuestSampleRow, CELL_U64, steal_ns),
    CELL(GuestSampleRow, CELL_U64, busy_ns),
    CELL(GuestSampleRow, CELL_U64, canary_branches),
    CELL(GuestSampleRow, CELL_U64, canary_misses),
};
static const Cell sched_sample_cells[] = {
    KEY(SchedSampleRow),
    KEY_TSC(SchedSampleRow),
    CELL(SchedSampleRow, CELL_U64, run_ns),
    CELL(SchedSampleRow, CELL_U64, delay_ns),
    CELL(SchedSampleRow, CELL_U64, slices),
};
static const Cell cpu_sample_cells[] = {
    WHEN(CpuSampleRow),
    CELL(CpuSampleRow, CELL_UINT, cpu),
    CELL(CpuSampleRow, CELL_U64, user_ns),
    CELL(CpuSampleRow, CELL_U64, system_ns),
    CELL(CpuSampleRow, CELL_U64, irq_ns),
    CELL(CpuSampleRow, CELL_U64, idle_ns),
    CELL(CpuSampleRow, CELL_U64, iowait_ns),
    CELL(CpuSampleRow, CELL_U64, steal_ns),
};
static const Cell task_sample_cells[] = {
    WHEN(TaskSampleRow),
    CELL(TaskSampleRow, CELL_TEXT, name),
    CELL(TaskSampleRow, CELL_U64, run_ns),
};
static const Cell memory_sample_cells[] = {
    WHEN(MemorySampleRow),
    CELL(MemorySampleRow, CELL_ID, guest_id),
    CELL(MemorySampleRow, CELL_U64, ksm_run),
    CELL(MemorySampleRow, CELL_U64, ksm_pages_to_scan),
    CELL(MemorySampleRow, CELL_U64, ksm_pages_shared),
    CELL(MemorySampleRow, CELL_U64, ksm_pages_sharing),
    CELL(MemorySampleRow, CELL_U64, ksm_pages_unshared),
    CELL(MemorySampleRow, CELL_U64, ksm_pages_volatile),
    CELL(MemorySampleRow, CELL_U64, ksm_full_scans),
    CELL(MemorySampleRow, CELL_U64, available_kib),
    CELL(MemorySampleRow, CELL_U64, swap_used_kib),
    CELL(MemorySampleRow, CELL_U64, balloon_asked_kib),
    CELL(MemorySampleRow, CELL_U64, balloon_reached_kib),
    CELL(MemorySampleRow, CELL_U64, rss_kib),
    CELL(MemorySampleRow, CELL_U64, guest_usable_kib),
    CELL(MemorySampleRow, CELL_U64, swap_total_kib),
    CELL(MemorySampleRow, CELL_U64, swapped_in_kib),
    CELL(MemorySampleRow, CELL_U64, swapped_out_kib),
};
static const Cell pressure_sample_cells[] = {
    WHEN(PressureSampleRow),
    CELL(PressureSampleRow, CELL_U64, cpu_some_us),
    CELL(PressureSampleRow, CELL_U64, memory_some_us),
    CELL(PressureSampleRow, CELL_U64, memory_full_us),
    CELL(PressureSampleRow, CELL_U64, io_some_us),
    CELL(PressureSampleRow, CELL_U64, io_full_us),
};
static const Cell exit_sample_cells[] = {
    KEY(ExitSampleRow),
    CELL(ExitSampleRow, CELL_TEXT, reason),
    CELL(ExitSampleRow, CELL_U64, count),
    CELL(ExitSampleRow, CELL_U64, time_ns),
};
static const Cell clock_ping_cells[] = {
    CELL(PingRow, CELL_ID, guest_id),       CELL(PingRow, CELL_ID, visit_id),
    CELL(PingRow, CELL_I64, t1_ns),         CELL(PingRow, CELL_I64, t2_ns),
    CELL(PingRow, CELL_I64, t3_ns),         CELL(PingRow, CELL_I64, t4_ns),
    CELL(PingRow, CELL_TSC, host_tsc),      CELL(PingRow, CELL_TSC, guest_tsc),
    CELL(PingRow, CELL_I64, guest_wall_ns),
};
static const Cell note_cells[] = {
    WHEN(NoteRow),
    CELL(NoteRow, CELL_ID, guest_id),
    CELL(NoteRow, CELL_TEXT, severity),
    CELL(NoteRow, CELL_TEXT, text),
};

#define TABLE(name_, cells_)                                                \
    {                                                                       \
        .name = (name_), .cells = (cells_), .n_cells = G_N_ELEMENTS(cells_) \
    }

const TableLayout writer_tables[TABLES] = {
    [TABLE_RUN] = TABLE("run", run_cells),
    [TABLE_PHASE] = TABLE("phase", phase_cells),
    [TABLE_CONDITION] = TABLE("condition", condition_cells),
    [TABLE_GUEST] = TABLE("guest", guest_cells),
    [TABLE_VISIT] = TABLE("visit", visit_cells),
    [TABLE_HOST_SAMPLE] = TABLE("host_sample", host_sample_cells),
    [TABLE_GUEST_SAMPLE] = TABLE("guest_sample", guest_sample_cells),
    [TABLE_SCHED_SAMPLE] = TABLE("sched_sample", sched_sample_cells),
    [TABLE_CPU_SAMPLE] = TABLE("cpu_sample", cpu_sample_cells),
    [TABLE_TASK_SAMPLE] = TABLE("task_sample", task_sample_cells),
    [TABLE_MEMORY_SAMPLE] = TABLE("memory_sample", memory_sample_cells),
    [TABLE_PRESSURE_SAMPLE] = TABLE("pressure_sample", pressure_sample_cells),
    [TABLE_EXIT_SAMPLE] = TABLE("exit_sample", exit_sample_cells),
    [TABLE_CLOCK_PING] = TABLE("clock_ping", clock_ping_cells),
    [TABLE_NOTE] = TABLE("note", note_cells),
};
