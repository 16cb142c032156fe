/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/steal_check.h"

#include <math.h>

#include "common/base/cpuset.h"
#include "common/dataset/visit_times.h"

#define TOLERANCE_WITH_HOUSEKEEPING 0.03
#define TOLERANCE_WITHOUT 0.06
#define COVERAGE 0.98
#define COVERAGE_TCG 0.95
/* A visit's times are taken just after its first samples and just before its last. */
#define EDGE_PARTS 20

typedef struct {
    bool micro;
    double quota;      /* CPUs that it may use */
    double run, delay; /* CPUs: nanoseconds over the nanoseconds between the two samples */
} VcpuShare;

static const char *const sched_columns[] = { "run_ns", "delay_ns", NULL };
static const char *const cpu_columns[] = { "idle_ns", "iowait_ns", NULL };

static double
share_of(const DatasetRow *first, const DatasetRow *last, int column)
{
    if (!(first->present & last->present & 1ull << column))
        return 0;
    return (double) (last->value[column] - first->value[column]) /
           (double) (last->raw_ns - first->raw_ns);
}

static bool
add_guest(DatasetReader *reader, const DatasetGuest *guest, const int64_t range[2], GArray *shares,
          GError **error)
{
    for (int64_t vcpu = 0; vcpu < MIN(guest->vcpus, 1024); vcpu++) {
        DatasetRow first, last;
        VcpuShare share = { .micro = g_str_equal(guest->role, "micro"),
                            .quota = guest->cpu_quota_percent > 0
                                         ? fmin(1, (double) guest->cpu_quota_percent / 100)
                                         : 1 };
        bool found;

        if (!dataset_reader_ends(reader, DATASET_SCHED_SAMPLES, guest->id, vcpu, range[0], range[1],
                                 sched_columns, &first, &last, &found, error))
            return false;
        if (!found)
            continue;
        share.run = share_of(&first, &last, 0);
        share.delay = share_of(&first, &last, 1);
        if (share.run >= 0 && share.delay >= 0)
            g_array_append_val(shares, share);
    }
    return true;
}

static int
by_wanted_time(const void *a, const void *b)
{
    const VcpuShare *x = a, *y = b;
    double wanted_x = x->run + x->delay, wanted_y = y->run + y->delay;

    return (wanted_x < wanted_y) - (wanted_x > wanted_y);
}

/* All vCPUs with samples in the range, those that wanted most time first: the loaded ones. */
static GArray *
collect_shares(DatasetReader *reader, const int64_t range[2], GError **error)
{
    const DatasetFacts *facts = dataset_reader_facts(reader);
    g_autoptr(GArray) shares = g_array_new(FALSE, FALSE, sizeof(VcpuShare));

    for (guint i = 0; i < facts->guests->len; i++)
        if (!add_guest(reader, &g_array_index(facts->guests, DatasetGuest, i), range, shares,
                       error))
            return NULL;
    g_array_sort(shares, by_wanted_time);
    return g_steal_pointer(&shares);
}

static bool
in_pool(const char *list, int64_t cpu)
{
    cpu_set_t pool;

    if (!list || !cpuset_parse(list, &pool, NULL))
        return true;
    return cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET(cpu, &pool);
}

/* CPUs' worth of the pool that were not idle; time stolen from this host counts as used. */
static bool
busy_cpus(DatasetReader *reader, const DatasetVisit *visit, const int64_t range[2],
          double *ret_busy, GError **error)
{
    const DatasetRun *run = &dataset_reader_facts(reader)->run;
    const char *pool = visit->pool ? visit->pool : run->pool;
    g_autoptr(GArray) cpus = NULL;
    double busy = 0;
    int64_t seen = 0;

    if (!dataset_reader_vcpus(reader, DATASET_CPU_SAMPLES, 0, &cpus, error))
        return false;
    for (guint i = 0; i < cpus->len; i++) {
        int64_t cpu = g_array_index(cpus, int64_t, i);
        DatasetRow first, last;
        bool found;

        if (!in_pool(pool, cpu))
            continue;
        if (!dataset_reader_ends(reader, DATASET_CPU_SAMPLES, 0, cpu, range[0], range[1],
                                 cpu_columns, &first, &last, &found, error))
            return false;
        if (!found)
            continue;
        busy += 1 - share_of(&first, &last, 0) - share_of(&first, &last, 1);
        seen++;
    }
    *ret_busy = seen == visit_pool_cpus(run, visit) ? busy : NAN;
    return true;
}

typedef struct {
    double quota, run, delay, micro_run, micro_delay, lowest;
    double bulk_run, bulk_squares;
    guint bulk;
} Sums;

static Sums
sum_loaded(const GArray *shares, gint64 n)
{
    Sums sums = { .lowest = INFINITY };

    for (guint i = 0; i < shares->len && i < n; i++) {
        const VcpuShare *share = &g_array_index(shares, VcpuShare, i);

        sums.quota += share->quota;
        sums.run += share->run;
        sums.delay += share->delay;
        sums.lowest = fmin(sums.lowest, share->run + share->delay);
        if (share->micro) {
            sums.micro_run += share->run;
            sums.micro_delay += share->delay;
        } else {
            sums.bulk_run += share->run;
            sums.bulk_squares += share->run * share->run;
            sums.bulk++;
        }
    }
    return sums;
}

