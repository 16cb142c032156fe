/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/analysis.h"

#include <math.h>

#include "common/base/failure.h"
#include "common/base/pace.h"
#include "common/dataset/visit_times.h"
#include "correlate/answer.h"

#define NOTES_SHOWN 50

typedef struct {
    Analysis *analysis;
    Fidelity *fidelity;
    int instructions;     /* index of the event; -1: not counted */
    Visit *visit;         /* the one being walked */
    GArray *guest, *host; /* double: one event's counts in the present stretch of windows */
    int64_t stretch_end_ns;
} Pass;

#define STRETCH_WINDOWS 1024 /* more of one visit say nothing new about a lag */

typedef struct {
    DatasetReader *reader;
    ClockTable *clocks;
    bool host_only;
    WindowFunc each;
    void *data;
    Exclusions *exclusions;
} Tour;

static bool
walk_vcpus(const Tour *tour, const DatasetVisit *visit, const DatasetGuest *guest,
           const GArray *vcpus, bool has_guest_view, GError **error)
{
    for (guint i = 0; i < vcpus->len; i++) {
        WalkTarget target = { visit, guest, g_array_index(vcpus, int64_t, i),
                              clock_table_map(tour->clocks, guest->id), has_guest_view };

        if (!clock_table_enter_visit(tour->clocks, tour->reader, guest, target.vcpu, visit,
                                     error) ||
            !visit_walk(tour->reader, &target, tour->each, tour->data, tour->exclusions, error))
            return false;
    }
    return true;
}

static bool
walk_guest(const Tour *tour, const DatasetVisit *visit, const DatasetGuest *guest, GError **error)
{
    g_autoptr(GArray) own = NULL;
    g_autoptr(GArray) host = NULL;

    if (!dataset_reader_vcpus(tour->reader, DATASET_GUEST_SAMPLES, guest->id, &own, error))
        return false;
    if (own->len > 0 || !tour->host_only)
        return walk_vcpus(tour, visit, guest, own, true, error);
    if (!dataset_reader_vcpus(tour->reader, DATASET_HOST_SAMPLES, guest->id, &host, error))
        return false;
    /* A recording without counters still has run and wait times. */
    if (host->len == 0) {
        g_clear_pointer(&host, g_array_unref);
        if (!dataset_reader_vcpus(tour->reader, DATASET_SCHED_SAMPLES, guest->id, &host, error))
            return false;
    }
    return walk_vcpus(tour, visit, guest, host, false, error);
}

/* A guest made for one block of the run takes no part in the others. */
static bool
takes_part(const DatasetGuest *guest, const DatasetVisit *visit)
{
    return (guest->condition_id == DATASET_UNKNOWN || guest->condition_id == visit->condition_id) &&
           (guest->repeat == DATASET_UNKNOWN || guest->repeat == visit->repeat);
}

static bool
walk_visit(const Tour *tour, const DatasetVisit *visit, GError **error)
{
    const DatasetFacts *facts = dataset_reader_facts(tour->reader);

    for (guint i = 0; i < facts->guests->len; i++) {
        const DatasetGuest *guest = &g_array_index(facts->guests, DatasetGuest, i);

        if (takes_part(guest, visit) && !walk_guest(tour, visit, guest, error))
            return false;
    }
    return true;
}

bool
analysis_walk(DatasetReader *reader, ClockTable *clocks, bool host_only, WindowFunc each,
              void *data, Exclusions *exclusions, GError **error)
{
    const DatasetFacts *facts = dataset_reader_facts(reader);
    const Tour tour = { reader, clocks, host_only, each, data, exclusions };

    pace_begin("reading visits", facts->visits->len);
    for (guint i = 0; i < facts->visits->len; i++, pace_step())
        if (!walk_visit(&tour, &g_array_index(facts->visits, DatasetVisit, i), error))
            return false;
    return true;
}

/* Which of the events counts instructions; -1: none. */
static int
instructions_of(const DatasetFacts *facts)
{
    for (guint i = 0; i < MIN(facts->events->len, EVENT_MAX); i++)
        if (g_str_equal(g_array_index(facts->events, DatasetEvent, i).column, "instructions"))
            return (int) i;
    return -1;
}

/* As the host has it, where it counted. */
static double
instructions_per_second(int event, const Window *window)
{
    double host = event >= 0 ? window->host_count[event] : NAN;

    return (isnan(host) ? window->guest.count[GUEST_INSTRUCTIONS] : host) / window->guest.seconds;
}

static void
end_stretch(Pass *pass)
{
    lag_sweep_add(&pass->analysis->lags, (const double *) pass->guest->data,
                  (const double *) pass->host->data, pass->guest->len);
    g_array_set_size(pass->guest, 0);
    g_array_set_size(pass->host, 0);
}

