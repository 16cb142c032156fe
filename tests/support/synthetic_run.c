/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/synthetic_run.h"

#include "common/dataset/writer.h"
#include <math.h>
#include <string.h>

#define RUN_START_NS 5000000000000ll
#define WALL_START_NS 1700000000000000000ll
#define BINS_A_WINDOW 4
#define CYCLES_A_SECOND 1e9
#define CYCLE_RATIO_MISS 1e-4

enum { CYCLES, INSTRUCTIONS, BRANCHES, BRANCH_MISSES, CACHE_MISSES, EVENTS };

static const double default_steps[] = { 0, 50, 100, 150, 200 };
static const char *const default_conditions[] = { "quiet", "noisy", NULL };

const SyntheticPlan synthetic_plan_default = {
    .seed = 1,
    .pool_cpus = 2,
    .repeats = 3,
    .steps_percent = default_steps,
    .n_steps = G_N_ELEMENTS(default_steps),
    .conditions = default_conditions,
    .measure_seconds = 12,
    .settle_seconds = 3,
    .drop_seconds = 5,
    .interval_ms = 1000,
    .clock_offset_s = 4321,
    .clock_drift_ppm = 25,
    .fidelity_ratio = 1,
    .shape = SYNTHETIC_HINGE,
    .knee_percent = 100,
    .effect = 0.6,
    .visit_sd = 0.02,
    .window_sd = 0.03,
    .counters = "emulated",
    .accelerator = "tcg",
    .state = "complete",
};

typedef struct {
    const SyntheticPlan *plan;
    DatasetWriter *writer;
    GRand *random;
    int64_t now_ns, interval_ns;
    int64_t guest_ids[64];
    guint guests;                                   /* micro first */
    double count[EVENTS], run_ns[64], delay_ns[64]; /* cumulative */
    double idle_ns, spare_ns;  /* idle: of each CPU in use, of each that was given up */
    double guest_base[EVENTS]; /* subtracted after a restart */
    guint visits_total, visit;
    guint load_cpus; /* of this visit */
    bool restarted;
} Maker;

static int64_t
to_guest_ns(const Maker *maker, int64_t host_ns)
{
    const SyntheticPlan *plan = maker->plan;
    double since = (double) (host_ns - RUN_START_NS);
    int64_t step =
        2 * maker->visit >= maker->visits_total ? (int64_t) (plan->clock_step_ms * 1e6) : 0;

    /* host = guest * (1 + drift) + offset, so that the planted drift is the fitted one. */
    return llround(since / (1 + plan->clock_drift_ppm * 1e-6)) + step +
           (int64_t) (plan->clock_offset_s * 1e9);
}

static Stamp
stamp(int64_t raw_ns)
{
    return (Stamp){ raw_ns, 0, WALL_START_NS + raw_ns };
}

static bool
write_ping(Maker *maker, int64_t visit_id, int64_t at_ns, GError **error)
{
    double there = 180e3 + 60e3 * -log(1 - g_rand_double(maker->random));
    double back = 180e3 + 60e3 * -log(1 - g_rand_double(maker->random));
    PingRow row = { .guest_id = maker->guest_ids[0],
                    .visit_id = visit_id,
                    .t1_ns = at_ns,
                    .t2_ns = to_guest_ns(maker, at_ns + (int64_t) there),
                    .t3_ns = to_guest_ns(maker, at_ns + (int64_t) there + 20000),
                    .t4_ns = at_ns + (int64_t) (there + back) + 20000,
                    .guest_wall_ns = WALL_START_NS + at_ns };

    return writer_ping(maker->writer, &row, error);
}

static bool
write_burst(Maker *maker, int64_t visit_id, GError **error)
{
    for (int i = 0; i < 50; i++, maker->now_ns += 3000000)
        if (!write_ping(maker, visit_id, maker->now_ns, error))
            return false;
    return true;
}