static void
judge(const DatasetRun *run, StealCheck *check)
{
    bool tcg = run->accelerator && g_str_equal(run->accelerator, "tcg");

    check->pass = 0;
    if (!(check->lowest_coverage >= (tcg ? COVERAGE_TCG : COVERAGE)))
        check->reason = "a loaded vCPU was not always runnable: its load stopped or slept";
    else if (fabs(check->measured_ratio - check->expected_ratio) > check->tolerance)
        check->reason = check->measured_ratio > check->expected_ratio
                            ? "the vCPUs waited longer than the load explains"
                            : "the vCPUs waited less than the load explains";
    else
        check->pass = 1;
}

/* Kept for the whole run, or left to the host by a visit that shrank the pool. */
static bool
a_cpu_was_kept(const DatasetRun *run, const DatasetVisit *visit)
{
    return run->housekeeping == 1 || (visit->pool_cpus > 0 && visit->pool_cpus < run->pool_cpus);
}

/* A vCPU whose load waits for a disk does not want to run all the time: nothing can be expected. */
static bool
waits_for_a_disk(const DatasetFacts *facts, const DatasetVisit *visit)
{
    const DatasetCondition *condition = dataset_facts_condition(facts, visit->condition_id);

    return condition &&
           (g_strcmp0(condition->victim_load, "disk") == 0 ||
            (g_strcmp0(condition->culprit_load, "disk") == 0 && visit->bulk_running > 0));
}

static StealCheck
new_check(const DatasetFacts *facts, const DatasetVisit *visit)
{
    const DatasetCondition *condition = dataset_facts_condition(facts, visit->condition_id);
    StealCheck check = { .condition = condition ? condition->name : "",
                         .kind = visit->kind,
                         .visit_id = visit->id,
                         .repeat = visit->repeat,
                         .vp_percent = visit->vp_percent,
                         .load_percent = visit->load_percent,
                         .core_percent = visit->core_percent,
                         .loaded_vcpus = visit->runnable_vcpus >= 0 ? visit->runnable_vcpus : -1,
                         .other_cpus = NAN,
                         .expected_ratio = NAN,
                         .measured_ratio = NAN,
                         .micro_ratio = NAN,
                         .tolerance = a_cpu_was_kept(&facts->run, visit)
                                          ? TOLERANCE_WITH_HOUSEKEEPING
                                          : TOLERANCE_WITHOUT,
                         .lowest_coverage = NAN,
                         .jain = NAN,
                         .pass = -1 };

    return check;
}

static void
fill(double pool, const GArray *shares, double busy, StealCheck *check)
{
    Sums sums = sum_loaded(shares, check->loaded_vcpus);
    double n = (double) check->loaded_vcpus, usable;

    check->measured_ratio = sums.delay / (sums.delay + sums.run);
    if (sums.micro_run + sums.micro_delay > 0)
        check->micro_ratio = sums.micro_delay / (sums.micro_delay + sums.micro_run);
    check->lowest_coverage = sums.lowest;
    if (sums.bulk > 1)
        check->jain = sums.bulk_run * sums.bulk_run / (sums.bulk * sums.bulk_squares);
    /* Without CPU samples nothing is known of other users: the closed form of the bare pool. */
    check->other_cpus = isnan(busy) ? NAN : fmax(0, busy - sums.run);
    usable = fmin(sums.quota, pool - (isnan(busy) ? 0 : check->other_cpus));
    check->expected_ratio = fmax(0, 1 - usable / n);
}

bool
steal_check(DatasetReader *reader, const DatasetVisit *visit, StealCheck *ret_check, GError **error)
{
    const DatasetFacts *facts = dataset_reader_facts(reader);
    const int64_t edge = facts->run.interval_ns / EDGE_PARTS;
    const int64_t range[2] = { visit_evidence_from_ns(&facts->run, visit) - edge,
                               visit->end_raw_ns + edge };
    int64_t pool_cpus = visit_pool_cpus(&facts->run, visit);
    g_autoptr(GArray) shares = NULL;
    StealCheck check = new_check(facts, visit);
    double busy = NAN;

    if (!(shares = collect_shares(reader, range, error)) ||
        !busy_cpus(reader, visit, range, &busy, error))
        return false;

    if (pool_cpus <= 0 || check.loaded_vcpus < 0)
        check.reason = "the pool or the number of loaded vCPUs is not known";
    else if (check.loaded_vcpus == 0)
        check.reason = "nothing was loaded";
    else if ((gint64) shares->len < check.loaded_vcpus)
        check.reason = "run and wait times of the loaded vCPUs were not recorded";
    else {
        fill((double) pool_cpus, shares, busy, &check);
        if (waits_for_a_disk(facts, visit))
            check.reason = "a load waits for a disk, and does not always want to run";
        else
            judge(&facts->run, &check);
    }
    *ret_check = check;
    return true;
}