/* A gap in time ends a stretch: a lag is counted in neighbouring windows. */
static void
take_lag(Pass *pass, const Window *window)
{
    double guest = window->guest_count[0], host = window->compared ? window->host_count[0] : NAN;

    if (window->start_ns != pass->stretch_end_ns || isnan(guest) || isnan(host) ||
        pass->guest->len >= STRETCH_WINDOWS)
        end_stretch(pass);
    pass->stretch_end_ns = window->end_ns;
    if (isnan(guest) || isnan(host))
        return;
    g_array_append_val(pass->guest, guest);
    g_array_append_val(pass->host, host);
}

static bool
take_window(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    Pass *pass = data;
    WindowValues values = { .t_seconds = window->t_seconds };
    double wanted = window->delay_ns + window->run_ns;

    /* A guest that counts its load alone counts less than the host does of the whole vCPU. */
    if (g_strcmp0(target->guest->scope, "task") != 0)
        fidelity_add(pass->fidelity, target, window);
    turn_windows_add(&pass->analysis->turns, window, pass->analysis->facts->events->len);
    take_lag(pass, window);
    for (size_t i = 0; i < ESTIMATOR_COUNT; i++)
        values.value[i] = estimator_value(estimator_list[i], &window->guest);
    values.delay_share = wanted > 0 ? window->delay_ns / wanted : NAN;
    values.instructions_per_second = instructions_per_second(pass->instructions, window);
    visit_add_window(pass->visit, &values);
    return true;
}

static guint
condition_index(const DatasetFacts *facts, int64_t id)
{
    for (guint i = 0; i < facts->conditions->len; i++)
        if (g_array_index(facts->conditions, DatasetCondition, i).id == id)
            return i;
    return 0;
}

static Visit *
add_visit(Analysis *analysis, const DatasetVisit *from, const StealCheck *check)
{
    const DatasetVisit *first = &g_array_index(analysis->facts->visits, DatasetVisit, 0);
    Visit *visit = visits_add(analysis->visits);

    visit->condition = condition_index(analysis->facts, from->condition_id);
    visit->visit_id = from->id;
    visit->repeat = from->repeat;
    visit->position = from->position;
    g_strlcpy(visit->kind, from->kind, sizeof visit->kind);
    visit->vp_percent = from->vp_percent; /* what was planned and never reached is no load */
    visit->load_percent = isnan(from->load_percent) ? visit->vp_percent : from->load_percent;
    visit->core_percent = from->core_percent;
    visit->runnable = from->runnable_vcpus >= 0
                          ? (int) MIN(from->runnable_vcpus + MAX(0, from->host_hogs), G_MAXINT)
                          : -1;
    visit->pool_cpus = (int) CLAMP(visit_pool_cpus(&analysis->facts->run, from), 0, G_MAXINT);
    visit->boundary = from->boundary == 1;
    visit->settled = from->settled == DATASET_UNKNOWN ? -1 : from->settled == 1;
    visit->steal_pass = check->pass;
    visit->host_hogs = (int) CLAMP(from->host_hogs, 0, G_MAXINT);
    visit->foreign_seconds = from->foreign_ns > 0 ? (double) from->foreign_ns / 1e9 : 0;
    visit->jain = check->jain;
    visit->start_seconds = ((double) from->start_raw_ns - (double) first->start_raw_ns) / 1e9;
    return visit;
}

static bool
take_visit(Pass *pass, const DatasetVisit *visit, GError **error)
{
    Analysis *analysis = pass->analysis;
    const Tour tour = { analysis->reader,   analysis->clocks, false, take_window, pass,
                        &analysis->excluded };
    StealCheck check;

    if (visit_is_whole(visit)) {
        if (!steal_check(analysis->reader, visit, &check, error))
            return false;
        g_array_append_val(analysis->steal_checks, check);
        pass->visit = add_visit(analysis, visit, &check);
    }
    /* A visit that is no evidence calls nobody back, but its windows are counted as excluded. */
    if (!walk_visit(&tour, visit, error))
        return false;
    end_stretch(pass);
    return true;
}

static bool
pass_over(Analysis *analysis, GError **error)
{
    g_autoptr(Fidelity) fidelity = fidelity_new(analysis->facts);
    g_autoptr(GArray) guest = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GArray) host = g_array_new(FALSE, FALSE, sizeof(double));
    Pass pass = { .analysis = analysis,
                  .fidelity = fidelity,
                  .instructions = instructions_of(analysis->facts),
                  .guest = guest,
                  .host = host };

    pace_begin("reading visits", analysis->facts->visits->len);
    for (guint i = 0; i < analysis->facts->visits->len; i++, pace_step())
        if (!take_visit(&pass, &g_array_index(analysis->facts->visits, DatasetVisit, i), error))
            return false;
    analysis->fidelity = fidelity_rows(fidelity);
    return true;
}

