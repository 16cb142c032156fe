/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/schema.h"

#include <stdbool.h>

#include "common/base/event.h"

const char *const dataset_guest_columns[] = { "steal_ns", "busy_ns", "canary_branches",
                                              "canary_misses", NULL };

static const char fixed_tables[] =
    "CREATE TABLE run (\n"
    "  id INTEGER PRIMARY KEY CHECK (id = 1),\n"
    "  uuid TEXT NOT NULL,\n"
    "  name TEXT NOT NULL,\n"
    "  command TEXT NOT NULL,\n" /* run, record, import, join */
    "  state TEXT NOT NULL,\n"   /* running, complete, interrupted, failed */
    "  tool_version TEXT NOT NULL,\n"
    "  started_wall_ns INTEGER NOT NULL,\n"
    "  ended_wall_ns INTEGER,\n"
    "  counters TEXT NOT NULL,\n" /* hardware, emulated, software, imported */
    "  accelerator TEXT,\n"       /* kvm, tcg */
    "  connect TEXT,\n"           /* libvirt URI */
    "  pool TEXT,\n"              /* CPU list */
    "  pool_cpus INTEGER,\n"      /* P; NULL: unknown */
    "  pool_cores INTEGER,\n"     /* physical cores in the pool */
    "  housekeeping INTEGER,\n"   /* 1 when a CPU was kept out of the pool */
    "  interval_ns INTEGER NOT NULL,\n"
    "  settle_ns INTEGER,\n" /* shortest settling of a visit */
    "  drop_ns INTEGER,\n"   /* the first part of a load's life that is not evidence */
    "  load TEXT,\n"         /* JSON array */
    "  cpu_model TEXT,\n"
    "  microcode TEXT,\n"
    "  kernel TEXT,\n"
    "  qemu TEXT,\n"
    "  libvirt TEXT,\n"
    "  mitigations TEXT,\n" /* JSON object: vulnerabilities/NAME -> text */
    "  host_facts TEXT,\n"  /* JSON object: everything else known of the host */
    "  plan TEXT\n"         /* the plan as run, JSON */
    ") STRICT;\n"
    "CREATE TABLE event (\n"
    "  position INTEGER PRIMARY KEY,\n"
    "  name TEXT NOT NULL,\n" /* perf's name */
    "  column_name TEXT NOT NULL,\n"
    "  group_number INTEGER NOT NULL DEFAULT 0\n"
    ") STRICT;\n"
    "CREATE TABLE phase (\n" /* what counted in which windows, where all cannot at once */
    "  position INTEGER PRIMARY KEY,\n" /* from 1: the turns of a cycle, in this order */
    "  name TEXT NOT NULL,\n"           /* turn, pairs, guest-only, host-only, overlap */
    "  windows INTEGER NOT NULL,\n"     /* of each turn */
    "  guest TEXT,\n"                   /* events that the guest counts; NULL: none */
    "  host TEXT\n"                     /* groups that the host counts: {cycles,branches}:G */
    ") STRICT;\n"
    "CREATE TABLE condition (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  name TEXT NOT NULL UNIQUE,\n"
    "  ksm TEXT,\n"
    "  balloon TEXT,\n"
    "  settings TEXT,\n"    /* JSON: the condition as the plan has it */
    "  victim_load TEXT,\n" /* the micro guest's kind of work; NULL: the plan's load */
    "  culprit_load TEXT\n" /* the bulk guests' */
    ") STRICT;\n"
    "CREATE TABLE guest (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  name TEXT NOT NULL,\n"
    "  role TEXT NOT NULL,\n" /* micro, bulk, foreign */
    "  uuid TEXT,\n"
    "  vcpus INTEGER NOT NULL,\n"
    "  memory_kib INTEGER,\n"
    "  condition_id INTEGER REFERENCES condition (id),\n" /* made for it; NULL: for the whole run */
    "  repeat INTEGER,\n"
    "  facts TEXT,\n" /* JSON: what the probe said of itself */
    /* KVM's exact map: guest TSC = (host TSC * tsc_ratio >> tsc_frac_bits) + tsc_offset */
    "  tsc_offset INTEGER, tsc_ratio INTEGER, tsc_frac_bits INTEGER,\n"
    "  cpu_shares INTEGER,\n"        /* NULL: not set */
    "  cpu_quota_percent INTEGER,\n" /* of one CPU, for each vCPU; NULL: none */
    "  scope TEXT,\n"                /* what its own counters are about: cpu, task; NULL: none */
    "  disk_kib INTEGER\n"           /* of the disk in which its load runs; NULL: none */
    ") STRICT;\n"
    "CREATE TABLE visit (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  condition_id INTEGER NOT NULL REFERENCES condition (id),\n"
    "  repeat INTEGER NOT NULL,\n"    /* from 1 */
    "  position INTEGER NOT NULL,\n"  /* in the order of the run, from 1 */
    "  kind TEXT NOT NULL,\n"         /* step, open, close (0 % visits around a block) */
    "  step_percent REAL NOT NULL,\n" /* as planned */
    "  bulk_running INTEGER,\n"       /* bulk guests whose load ran */
    "  runnable_vcpus INTEGER,\n"     /* N: all vCPUs with load, the micro guest's too */
    "  vp_percent REAL,\n"            /* reached: 100 * running bulk vCPUs / P */
    "  load_percent REAL,\n"          /* 100 * N / P */
    "  core_percent REAL,\n"          /* 100 * N / physical cores */
    "  boundary INTEGER,\n"           /* 1 when N = P + 1 */
    "  state TEXT NOT NULL,\n"        /* running, done, failed, interrupted */
    "  load_raw_ns INTEGER,\n"        /* when the loads were started */
    "  start_raw_ns INTEGER,\n"       /* measuring */
    "  end_raw_ns INTEGER,\n"
    "  start_wall_ns INTEGER,\n"
    "  end_wall_ns INTEGER,\n"
    "  settled INTEGER,\n"    /* 1 when the delay's slope was flat before measuring */
    "  foreign_ns INTEGER,\n" /* CPU time of guests that are not ours, while measuring */
    "  pool TEXT,\n"          /* CPU list: where the vCPUs could run; NULL: the run's */
    "  pool_cpus INTEGER, pool_cores INTEGER,\n"
    "  host_hogs INTEGER,\n"  /* processes of the host that made load beside the guests */
    "  work_units INTEGER,\n" /* that the micro guest's load did around the measuring */
    "  work_ns INTEGER\n"     /* in so much time of the guest */
    ") STRICT;\n"
    "CREATE TABLE sched_sample (\n"
    "  guest_id INTEGER NOT NULL, vcpu INTEGER NOT NULL, visit_id INTEGER,\n"
    "  raw_ns INTEGER NOT NULL, tsc INTEGER, wall_ns INTEGER NOT NULL,\n"
    "  run_ns INTEGER NOT NULL, delay_ns INTEGER NOT NULL, slices INTEGER\n"
    ") STRICT;\n"
    "CREATE TABLE cpu_sample (\n"
    "  cpu INTEGER NOT NULL, visit_id INTEGER, raw_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL,\n"
    "  user_ns INTEGER, system_ns INTEGER, irq_ns INTEGER, idle_ns INTEGER, iowait_ns INTEGER,\n"
    "  steal_ns INTEGER\n" /* of this host, where it is a guest itself */
    ") STRICT;\n"
    "CREATE TABLE task_sample (\n"
    "  name TEXT NOT NULL, visit_id INTEGER, raw_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL,\n"
    "  run_ns INTEGER NOT NULL\n" /* ksmd, hostctl, qemu-other, … */
    ") STRICT;\n"
    "CREATE TABLE memory_sample (\n"
    "  guest_id INTEGER,\n" /* NULL: of the host */
    "  visit_id INTEGER, raw_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL,\n"
    "  ksm_run INTEGER, ksm_pages_to_scan INTEGER, ksm_pages_shared INTEGER,\n"
    "  ksm_pages_sharing INTEGER, ksm_pages_unshared INTEGER, ksm_pages_volatile INTEGER,\n"
    "  ksm_full_scans INTEGER, available_kib INTEGER, swap_used_kib INTEGER,\n"    /* host */
    "  balloon_asked_kib INTEGER, balloon_reached_kib INTEGER, rss_kib INTEGER,\n" /* guest */
    "  guest_usable_kib INTEGER,\n"
    /* of the host, or of the guest as its own kernel says; since its boot */
    "  swap_total_kib INTEGER, swapped_in_kib INTEGER, swapped_out_kib INTEGER\n"
    ") STRICT;\n"
    "CREATE TABLE pressure_sample (\n" /* cumulative stall times of the host */
    "  visit_id INTEGER, raw_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL,\n"
    "  cpu_some_us INTEGER, memory_some_us INTEGER, memory_full_us INTEGER,\n"
    "  io_some_us INTEGER, io_full_us INTEGER\n"
    ") STRICT;\n"
    "CREATE TABLE exit_sample (\n"
    "  guest_id INTEGER NOT NULL, vcpu INTEGER NOT NULL, visit_id INTEGER,\n"
    "  raw_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL,\n"
    "  reason TEXT NOT NULL, count INTEGER NOT NULL, time_ns INTEGER\n"
    ") STRICT;\n"
    "CREATE TABLE clock_ping (\n"
    "  guest_id INTEGER NOT NULL, visit_id INTEGER,\n"
    "  t1_ns INTEGER NOT NULL,\n"              /* host raw, sent */
    "  t2_ns INTEGER NOT NULL,\n"              /* guest raw, received */
    "  t3_ns INTEGER NOT NULL,\n"              /* guest raw, answered */
    "  t4_ns INTEGER NOT NULL,\n"              /* host raw, received */
    "  host_tsc INTEGER, guest_tsc INTEGER,\n" /* at t1 and at t2 */
    "  guest_wall_ns INTEGER\n"                /* at t2 */
    ") STRICT;\n"
    "CREATE TABLE note (\n"
    "  raw_ns INTEGER, wall_ns INTEGER NOT NULL, visit_id INTEGER, guest_id INTEGER,\n"
    "  severity TEXT NOT NULL,\n" /* info, warning, error */
    "  text TEXT NOT NULL\n"
    ") STRICT;\n";

