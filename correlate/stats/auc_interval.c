/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/auc_interval.h"

#include <glib.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "correlate/stats/association.h"
#include "correlate/stats/quantile.h"

#define SEED 20182

typedef struct {
    size_t first, n, level;
} Span; /* one visit's windows */

typedef struct {
    const int *labels;
    guint *rank; /* 2 * mid-rank: ties stay exact in integers */
    size_t n;
    GArray *spans;                /* Span, level by level */
    GArray *levels;               /* size_t: where each level begins in `spans`, and the end */
    guint64 *positive, *negative; /* drawn windows by rank */
} Draw;

static double
logit(double auc, double positives, double negatives)
{
    double edge = 0.5 / (positives * negatives);

    auc = CLAMP(auc, edge, 1 - edge);
    return log(auc / (1 - auc));
}

static int
compare_spans(const void *a, const void *b)
{
    const Span *x = a, *y = b;

    return x->level != y->level ? (x->level > y->level) - (x->level < y->level)
                                : (x->first > y->first) - (x->first < y->first);
}

static void
find_spans(Draw *draw, const AucWindow *windows, size_t n)
{
    for (size_t first = 0, past; first < n; first = past) {
        Span span = { .first = first, .level = windows[first].level };

        for (past = first + 1; past < n && windows[past].visit == windows[first].visit; past++)
            ;
        span.n = past - first;
        g_array_append_val(draw->spans, span);
    }
    g_array_sort(draw->spans, compare_spans);
    for (size_t i = 0; i <= draw->spans->len; i++)
        if (i == 0 || i == draw->spans->len ||
            g_array_index(draw->spans, Span, i).level !=
                g_array_index(draw->spans, Span, i - 1).level)
            g_array_append_val(draw->levels, i);
}

/* Blocks as long as the cube root of the visit, drawn round the corner, keep short memory. */
static void
draw_visit(Draw *draw, const Span *span, gsl_rng *random)
{
    size_t block = (size_t) fmax(1, round(cbrt((double) span->n)));

    for (size_t taken = 0; taken < span->n;) {
        size_t start = gsl_rng_uniform_int(random, span->n);

        for (size_t i = 0; i < block && taken < span->n; i++, taken++) {
            size_t at = span->first + (start + i) % span->n;

            (draw->labels[at] ? draw->positive : draw->negative)[draw->rank[at]]++;
        }
    }
}

/* Counting over ranks in place of sorting each draw. */
static double
drawn_logit(const Draw *draw)
{
    double wins = 0, below = 0, positives = 0;

    for (size_t r = 0; r <= 2 * draw->n; r++) {
        wins += (double) draw->positive[r] * (below + (double) draw->negative[r] / 2);
        below += (double) draw->negative[r];
        positives += (double) draw->positive[r];
    }
    return positives > 0 && below > 0 ? logit(wins / (positives * below), positives, below) : NAN;
}

static double
one_draw(Draw *draw, gsl_rng *random)
{
    memset(draw->positive, 0, (2 * draw->n + 1) * sizeof *draw->positive);
    memset(draw->negative, 0, (2 * draw->n + 1) * sizeof *draw->negative);
    for (guint l = 0; l + 1 < draw->levels->len; l++) {
        size_t first = g_array_index(draw->levels, size_t, l);
        size_t visits = g_array_index(draw->levels, size_t, l + 1) - first;

        for (size_t i = 0; i < visits; i++)
            draw_visit(
                draw,
                &g_array_index(draw->spans, Span, first + gsl_rng_uniform_int(random, visits)),
                random);
    }
    return drawn_logit(draw);
}

/* NAN when some level has one visit only: nothing then tells how much visits differ. */
static double
enlargement(const Draw *draw)
{
    size_t n_levels = draw->levels->len - 1;
    double repeats = (double) draw->spans->len / (double) n_levels;

    for (size_t l = 0; l < n_levels; l++)
        if (g_array_index(draw->levels, size_t, l + 1) - g_array_index(draw->levels, size_t, l) < 2)
            return NAN;
    return sqrt(repeats / (repeats - 1));
}

static void
set_interval(Draw *draw, double middle, size_t resamples, AucInterval *interval)
{
    double factor = enlargement(draw);
    g_autofree double *deviations = g_new(double, resamples);
    gsl_rng *random;
    size_t kept = 0;

    interval->low = interval->high = NAN;
    if (isnan(factor))
        return;

    random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, SEED);
    for (size_t i = 0; i < resamples; i++) {
        double drawn = one_draw(draw, random);

        if (!isnan(drawn))
            deviations[kept++] = factor * (drawn - middle);
    }
    gsl_rng_free(random);
    interval->low = 1 / (1 + exp(-middle - quantile_of(deviations, kept, 0.025)));
    interval->high = 1 / (1 + exp(-middle - quantile_of(deviations, kept, 0.975)));
}

static void
rank_windows(Draw *draw, const AucWindow *windows, size_t n)
{
    g_autofree double *values = g_new(double, n);
    g_autofree double *ranks = g_new(double, n);

    for (size_t i = 0; i < n; i++)
        values[i] = windows[i].value;
    rank_of(values, n, ranks);
    for (size_t i = 0; i < n; i++)
        draw->rank[i] = (guint) lround(2 * ranks[i]);
}

bool
auc_interval(const AucWindow *windows, size_t n, size_t resamples, AucInterval *ret_interval)
{
    g_autofree int *labels = g_new(int, n + 1);
    g_autofree guint *rank = g_new(guint, n + 1);
    g_autofree guint64 *positive = g_new0(guint64, 2 * n + 1);
    g_autofree guint64 *negative = g_new0(guint64, 2 * n + 1);
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));
    g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(size_t));
    Draw draw = { labels, rank, n, spans, levels, positive, negative };
    double positives = 0, wins = 0, below = 0, middle;

    for (size_t i = 0; i < n; i++)
        positives += labels[i] = windows[i].label;
    if (positives == 0 || positives == (double) n)
        return false;

    rank_windows(&draw, windows, n);
    find_spans(&draw, windows, n);
    for (size_t i = 0; i < n; i++)
        (labels[i] ? positive : negative)[rank[i]]++;
    for (size_t r = 0; r <= 2 * n; r++) {
        wins += (double) positive[r] * (below + (double) negative[r] / 2);
        below += (double) negative[r];
    }
    middle = logit(wins / (positives * below), positives, below);
    ret_interval->auc = wins / (positives * below);
    set_interval(&draw, middle, resamples, ret_interval);
    return true;
}
