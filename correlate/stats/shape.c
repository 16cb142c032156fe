/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/shape.h"

#include <glib.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "correlate/stats/line.h"
#include "correlate/stats/permutation.h"
#include "correlate/stats/quantile.h"

#define MIN_REPEATS 3
#define MIN_LOADS 3
#define CHANGE_P 0.05
#define SHUFFLES 1999
#define NONE_SHARE 0.10 /* of the mean: a change that nobody would act on */

const char *
shape_name(Shape shape)
{
    static const char *const names[] = { "threshold", "rises", "falls", "none", "undecided" };

    return names[shape];
}

/* Visits in columns, and their repeats numbered from 0. */
typedef struct {
    size_t n, repeats;
    double *x, *y;
    size_t *repeat;
    size_t taken; /* degrees of freedom that centring cost */
} Table;

/*
 * What a whole repeat has in common (guests made anew, another day) is no matter of load. Where all
 * repeats hold equally many visits of every load their means can be brought together.
 */
static void
centre_repeats(Table *table)
{
    g_autofree double *sum = g_new0(double, table->repeats + 1);
    g_autofree double *loads = g_new0(double, table->repeats + 1);
    g_autofree size_t *visits = g_new0(size_t, table->repeats + 1);
    double all = mean_of(table->y, table->n);

    for (size_t i = 0; i < table->n; i++) {
        sum[table->repeat[i]] += table->y[i];
        loads[table->repeat[i]] += table->x[i] * (table->x[i] + 1);
        visits[table->repeat[i]]++;
    }
    for (size_t r = 1; r < table->repeats; r++)
        if (visits[r] != visits[0] || fabs(loads[r] - loads[0]) > 1e-6 * fabs(loads[0]))
            return;
    for (size_t i = 0; i < table->n; i++)
        table->y[i] += all - sum[table->repeat[i]] / (double) visits[table->repeat[i]];
    table->taken = table->repeats - 1;
}

static Table
table_of(const ShapePoint *points, size_t n)
{
    Table table = {
        .n = n, .x = g_new(double, n + 1), .y = g_new(double, n + 1), .repeat = g_new(size_t, n + 1)
    };

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        table.x[i] = points[i].load;
        table.y[i] = points[i].mean;
        while (k < i && points[k].repeat != points[i].repeat)
            k++;
        table.repeat[i] = k < i ? table.repeat[k] : table.repeats++;
    }
    return table;
}

static void
table_clear(Table *table)
{
    g_free(table->x);
    g_free(table->y);
    g_free(table->repeat);
}

/* Mean squared error of one repeat, predicted by a fit to all others; NAN when it cannot be fitted.
 */
static double
fold_loss(const Table *table, CurveForm form, size_t left_out)
{
    g_autofree double *x = g_new(double, table->n);
    g_autofree double *y = g_new(double, table->n);
    size_t n = 0, tested = 0;
    double sum = 0;
    Curve curve;

    for (size_t i = 0; i < table->n; i++) {
        if (table->repeat[i] == left_out)
            continue;
        x[n] = table->x[i];
        y[n++] = table->y[i];
    }
    if (!curve_fit(form, x, y, n, &curve))
        return NAN;
    for (size_t i = 0; i < table->n; i++) {
        double miss = table->y[i] - curve_at(&curve, table->x[i]);

        if (table->repeat[i] != left_out)
            continue;
        sum += miss * miss;
        tested++;
    }
    return sum / (double) tested;
}

typedef struct {
    double *fold[CURVE_FORMS]; /* losses by repeat */
} Losses;

static void
compute_losses(const Table *table, Losses *losses, ShapeVerdict *verdict)
{
    for (int form = 0; form < CURVE_FORMS; form++) {
        losses->fold[form] = g_new(double, table->repeats);
        for (size_t r = 0; r < table->repeats; r++)
            losses->fold[form][r] = fold_loss(table, (CurveForm) form, r);
        verdict->loss[form] = mean_of(losses->fold[form], table->repeats);
    }
}