static const char sched_window[] =
    "CREATE VIEW sched_window AS SELECT *, 1.0 * delay_ns / nullif(delay_ns + run_ns, 0)"
    " AS wait_ratio FROM sched_difference;\n";

/*
 * A cumulative counter that drops is a restarted guest: the difference is unknown, not negative.
 * One window per pair of neighbouring samples of one vCPU within one visit.
 */
static void
append_window_view(GString *sql, const char *view, const char *table, bool with_mode,
                   bool has_phase, const GPtrArray *columns)
{
    const char *mode = with_mode ? ", s.mode" : "";
    const char *phase = has_phase ? ", s.phase" : "";

    g_string_append_printf(
        sql,
        "CREATE VIEW %s AS SELECT\n  g.name AS guest, s.vcpu, c.name AS condition,\n"
        "  v.id AS visit_id, v.repeat, v.step_percent, v.vp_percent, v.load_percent%s%s,\n"
        "  s.raw_ns, s.wall_ns,\n"
        "  s.raw_ns - lag(s.raw_ns) OVER w AS window_ns,\n"
        "  (s.raw_ns - first_value(s.raw_ns) OVER w) / 1e9 AS t_seconds",
        view, mode, phase);
    for (guint i = 0; i < columns->len; i++) {
        const char *column = columns->pdata[i];

        g_string_append_printf(sql,
                               ",\n  CASE WHEN s.\"%s\" >= lag(s.\"%s\") OVER w"
                               " THEN s.\"%s\" - lag(s.\"%s\") OVER w END AS \"%s\"",
                               column, column, column, column, column);
    }
    g_string_append_printf(sql,
                           "\nFROM %s s JOIN guest g ON g.id = s.guest_id\n"
                           "LEFT JOIN visit v ON v.id = s.visit_id\n"
                           "LEFT JOIN condition c ON c.id = v.condition_id\n"
                           "WINDOW w AS (PARTITION BY s.guest_id, s.vcpu, s.visit_id%s"
                           " ORDER BY s.raw_ns);\n",
                           table, mode);
}