static bool
write_host(Maker *maker, int64_t visit_id, GError **error)
{
    HostSampleRow host = { .key = { maker->guest_ids[0], 0, visit_id, stamp(maker->now_ns) },
                           .mode = "guest" };

    for (int e = 0; e < EVENTS; e++)
        host.cells.counts[e] = (uint64_t) maker->count[e];
    host.cells.enabled_ns[0] = host.cells.running_ns[0] = (uint64_t) (maker->now_ns - RUN_START_NS);
    return writer_host_sample(maker->writer, &host, error);
}

static bool
write_guest(Maker *maker, int64_t visit_id, GError **error)
{
    const double ratio = maker->plan->fidelity_ratio;
    GuestSampleRow guest = {
        .key = { maker->guest_ids[0],
                 0,
                 visit_id,
                 { to_guest_ns(maker, maker->now_ns), 0, WALL_START_NS + maker->now_ns } },
        .steal_ns = 0,
        .busy_ns = (uint64_t) maker->run_ns[0],
        .canary_branches = ABSENT_U64,
        .canary_misses = ABSENT_U64,
    };

    for (int e = 0; e < EVENTS; e++) {
        double seen = maker->count[e] * (e == BRANCH_MISSES ? ratio : 1) - maker->guest_base[e];

        guest.cells.counts[e] = (uint64_t) seen;
    }
    guest.cells.enabled_ns[0] = (uint64_t) (maker->now_ns - RUN_START_NS);
    guest.cells.running_ns[0] = guest.cells.enabled_ns[0];
    return writer_guest_sample(maker->writer, &guest, error);
}

static bool
write_sched(Maker *maker, int64_t visit_id, GError **error)
{
    for (guint g = 0; g < maker->guests; g++) {
        SchedSampleRow row = { .key = { maker->guest_ids[g], 0, visit_id, stamp(maker->now_ns) },
                               .run_ns = (uint64_t) maker->run_ns[g],
                               .delay_ns = (uint64_t) maker->delay_ns[g] };

        if (!writer_sched_sample(maker->writer, &row, error))
            return false;
    }
    for (guint cpu = 0; cpu < maker->plan->pool_cpus; cpu++) {
        CpuSampleRow row = { .cpu = cpu,
                             .visit_id = visit_id,
                             .stamp = stamp(maker->now_ns),
                             .idle_ns = (uint64_t) (cpu < maker->load_cpus ? maker->idle_ns
                                                                           : maker->spare_ns) };

        if (!writer_cpu_sample(maker->writer, &row, error))
            return false;
    }
    return true;
}

typedef struct {
    double misses_ratio; /* branch misses per cycle of this visit */
    guint loaded;        /* vCPUs, the micro guest's too */
    guint cpus;          /* on which they run */
    double share;        /* delay share of a loaded vCPU */
} Load;

/* Time passes: all cumulative counts grow by what `ns` of this load gives. */
static void
pass_time(Maker *maker, const Load *load, double ns, double window_noise)
{
    const SyntheticPlan *plan = maker->plan;
    double share = CLAMP(load->share + 0.05 * window_noise * (load->share > 0), 0, 0.95);
    double cycles = CYCLES_A_SECOND * (1 - share) * ns / 1e9;
    double noise = 1 + plan->window_sd * synthetic_normal(maker->random) +
                   plan->within_slope * (share - load->share);

    for (guint g = 0; g < load->loaded && g < maker->guests; g++) {
        double own = g == 0 ? share : load->share;

        maker->run_ns[g] += ns * (1 - own);
        maker->delay_ns[g] += ns * own;
    }
    maker->idle_ns += ns * fmax(0, 1 - load->loaded * (1 - load->share) / load->cpus);
    maker->spare_ns += ns;
    maker->count[CYCLES] += cycles;
    maker->count[INSTRUCTIONS] += cycles * 0.8;
    maker->count[BRANCHES] += cycles * 0.16;
    maker->count[BRANCH_MISSES] += cycles * load->misses_ratio * noise;
    maker->count[CACHE_MISSES] +=
        cycles * 7e-4 * (1 + plan->window_sd * synthetic_normal(maker->random));
    maker->now_ns += (int64_t) ns;
}

