/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes a dataset, row by row, while the run goes on; any SQLite client may read it meanwhile.
 * Rows go in between writer_begin() and writer_commit(), one transaction a tick; a killed writer
 * loses that tick only. Use it from one thread. Rows are plain structs of the caller: nothing is
 * kept of them, nothing is allocated for them. What is not known is NULL in the file:
 * ABSENT_U64, ABSENT_I64, NAN, a NULL text, an id of 0.
 *
 * After a failure (a full disk above all) what was committed stays readable: call writer_finish().
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/absent.h"
#include "common/base/clock.h"
#include "common/base/event.h"

#define WRITER_GROUPS_MAX 4

typedef struct DatasetWriter DatasetWriter;

typedef enum {
    WRITER_NEW,     /* the file must not exist, or be empty */
    WRITER_REPLACE, /* what is there goes away */
    WRITER_APPEND,  /* a dataset with the same events, to go on with: --resume */
} WriterMode;

typedef struct {
    const char *name; /* perf's name */
    unsigned group;   /* from 0: events of one group share enabled_ns and running_ns */
} WriterEvent;

typedef struct {
    const char *uuid;
    const char *name;
    const char *command; /* run, record, import, join */
    int64_t started_wall_ns;
    const char *counters;    /* hardware, emulated, software, imported */
    const char *accelerator; /* kvm, tcg */
    const char *connect;
    const char *pool;
    uint64_t pool_cpus, pool_cores;
    uint64_t housekeeping; /* 0, 1 */
    uint64_t interval_ns, settle_ns, drop_ns;
    const char *load; /* JSON array */
    const char *cpu_model, *microcode, *kernel, *qemu, *libvirt;
    const char *mitigations; /* JSON object */
    const char *host_facts;  /* JSON object */
    const char *plan;        /* JSON object */
} RunRow;

/* One turn of the counters, where not all can count at once. */
typedef struct {
    unsigned position; /* from 1 */
    const char *name;  /* turn, pairs, guest-only, host-only, overlap */
    unsigned windows;  /* of each turn */
    const char *guest; /* events that the guest counts, by commas; NULL: none */
    const char *host;  /* groups of the host; NULL: none */
} PhaseRow;

typedef struct {
    const char *name;
    const char *ksm, *balloon; /* as the plan says them */
    const char *settings;      /* JSON object */
    const char *victim_load, *culprit_load;
} ConditionRow;

typedef struct {
    const char *name;
    const char *role; /* micro, bulk, foreign */
    const char *uuid;
    uint64_t vcpus;
    uint64_t memory_kib;
    int64_t condition_id; /* made for it; 0: for the whole run */
    uint64_t repeat;      /* ABSENT_U64: for the whole run */
    const char *facts;    /* JSON object that the probe said: stored as text, never trusted */
    /* KVM's exact map: guest TSC = (host TSC * tsc_ratio >> tsc_frac_bits) + tsc_offset */
    int64_t tsc_offset;                /* ABSENT_I64: not known */
    uint64_t tsc_ratio, tsc_frac_bits; /* ABSENT_U64 */
    uint64_t cpu_shares;               /* ABSENT_U64: not set */
    uint64_t cpu_quota_percent;        /* of one CPU, for each vCPU; ABSENT_U64: none */
    const char *scope;                 /* of its own counters: cpu, task */
    uint64_t disk_kib;                 /* in which its load runs; ABSENT_U64: none */
} GuestRow;

/* Nothing known: set what is. */
extern const GuestRow guest_row_none;

typedef struct {
    int64_t id; /* 0 until it is inserted; then writer_visit() updates that row */
    int64_t condition_id;
    uint64_t repeat, position;
    const char *kind; /* step, open, close */
    double step_percent;
    uint64_t bulk_running, runnable_vcpus;
    double vp_percent, load_percent, core_percent;
    uint64_t boundary; /* 0, 1 */
    const char *state; /* running, done, failed, interrupted */
    int64_t load_raw_ns, start_raw_ns, end_raw_ns, start_wall_ns, end_wall_ns;
    uint64_t settled; /* 0, 1 */
    uint64_t foreign_ns;
    const char *pool; /* CPU list: where the vCPUs could run */
    uint64_t pool_cpus, pool_cores;
    uint64_t host_hogs; /* processes of the host that made load beside the guests */
    uint64_t work_units, work_ns;
} VisitRow;

/* A visit of which nothing is known yet: set what is, the rest stays NULL. */
extern const VisitRow visit_row_none;

typedef struct {
    int64_t guest_id;
    unsigned vcpu;
    int64_t visit_id; /* 0: outside visits */
    Stamp stamp;      /* of the side that counted; tsc 0: none */
} SampleKey;

/* The events' cumulative counts in the order of writer_open(), and each group's times. */
typedef struct {
    uint64_t counts[EVENT_MAX];
    uint64_t enabled_ns[WRITER_GROUPS_MAX], running_ns[WRITER_GROUPS_MAX];
} CounterCells;

typedef struct {
    SampleKey key;
    const char *mode; /* guest, host */
    CounterCells cells;
    int64_t phase; /* of the window that ends here: PhaseRow.position; 0: none */
} HostSampleRow;

typedef struct {
    SampleKey key;
    CounterCells cells;
    uint64_t steal_ns, busy_ns;
    uint64_t canary_branches, canary_misses;
    int64_t phase; /* as of the host, by the guest's own turns */
} GuestSampleRow;

typedef struct {
    SampleKey key;
    uint64_t run_ns, delay_ns, slices;
} SchedSampleRow;