static CurveForm
best_of(const double *loss, CurveForm first, CurveForm last)
{
    CurveForm best = first;

    for (CurveForm form = first; form <= last; form++)
        if (loss[form] < loss[best])
            best = form;
    return best;
}

/* How much better `form` predicts than `other`, in standard errors of the paired differences. */
static double
advantage(const Losses *losses, size_t repeats, CurveForm form, CurveForm other)
{
    g_autofree double *gain = g_new(double, repeats);
    double error;

    for (size_t r = 0; r < repeats; r++)
        gain[r] = losses->fold[other][r] - losses->fold[form][r];
    error = deviation_of(gain, repeats) / sqrt((double) repeats);
    return error > 0 ? mean_of(gain, repeats) / error : mean_of(gain, repeats) > 0 ? INFINITY : 0;
}

/* No change: a line's whole rise over the loads, with its interval, stays within NONE_SHARE. */
static bool
is_flat(const Table *table)
{
    double low = INFINITY, high = -INFINITY, reach;
    LineFit line;

    if (table->n < 4 || !line_fit(table->x, table->y, NULL, table->n, &line))
        return false;
    for (size_t i = 0; i < table->n; i++) {
        low = fmin(low, table->x[i]);
        high = fmax(high, table->x[i]);
    }
    reach = fabs(line.slope) + line.slope_error * gsl_cdf_tdist_Pinv(0.975, (double) table->n - 2);
    return reach * (high - low) <= NONE_SHARE * fabs(mean_of(table->y, table->n));
}

static void
decide(const Table *table, const Losses *losses, ShapeVerdict *verdict)
{
    CurveForm smooth = best_of(verdict->loss, CURVE_LINE, CURVE_POWER);
    CurveForm broken = best_of(verdict->loss, CURVE_HINGE, CURVE_JUMP);
    bool beats_constant;

    verdict->advantage = advantage(losses, table->repeats, broken, smooth);
    if (!(verdict->p_value < CHANGE_P)) {
        verdict->shape = is_flat(table) ? SHAPE_NONE : SHAPE_UNDECIDED;
        curve_fit(CURVE_CONSTANT, table->x, table->y, table->n, &verdict->curve);
        return;
    }
    beats_constant =
        fmin(verdict->loss[smooth], verdict->loss[broken]) < verdict->loss[CURVE_CONSTANT];
    if (verdict->advantage > 1) {
        curve_fit(broken, table->x, table->y, table->n, &verdict->curve);
        verdict->shape = SHAPE_THRESHOLD;
        verdict->has_knee =
            curve_knee(&verdict->curve, table->x, table->y, table->n, table->taken, &verdict->knee);
        return;
    }
    curve_fit(smooth, table->x, table->y, table->n, &verdict->curve);
    verdict->shape = !beats_constant             ? SHAPE_UNDECIDED
                     : verdict->curve.slope >= 0 ? SHAPE_RISES
                                                 : SHAPE_FALLS;
}

static size_t
count_loads(const Table *table)
{
    size_t loads = 0;

    for (size_t i = 0; i < table->n; i++) {
        size_t k = 0;

        while (k < i && table->x[k] != table->x[i])
            k++;
        loads += k == i;
    }
    return loads;
}

ShapeVerdict
shape_judge(const ShapePoint *points, size_t n)
{
    ShapeVerdict verdict = { .shape = SHAPE_UNDECIDED, .p_value = NAN, .advantage = NAN };
    Table table = table_of(points, n);
    Losses losses = { { NULL } };

    for (int form = 0; form < CURVE_FORMS; form++)
        verdict.loss[form] = NAN;
    if (table.repeats >= MIN_REPEATS && count_loads(&table) >= MIN_LOADS) {
        centre_repeats(&table);
        verdict.p_value = permutation_p(table.x, table.y, table.repeat, n, SHUFFLES);
        compute_losses(&table, &losses, &verdict);
        decide(&table, &losses, &verdict);
    }
    for (int form = 0; form < CURVE_FORMS; form++)
        g_free(losses.fold[form]);
    table_clear(&table);
    return verdict;
}