static void
restart_guest_counters(Maker *maker)
{
    if (!maker->plan->restart || maker->restarted || maker->visit != 1)
        return;
    memcpy(maker->guest_base, maker->count, sizeof maker->guest_base);
    maker->guest_base[BRANCH_MISSES] *= maker->plan->fidelity_ratio;
    maker->restarted = true;
}

static bool
measure(Maker *maker, const VisitRow *visit, const Load *load, GError **error)
{
    const SyntheticPlan *plan = maker->plan;
    guint windows = (guint) (plan->measure_seconds * 1000 / plan->interval_ms);
    guint lead = plan->guest_lead_bins;

    for (guint w = 0; w <= windows; w++) {
        bool lost = w > 0 && g_rand_double(maker->random) < plan->lost_ratio;
        double noise = synthetic_normal(maker->random);

        if (w == windows / 2)
            restart_guest_counters(maker);
        if (!write_host(maker, visit->id, error) || !write_sched(maker, visit->id, error) ||
            (!lost && (lead == 0 || w == 0 || w == windows) &&
             !write_guest(maker, visit->id, error)))
            return false;
        for (guint b = 0; w < windows && b < BINS_A_WINDOW; b++) {
            if (lead > 0 && b == BINS_A_WINDOW - lead && !write_guest(maker, visit->id, error))
                return false;
            pass_time(maker, load, (double) maker->interval_ns / BINS_A_WINDOW, noise);
        }
    }
    return true;
}

static Load
load_of(Maker *maker, double vp, guint loaded, guint cpus)
{
    const SyntheticPlan *plan = maker->plan;
    double quota = plan->quota_percent ? plan->quota_percent / 100.0 : 1;
    double visit_noise = 1 + plan->visit_sd * synthetic_normal(maker->random);

    return (Load){
        .misses_ratio = synthetic_value(plan, vp) * CYCLE_RATIO_MISS * fmax(0.05, visit_noise),
        .loaded = loaded,
        .cpus = cpus,
        .share = fmax(0, 1 - fmin(quota * loaded, (double) cpus) / loaded) + plan->wrong_steal,
    };
}

static bool
make_visit(Maker *maker, int64_t condition_id, guint repeat, double step, GError **error)
{
    const SyntheticPlan *plan = maker->plan;
    guint cpus =
        plan->shrink && step > 0 ? (guint) lround(100 * plan->pool_cpus / step) : plan->pool_cpus;
    guint bulk = (guint) lround(step / 100 * cpus), loaded = bulk + 1;
    Load load = load_of(maker, 100.0 * bulk / cpus, loaded, cpus);
    g_autofree char *pool = g_strdup_printf("0-%u", cpus - 1);
    VisitRow visit = visit_row_none;

    visit.condition_id = condition_id;
    visit.repeat = repeat;
    visit.position = maker->visit + 1;
    visit.kind = "step";
    visit.step_percent = step;
    visit.bulk_running = bulk;
    visit.runnable_vcpus = loaded;
    visit.vp_percent = 100.0 * bulk / cpus;
    visit.load_percent = visit.core_percent = 100.0 * loaded / cpus;
    visit.boundary = loaded == cpus + 1;
    if (plan->shrink) {
        visit.pool = pool;
        visit.pool_cpus = visit.pool_cores = cpus;
    }
    maker->load_cpus = cpus;
    visit.state = "running";
    visit.load_raw_ns = maker->now_ns;
    if (!writer_visit(maker->writer, &visit, error))
        return false;
    pass_time(maker, &load, plan->settle_seconds * 1e9, 0);
    if (!write_burst(maker, visit.id, error))
        return false;

    visit.start_raw_ns = maker->now_ns;
    visit.start_wall_ns = WALL_START_NS + maker->now_ns;
    if (!measure(maker, &visit, &load, error))
        return false;
    visit.end_raw_ns = maker->now_ns;
    visit.end_wall_ns = WALL_START_NS + maker->now_ns;
    visit.state = "done";
    visit.settled = 1;
    if (!write_burst(maker, visit.id, error) || !writer_visit(maker->writer, &visit, error))
        return false;
    maker->now_ns += 1000000000;
    maker->visit++;
    return true;
}