static void
append_counter_table(GString *sql, const char *table, bool with_mode, const GPtrArray *columns)
{
    g_string_append_printf(sql,
                           "CREATE TABLE %s (\n"
                           "  guest_id INTEGER NOT NULL, vcpu INTEGER NOT NULL, visit_id INTEGER,\n"
                           "%s"
                           "  phase INTEGER,\n" /* of the window that ends here */
                           "  raw_ns INTEGER NOT NULL, tsc INTEGER, wall_ns INTEGER NOT NULL",
                           table, with_mode ? "  mode TEXT NOT NULL,\n" : "");
    for (guint i = 0; i < columns->len; i++)
        g_string_append_printf(sql, ",\n  \"%s\" INTEGER", (const char *) columns->pdata[i]);
    g_string_append(sql, "\n) STRICT;\n");
    g_string_append_printf(sql, "CREATE INDEX %s_by_vcpu ON %s (guest_id, vcpu, raw_ns);\n", table,
                           table);
}

char *
dataset_time_column(const char *time, unsigned group)
{
    return group ? g_strdup_printf("%s_%u", time, group) : g_strdup(time);
}

/* The events, and two times for each group of them. */
static GPtrArray *
counter_columns(const char *const *events, const unsigned *groups)
{
    GPtrArray *columns = g_ptr_array_new_with_free_func(g_free);
    unsigned last = 0;

    for (size_t i = 0; events[i]; i++) {
        g_ptr_array_add(columns, event_column(events[i]));
        last = MAX(last, groups ? groups[i] : 0);
    }
    for (unsigned group = 0; group <= last; group++) {
        g_ptr_array_add(columns, dataset_time_column("enabled_ns", group));
        g_ptr_array_add(columns, dataset_time_column("running_ns", group));
    }
    return columns;
}