Analysis *
analysis_scan(const char *path, GError **error)
{
    g_autoptr(Analysis) analysis = g_new0(Analysis, 1);

    analysis->steal_checks = g_array_new(FALSE, FALSE, sizeof(StealCheck));
    analysis->controls = controls_new();
    analysis->visits = visits_new();
    analysis->reader = dataset_reader_open(path, error);
    if (!analysis->reader)
        return NULL;
    analysis->facts = dataset_reader_facts(analysis->reader);
    for (guint i = 0; i < analysis->facts->conditions->len; i++)
        g_ptr_array_add(
            analysis->visits->conditions,
            g_strdup(g_array_index(analysis->facts->conditions, DatasetCondition, i).name));

    analysis->isolation = isolation_rows(analysis->facts);
    analysis->clocks = clock_table_new(analysis->reader, error);
    if (!analysis->clocks || !pass_over(analysis, error) ||
        !dataset_reader_swaps(analysis->reader, &analysis->swaps, error) ||
        !dataset_reader_notes(analysis->reader, NOTES_SHOWN, &analysis->notes, error))
        return NULL;
    return g_steal_pointer(&analysis);
}

Analysis *
analysis_new(const char *path, GError **error)
{
    Analysis *analysis = analysis_scan(path, error);

    if (!analysis)
        return NULL;
    analysis->estimators = evaluate(analysis->visits);
    controls_score(analysis->controls, analysis->visits, analysis->estimators, NULL);
    analysis->answer = answer_sentence(analysis);
    return analysis;
}

/* A threshold belongs to a CPU and to a source of counters. */
static bool
check_comparable(const DatasetRun *run, const DatasetRun *control, const char *path, GError **error)
{
    const struct {
        const char *what, *main, *other;
    } facts[] = {
        { "counters", run->counters, control->counters },
        { "CPU model", run->cpu_model, control->cpu_model },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
        if (g_strcmp0(facts[i].main, facts[i].other) != 0)
            return failure_set(error, FAILURE_FAILED,
                               "%s: cannot be a control of “%s”: its %s: “%s”, of that one: "
                               "“%s”, and a threshold says nothing there (run both on one host)",
                               path, run->name, facts[i].what,
                               facts[i].other ? facts[i].other : "not recorded",
                               facts[i].main ? facts[i].main : "not recorded");
    return true;
}

bool
analysis_add_control(Analysis *analysis, const char *path, GError **error)
{
    g_autoptr(Analysis) control = analysis_scan(path, error);

    if (!control || !check_comparable(&analysis->facts->run, &control->facts->run, path, error))
        return false;
    controls_score(analysis->controls, control->visits, analysis->estimators,
                   control->facts->run.name);
    return true;
}

void
analysis_free(Analysis *analysis)
{
    if (!analysis)
        return;

    g_clear_pointer(&analysis->steal_checks, g_array_unref);
    g_clear_pointer(&analysis->fidelity, g_array_unref);
    g_clear_pointer(&analysis->estimators, g_array_unref);
    g_clear_pointer(&analysis->controls, g_array_unref);
    g_clear_pointer(&analysis->isolation, g_array_unref);
    g_clear_pointer(&analysis->notes, g_array_unref);
    g_clear_pointer(&analysis->swaps, g_array_unref);
    visits_free(analysis->visits);
    clock_table_free(analysis->clocks);
    dataset_reader_free(analysis->reader);
    g_free(analysis->answer);
    g_free(analysis);
}

bool
analysis_passes(const Analysis *analysis)
{
    for (guint i = 0; i < analysis->steal_checks->len; i++)
        if (g_array_index(analysis->steal_checks, StealCheck, i).pass == 0)
            return false;
    for (guint i = 0; i < analysis->fidelity->len; i++)
        if (fabs(g_array_index(analysis->fidelity, FidelityRow, i).median_ratio - 1) >
            FIDELITY_TOLERANCE)
            return false;
    return true;
}

const char *
analysis_condition_name(const Analysis *analysis, int64_t id)
{
    for (guint i = 0; i < analysis->facts->conditions->len; i++) {
        const DatasetCondition *condition =
            &g_array_index(analysis->facts->conditions, DatasetCondition, i);

        if (condition->id == id)
            return condition->name;
    }
    return NULL;
}

Analysis *
analysis_with_controls(const char *path, char **controls, GError **error)
{
    g_autoptr(Analysis) analysis = analysis_new(path, error);

    for (guint i = 0; analysis && controls && controls[i]; i++)
        if (!analysis_add_control(analysis, controls[i], error))
            return NULL;
    return g_steal_pointer(&analysis);
}
