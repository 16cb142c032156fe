/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A dataset opened for reading, nothing more: the file may come from anybody, and may still be
 * written by a run in progress. All reads of one reader see one moment of the file.
 * Facts that were not recorded are NULL, NAN or DATASET_UNKNOWN, as each member says.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DATASET_UNKNOWN INT64_MIN /* an integer that was not recorded */
#define DATASET_MAX_COLUMNS 64    /* columns that one series may ask for */

typedef struct {
    char *uuid, *name, *command, *state, *tool_version, *counters; /* never NULL */
    char *accelerator, *connect, *pool, *load, *cpu_model, *microcode, *kernel, *qemu, *libvirt;
    char *mitigations, *host_facts, *plan;
    int64_t started_wall_ns, interval_ns; /* always known */
    int64_t ended_wall_ns, pool_cpus, pool_cores, housekeeping, settle_ns, drop_ns;
} DatasetRun;

typedef struct {
    char *name, *column;
    int64_t group;
} DatasetEvent;

typedef struct {
    int64_t id;
    char *name;
    char *ksm, *balloon, *settings;
    char *victim_load, *culprit_load; /* kinds of work; NULL: the plan's own load */
} DatasetCondition;

typedef struct {
    int64_t id, vcpus;
    char *name, *role; /* never NULL */
    char *uuid, *facts;
    int64_t memory_kib, condition_id, repeat;
    int64_t tsc_offset, tsc_ratio, tsc_frac_bits; /* KVM's exact map from host to guest TSC */
    int64_t cpu_quota_percent;                    /* of one CPU, for each vCPU */
    char *scope; /* what its own counters are about: "cpu", "task" (its load alone) */
} DatasetGuest;

typedef struct {
    int64_t id, condition_id, repeat, position;
    char *kind, *state; /* never NULL */
    double step_percent;
    double vp_percent, load_percent, core_percent; /* NAN when not recorded */
    int64_t bulk_running, runnable_vcpus, boundary, settled, foreign_ns;
    int64_t load_raw_ns, start_raw_ns, end_raw_ns, start_wall_ns, end_wall_ns;
    char *pool; /* where its vCPUs could run; NULL: the run's pool */
    int64_t pool_cpus, pool_cores;
    int64_t host_hogs;
    int64_t work_units, work_ns; /* of the micro guest's load, by its own clock */
} DatasetVisit;

typedef struct {
    int64_t guest_id, visit_id;
    int64_t t1_ns, t2_ns, t3_ns,
        t4_ns; /* host sent, guest received, guest answered, host received */
    int64_t host_tsc, guest_tsc, guest_wall_ns;
} DatasetPing;

/* Everything of the file that does not grow with time. */
typedef struct {
    DatasetRun run;
    GArray *events;     /* DatasetEvent, in order */
    GArray *conditions; /* DatasetCondition */
    GArray *guests;     /* DatasetGuest */
    GArray *visits;     /* DatasetVisit, in the order of the run */
    bool has_phases;    /* counters took turns: samples say in their column `phase` whose it was */
} DatasetFacts;

/* By its id; NULL when there is none. */
const DatasetVisit *dataset_facts_visit(const DatasetFacts *facts, int64_t id);
const DatasetGuest *dataset_facts_guest(const DatasetFacts *facts, int64_t id);
const DatasetCondition *dataset_facts_condition(const DatasetFacts *facts, int64_t id);

typedef struct DatasetReader DatasetReader;

/* Errors name the file and say whether it is no dataset, or one of another format. */
DatasetReader *dataset_reader_open(const char *path, GError **error);
void dataset_reader_free(DatasetReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatasetReader, dataset_reader_free)

/* Owned by the reader. */
const DatasetFacts *dataset_reader_facts(const DatasetReader *reader);
const char *dataset_reader_path(const DatasetReader *reader);

/* Each calls `each` row by row, in the order written; false from `each` stops with its error. */
typedef bool (*DatasetPingFunc)(const DatasetPing *ping, void *data, GError **error);
bool dataset_reader_pings(DatasetReader *reader, DatasetPingFunc each, void *data, GError **error);

/* The vCPUs of a guest that have rows in a series, ascending: int64_t. */
typedef enum {
    DATASET_GUEST_SAMPLES,
    DATASET_HOST_SAMPLES, /* guest mode */
    DATASET_HOST_MODE_SAMPLES,
    DATASET_SCHED_SAMPLES,
    DATASET_CPU_SAMPLES, /* host CPUs: guest_id is ignored, vcpu is the CPU's number */
} DatasetSeries;
bool dataset_reader_vcpus(DatasetReader *reader, DatasetSeries series, int64_t guest_id,
                          GArray **ret_vcpus, GError **error);

typedef struct {
    int64_t raw_ns; /* of the side that took it */
    int64_t wall_ns;
    uint64_t tsc;                       /* 0: not recorded */
    int64_t value[DATASET_MAX_COLUMNS]; /* cumulative, in the order asked for */
    uint64_t present;                   /* bit i: value[i] was recorded */
} DatasetRow;

/* Rows of one vCPU, ascending in raw_ns, within [from_ns, to_ns] and one row beyond each end. */
typedef struct DatasetCursor DatasetCursor;

/* `columns`: names, NULL-terminated; one that the table does not have is simply never present. */
DatasetCursor *dataset_cursor_open(DatasetReader *reader, DatasetSeries series, int64_t guest_id,
                                   int64_t vcpu, int64_t from_ns, int64_t to_ns,
                                   const char *const *columns, GError **error);
void dataset_cursor_free(DatasetCursor *cursor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatasetCursor, dataset_cursor_free)

/* False at the end (`error` unset) or on failure (`error` set). */
bool dataset_cursor_next(DatasetCursor *cursor, DatasetRow *ret_row, GError **error);

/* The first and the last row within [from_ns, to_ns]; `ret_found` false when there are not two. */
bool dataset_reader_ends(DatasetReader *reader, DatasetSeries series, int64_t guest_id,
                         int64_t vcpu, int64_t from_ns, int64_t to_ns, const char *const *columns,
                         DatasetRow *ret_first, DatasetRow *ret_last, bool *ret_found,
                         GError **error);

/* A side that swapped while a visit was measured. */
typedef struct {
    int64_t visit_id;
    int64_t guest_id; /* DATASET_UNKNOWN: the host */
    int64_t in_kib, out_kib;
} DatasetSwap;

/* All of them: DatasetSwap, by visit, the host first. */
bool dataset_reader_swaps(DatasetReader *reader, GArray **ret_swaps, GError **error);

/* Why a vCPU left its guest during a visit. */
typedef struct {
    int64_t visit_id, guest_id, vcpu;
    const char *reason; /* until the next row */
    int64_t span_ns;    /* between the first and the last reading of the vCPU */
    int64_t count, time_ns;
} DatasetExits;

/* Calls `each` by visit, guest, vCPU, the longest time first; none where none were recorded. */
typedef bool (*DatasetExitsFunc)(const DatasetExits *row, void *data, GError **error);
bool dataset_reader_exits(DatasetReader *reader, DatasetExitsFunc each, void *data, GError **error);

typedef struct {
    int64_t wall_ns, visit_id;
    char *severity, *text;
} DatasetNote;

/* At most `limit` notes of warnings and errors: DatasetNote. */
bool dataset_reader_notes(DatasetReader *reader, guint limit, GArray **ret_notes, GError **error);

/* One memory_sample column of the host or (guest_id) a guest, first and last within a visit; NAN.
 */
bool dataset_reader_memory(DatasetReader *reader, int64_t guest_id, int64_t visit_id,
                           const char *column, double *ret_last, GError **error);