static void
append_sched_views(GString *sql)
{
    g_autoptr(GPtrArray) columns = g_ptr_array_new();

    for (const char *const *name = (const char *const[]){ "run_ns", "delay_ns", "slices", NULL };
         *name; name++)
        g_ptr_array_add(columns, (void *) *name);
    append_window_view(sql, "sched_difference", "sched_sample", false, false, columns);
    g_string_append(sql, sched_window);
}

char *
dataset_schema_sql_grouped(const char *const *events, const unsigned *groups)
{
    g_autoptr(GPtrArray) host = counter_columns(events, groups);
    g_autoptr(GPtrArray) guest = counter_columns(events, groups);
    GString *sql = g_string_new(fixed_tables);

    /* The guest's own view of time taken from it (/proc/stat), never a host number. */
    for (const char *const *own = dataset_guest_columns; *own; own++)
        g_ptr_array_add(guest, g_strdup(*own));

    append_counter_table(sql, "host_sample", true, host);
    append_counter_table(sql, "guest_sample", false, guest);
    append_window_view(sql, "host_window", "host_sample", true, true, host);
    append_window_view(sql, "guest_window", "guest_sample", false, true, guest);
    append_sched_views(sql);
    g_string_append(sql, "CREATE INDEX sched_sample_by_vcpu ON sched_sample"
                         " (guest_id, vcpu, raw_ns);\n"
                         "CREATE INDEX cpu_sample_by_cpu ON cpu_sample (cpu, raw_ns);\n"
                         "CREATE INDEX memory_sample_by_visit ON memory_sample (visit_id);\n");
    g_string_append_printf(sql, "PRAGMA application_id = %d;\nPRAGMA user_version = %d;\n",
                           DATASET_APPLICATION_ID, DATASET_FORMAT);
    return g_string_free(sql, FALSE);
}

char *
dataset_schema_sql(const char *const *events)
{
    return dataset_schema_sql_grouped(events, NULL);
}