static bool
write_run(Maker *maker, GError **error)
{
    const SyntheticPlan *plan = maker->plan;
    g_autofree char *pool =
        plan->pool_cpus > 1 ? g_strdup_printf("0-%u", plan->pool_cpus - 1) : g_strdup("0");
    const RunRow row = {
        .uuid = "00000000-0000-4000-8000-000000000001",
        .name = "synthetic",
        .command = "run",
        .started_wall_ns = WALL_START_NS + RUN_START_NS,
        .counters = plan->counters,
        .accelerator = plan->accelerator,
        .connect = "qemu:///embed",
        .pool = pool,
        .pool_cpus = plan->pool_cpus,
        .pool_cores = plan->pool_cpus,
        .housekeeping = 0,
        .interval_ns = (uint64_t) maker->interval_ns,
        .settle_ns = (uint64_t) (plan->settle_seconds * 1e9),
        .drop_ns = (uint64_t) (plan->drop_seconds * 1e9),
        .load = "[\"stress\", \"-c\", \"1\"]",
        .cpu_model = "Synthetic CPU <1> & \"co\"",
        .microcode = "0x1",
        .kernel = "6.1.0",
        .mitigations = "{\"spectre_v2\": \"Mitigation: IBPB\"}",
    };

    return writer_run(maker->writer, &row, error);
}

static bool
write_guests(Maker *maker, GError **error)
{
    double most = 0;

    for (guint i = 0; i < maker->plan->n_steps; i++)
        most = fmax(most, maker->plan->steps_percent[i]);
    maker->guests = MIN(64, 1 + (guint) lround(most / 100 * maker->plan->pool_cpus));
    for (guint g = 0; g < maker->guests; g++) {
        g_autofree char *name = g ? g_strdup_printf("bulk-%02u", g) : g_strdup("vm-micro");
        GuestRow row = guest_row_none;

        row.name = name;
        row.role = g ? "bulk" : "micro";
        row.vcpus = 1;
        if (maker->plan->quota_percent)
            row.cpu_quota_percent = maker->plan->quota_percent;
        if (!writer_guest(maker->writer, &row, &maker->guest_ids[g], error))
            return false;
    }
    return true;
}

/* Each block holds every step of one condition once; conditions alternate ABBA over the repeats. */
static bool
make_blocks(Maker *maker, GError **error)
{
    const SyntheticPlan *plan = maker->plan;
    guint n_conditions = g_strv_length((char **) plan->conditions);
    int64_t ids[8];

    for (guint c = 0; c < n_conditions; c++) {
        ConditionRow row = { .name = plan->conditions[c], .ksm = c ? "on" : "off" };

        if (!writer_condition(maker->writer, &row, &ids[c], error))
            return false;
    }
    maker->visits_total = plan->repeats * n_conditions * plan->n_steps;
    for (guint r = 0; r < plan->repeats; r++) {
        for (guint k = 0; k < n_conditions; k++) {
            guint c = r % 2 ? n_conditions - 1 - k : k;

            for (guint s = 0; s < plan->n_steps; s++)
                if (!make_visit(maker, ids[c], r + 1, plan->steps_percent[s], error))
                    return false;
        }
    }
    return true;
}

bool
synthetic_run_write(const SyntheticPlan *plan, const char *path, GError **error)
{
    static const WriterEvent events[EVENTS] = {
        { "cycles", 0 },        { "instructions", 0 }, { "branches", 0 },
        { "branch-misses", 0 }, { "cache-misses", 0 },
    };
    g_autoptr(DatasetWriter) writer = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32) plan->seed);
    Maker maker = { .plan = plan,
                    .random = random,
                    .now_ns = RUN_START_NS,
                    .interval_ns = (int64_t) plan->interval_ms * 1000000 };

    if (!writer_open(path, WRITER_REPLACE, events, EVENTS, &writer, error))
        return false;
    maker.writer = writer;
    return writer_begin(writer, error) && write_run(&maker, error) && write_guests(&maker, error) &&
           make_blocks(&maker, error) && writer_commit(writer, error) &&
           writer_finish(writer, plan->state, error);
}
