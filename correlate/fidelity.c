/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/fidelity.h"

#include <math.h>

#include "correlate/stats/agreement.h"
#include "correlate/stats/line.h"
#include "correlate/stats/quantile.h"

#define PAIRS_KEPT 2048 /* of a long run every second, fourth, … pair is kept for the medians */
#define PAIRS_SHOWN 300

typedef struct {
    char *guest;
    int64_t vcpu;
    guint event;
    GArray *pairs; /* FidelityPair */
    guint stride;
    guint64 windows;
    Agreement agreement;
    guint64 verdicts[VERDICTS];
    guint64 guest_alone; /* windows that the guest counted and the host did not */
    bool by_turns;       /* the guest counts by turns */
    FidelityWorst worst[FIDELITY_WORST];
} Cell;

struct Fidelity {
    const DatasetFacts *facts;
    GPtrArray *cells; /* Cell * */
    guint last;       /* where the last one was found: the next is mostly the next */
};

static void
cell_free(gpointer data)
{
    Cell *cell = data;

    g_free(cell->guest);
    g_array_unref(cell->pairs);
    g_free(cell);
}

Fidelity *
fidelity_new(const DatasetFacts *facts)
{
    Fidelity *fidelity = g_new0(Fidelity, 1);

    fidelity->facts = facts;
    fidelity->cells = g_ptr_array_new_with_free_func(cell_free);
    return fidelity;
}

void
fidelity_free(Fidelity *fidelity)
{
    if (!fidelity)
        return;

    g_ptr_array_unref(fidelity->cells);
    g_free(fidelity);
}

/* Guests made anew between conditions keep their name: one row. */
static Cell *
cell_for(Fidelity *fidelity, const WalkTarget *target, guint event)
{
    guint len = fidelity->cells->len;
    Cell *cell;

    for (guint i = 1; i <= len; i++) {
        guint at = (fidelity->last + i) % len;

        cell = fidelity->cells->pdata[at];
        if (cell->vcpu == target->vcpu && cell->event == event &&
            g_str_equal(cell->guest, target->guest->name)) {
            fidelity->last = at;
            return cell;
        }
    }
    cell = g_new0(Cell, 1);
    cell->guest = g_strdup(target->guest->name);
    cell->vcpu = target->vcpu;
    cell->event = event;
    cell->stride = 1;
    cell->pairs = g_array_new(FALSE, FALSE, sizeof(FidelityPair));
    for (guint i = 0; i < FIDELITY_WORST; i++)
        cell->worst[i].ratio = NAN;
    g_ptr_array_add(fidelity->cells, cell);
    return cell;
}

static void
keep_pair(Cell *cell, const FidelityPair *pair)
{
    if (cell->windows++ % cell->stride == 0)
        g_array_append_val(cell->pairs, *pair);
    if (cell->pairs->len <= PAIRS_KEPT)
        return;
    for (guint i = 0; 2 * i < cell->pairs->len; i++)
        g_array_index(cell->pairs, FidelityPair, i) =
            g_array_index(cell->pairs, FidelityPair, 2 * i);
    g_array_set_size(cell->pairs, (cell->pairs->len + 1) / 2);
    cell->stride *= 2;
}

static void
keep_worst(Cell *cell, const FidelityWorst *seen)
{
    FidelityWorst moving = *seen;

    for (guint i = 0; i < FIDELITY_WORST; i++) {
        FidelityWorst *slot = &cell->worst[i];
        FidelityWorst had = *slot;

        if (!isnan(had.ratio) && fabs(had.ratio - 1) >= fabs(moving.ratio - 1))
            continue;
        *slot = moving;
        if (isnan(had.ratio))
            return;
        moving = had;
    }
}

void
fidelity_add(Fidelity *fidelity, const WalkTarget *target, const Window *window)
{
    guint n = MIN(fidelity->facts->events->len, EVENT_MAX);

    for (guint i = 0; i < n; i++) {
        const FidelityPair pair = { window->host_count[i], window->guest_count[i] };
        Cell *cell = cell_for(fidelity, target, i);

        cell->by_turns |= window->by_turns;
        if (!window->compared || (window->by_turns && isnan(pair.guest)))
            continue;
        cell->verdicts[window->verdict[i]]++;
        cell->guest_alone += isnan(pair.host) && !isnan(pair.guest);
        if (window->verdict[i] > VERDICT_SCALED || isnan(pair.host) || isnan(pair.guest))
            continue;
        agreement_add(&cell->agreement, agreement_percent(pair.guest, pair.host));
        keep_pair(cell, &pair);
        if (pair.host > 0)
            keep_worst(cell, &(FidelityWorst){ pair.guest / pair.host, target->visit->id,
                                               window->t_seconds });
    }
}