typedef struct {
    unsigned cpu;
    int64_t visit_id;
    Stamp stamp;
    uint64_t user_ns, system_ns, irq_ns, idle_ns, iowait_ns, steal_ns;
} CpuSampleRow;

typedef struct {
    const char *name;
    int64_t visit_id;
    Stamp stamp;
    uint64_t run_ns;
} TaskSampleRow;

typedef struct {
    int64_t guest_id; /* 0: of the host */
    int64_t visit_id;
    Stamp stamp;
    uint64_t ksm_run, ksm_pages_to_scan, ksm_pages_shared, ksm_pages_sharing, ksm_pages_unshared,
        ksm_pages_volatile, ksm_full_scans;
    uint64_t available_kib, swap_used_kib;
    uint64_t balloon_asked_kib, balloon_reached_kib, rss_kib, guest_usable_kib;
    uint64_t swap_total_kib, swapped_in_kib, swapped_out_kib;
} MemorySampleRow;

/* Nothing known: set what is. */
extern const MemorySampleRow memory_sample_row_none;

typedef struct {
    int64_t visit_id;
    Stamp stamp;
    uint64_t cpu_some_us, memory_some_us, memory_full_us, io_some_us, io_full_us;
} PressureSampleRow;

typedef struct {
    SampleKey key;
    const char *reason;
    uint64_t count, time_ns;
} ExitSampleRow;

typedef struct {
    int64_t guest_id, visit_id;
    int64_t t1_ns, t2_ns, t3_ns, t4_ns;
    uint64_t host_tsc, guest_tsc; /* 0: none */
    int64_t guest_wall_ns;
} PingRow;

typedef struct {
    Stamp stamp;
    int64_t visit_id, guest_id; /* 0: about none in particular */
    const char *severity;       /* info, warning, error */
    const char *text;
} NoteRow;

/*
 * Makes the file (mode 0640) with the tables for these events, or opens it (WRITER_APPEND).
 * Errors say what is there already and what to do.
 */
bool writer_open(const char *path, WriterMode mode, const WriterEvent *events, size_t n_events,
                 DatasetWriter **ret_writer, GError **error);

/* Closes without a word on how the run ended: its state stays "running". Accepts NULL. */
void writer_free(DatasetWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatasetWriter, writer_free)

bool writer_begin(DatasetWriter *writer, GError **error);
bool writer_commit(DatasetWriter *writer, GError **error);
/* Drops the open transaction after a failure; does nothing when none is open. */
void writer_rollback(DatasetWriter *writer);

/*
 * Moves what was committed from the log file into the dataset: disk work that would disturb a
 * measurement. Call it between visits.
 */
bool writer_checkpoint(DatasetWriter *writer, GError **error);

typedef struct {
    uint64_t used_bytes; /* of the file, without what was forgotten */
    uint64_t log_bytes;  /* beside it, not yet moved into it */
    uint64_t disk_bytes; /* what both take */
} WriterDisk;

bool writer_disk(DatasetWriter *writer, WriterDisk *ret_disk, GError **error);

/* The host's raw times of the first and the last sample; -1: there is none. */
bool writer_span(DatasetWriter *writer, int64_t *ret_first_ns, int64_t *ret_last_ns,
                 GError **error);

/*
 * Removes the host's samples from before that raw time. Their room is used again; the file does not
 * shrink. Between writer_begin() and writer_commit().
 */
bool writer_forget_before(DatasetWriter *writer, int64_t raw_ns, GError **error);

/*
 * The run's last word: its state (complete, interrupted, failed) and end time. Rolls back an open
 * transaction, and leaves one closed file. Call writer_free() after it, whatever it returned.
 */
bool writer_finish(DatasetWriter *writer, const char *state, GError **error);

/* One row each. With WRITER_APPEND writer_run() must not be called: the run is there already. */
bool writer_run(DatasetWriter *writer, const RunRow *row, GError **error);
/* Takes the place of the phase of that position. */
bool writer_phase(DatasetWriter *writer, const PhaseRow *row, GError **error);
/* With WRITER_APPEND the id of a condition that is there already. */
bool writer_condition(DatasetWriter *writer, const ConditionRow *row, int64_t *ret_id,
                      GError **error);
bool writer_guest(DatasetWriter *writer, const GuestRow *row, int64_t *ret_id, GError **error);
/* Writes over the row of a guest what became known later: its facts, its TSC. */
bool writer_guest_update(DatasetWriter *writer, int64_t id, const GuestRow *row, GError **error);
/* Inserts and sets row->id; with an id, writes the row's present values over the old ones. */
bool writer_visit(DatasetWriter *writer, VisitRow *row, GError **error);

bool writer_host_sample(DatasetWriter *writer, const HostSampleRow *row, GError **error);
bool writer_guest_sample(DatasetWriter *writer, const GuestSampleRow *row, GError **error);
bool writer_sched_sample(DatasetWriter *writer, const SchedSampleRow *row, GError **error);
bool writer_cpu_sample(DatasetWriter *writer, const CpuSampleRow *row, GError **error);
bool writer_task_sample(DatasetWriter *writer, const TaskSampleRow *row, GError **error);
bool writer_memory_sample(DatasetWriter *writer, const MemorySampleRow *row, GError **error);
bool writer_pressure_sample(DatasetWriter *writer, const PressureSampleRow *row, GError **error);
bool writer_exit_sample(DatasetWriter *writer, const ExitSampleRow *row, GError **error);
bool writer_ping(DatasetWriter *writer, const PingRow *row, GError **error);
bool writer_note(DatasetWriter *writer, const NoteRow *row, GError **error);