static double
median_ratio(const Cell *cell)
{
    g_autofree double *ratios = g_new(double, cell->pairs->len + 1);
    size_t n = 0;

    for (guint i = 0; i < cell->pairs->len; i++) {
        const FidelityPair *pair = &g_array_index(cell->pairs, FidelityPair, i);

        if (pair->host > 0)
            ratios[n++] = pair->guest / pair->host;
    }
    return median_of(ratios, n);
}

/* Every so many of the kept pairs: Theil-Sen's cost grows with the square of their number. */
static GArray *
pairs_shown(const Cell *cell)
{
    GArray *shown = g_array_new(FALSE, FALSE, sizeof(FidelityPair));
    guint step = cell->pairs->len / PAIRS_SHOWN + 1;

    for (guint i = 0; i < cell->pairs->len; i += step)
        g_array_append_val(shown, g_array_index(cell->pairs, FidelityPair, i));
    return shown;
}

static void
fit_slope(FidelityRow *row)
{
    g_autofree double *x = g_new(double, row->pairs->len + 1);
    g_autofree double *y = g_new(double, row->pairs->len + 1);
    size_t n = row->pairs->len;
    LineFit fit;

    for (size_t i = 0; i < n; i++) {
        x[i] = g_array_index(row->pairs, FidelityPair, i).host;
        y[i] = g_array_index(row->pairs, FidelityPair, i).guest;
    }
    row->slope = row->intercept_share = NAN;
    if (!line_theil_sen(x, y, n, &fit))
        return;
    row->slope = fit.slope;
    row->intercept_share = fit.intercept / mean_of(x, n);
}

/* KVM's perf-based vPMU makes a guest counter a host event, and an emulated page is read by both:
 * only counts that two kernels keep for themselves have two sources. */
static bool
has_two_sources(const DatasetFacts *facts, const DatasetEvent *event)
{
    const Event *known = event_find(event->name);

    return known && known->kind == EVENT_KIND_SOFTWARE &&
           !g_str_equal(facts->run.counters, "emulated");
}

static const char *
cause_of(const Cell *cell, const FidelityRow *row)
{
    if (cell->windows == 0 && cell->by_turns)
        return "guest and host count it by turns, never at once: the CPU has too few counters for "
               "both";
    if (cell->windows == 0 && cell->guest_alone > 0 && row->independent)
        return "the guest's kernel counts it for itself; no host counter stands for it";
    if (cell->windows == 0 && cell->guest_alone > 0)
        return "the host did not count: with a mediated vPMU its kernel refuses events of guest "
               "mode, and the guest has the counters to itself";
    if (cell->verdicts[VERDICT_STARVED] > 0)
        return "starved: another user of the counters won (a pinned event, the NMI watchdog); a "
               "frozen guest counter looks healthy in the guest";
    if (cell->verdicts[VERDICT_SCALED] > 0)
        return "scaled: more events than counters, so counts are extrapolated";
    if (row->median_ratio > 1.02)
        return "the guest counts more: instructions that KVM emulates are added to its counters "
               "only";
    if (row->median_ratio < 0.98)
        return "the guest counts less: its counters stand while it handles their interrupts, and "
               "firmware is not counted by it";
    return NULL;
}

static void
row_clear(void *data)
{
    FidelityRow *row = data;

    g_free(row->guest);
    g_free(row->event);
    g_array_unref(row->pairs);
}

GArray *
fidelity_rows(Fidelity *fidelity)
{
    GArray *rows = g_array_new(FALSE, TRUE, sizeof(FidelityRow));

    g_array_set_clear_func(rows, row_clear);
    for (guint i = 0; i < fidelity->cells->len; i++) {
        const Cell *cell = fidelity->cells->pdata[i];
        const DatasetEvent *event =
            &g_array_index(fidelity->facts->events, DatasetEvent, cell->event);
        AgreementLimits limits = agreement_limits(&cell->agreement);
        FidelityRow row = { .guest = g_strdup(cell->guest),
                            .event = g_strdup(event->name),
                            .vcpu = cell->vcpu,
                            .independent = has_two_sources(fidelity->facts, event),
                            .windows = cell->windows,
                            .median_ratio = median_ratio(cell),
                            .bias_percent = limits.bias,
                            .loa_low_percent = limits.low,
                            .loa_high_percent = limits.high };

        memcpy(row.verdicts, cell->verdicts, sizeof row.verdicts);
        memcpy(row.worst, cell->worst, sizeof row.worst);
        row.pairs = pairs_shown(cell);
        fit_slope(&row);
        row.cause = cause_of(cell, &row);
        g_array_append_val(rows, row);
    }
    return rows;
}
