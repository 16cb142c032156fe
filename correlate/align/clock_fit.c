/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/clock_fit.h"

#include <math.h>

#include "correlate/stats/line.h"

#define BURST_GAP_NS 1000000000ll /* bursts stand before and after a visit's measuring */
#define KEPT_OF_BURST 5           /* a tenth of a burst of 50 */
#define STEP_BOUNDS 3.0           /* a residual over so many bounds is a step, not noise */
#define VARYING_WAYS_MIN 10       /* pings of a burst that tell how its ways vary */
#define VARYING_WAYS_MAX 256
#define FAST_PART 5 /* the ways of the fastest fifth are compared */
#define VARYING_TRIPS_MAX                                                  \
    3. /* what varies by more trips than that is no way, but somebody late \
        */

typedef struct {
    int64_t guest_ns, offset_ns; /* host minus guest */
    int64_t round_trip_ns;
    guint burst;
} Point;

/* By how much each way of a burst varied among its fastest pings; 0 and 0: not known. */
typedef struct {
    double there_ns, back_ns;
} Burst;

struct ClockFit {
    GArray *points;       /* Point: the kept ones */
    GArray *bursts;       /* Burst: those that have ended */
    GArray *there, *back; /* int64_t: the current burst's ways, the clocks' offset in them, ns */
    guint burst_start;    /* the current burst's first kept point */
    guint burst, pings, rejected;
    int64_t last_t4_ns;
    GArray *segments;
};

ClockFit *
clock_fit_new(void)
{
    ClockFit *fit = g_new0(ClockFit, 1);

    fit->points = g_array_new(FALSE, FALSE, sizeof(Point));
    fit->bursts = g_array_new(FALSE, FALSE, sizeof(Burst));
    fit->there = g_array_new(FALSE, FALSE, sizeof(int64_t));
    fit->back = g_array_new(FALSE, FALSE, sizeof(int64_t));
    fit->segments = g_array_new(FALSE, FALSE, sizeof(ClockSegment));
    return fit;
}

void
clock_fit_free(ClockFit *fit)
{
    if (!fit)
        return;

    g_array_unref(fit->points);
    g_array_unref(fit->bursts);
    g_array_unref(fit->there);
    g_array_unref(fit->back);
    g_array_unref(fit->segments);
    g_free(fit);
}

static bool
is_possible(const ClockPing *ping)
{
    const int64_t far = INT64_MAX / 4;

    return ping->t1_ns >= 0 && ping->t2_ns >= 0 && ping->t4_ns >= ping->t1_ns &&
           ping->t3_ns >= ping->t2_ns && ping->t4_ns < far && ping->t3_ns < far &&
           ping->t4_ns - ping->t1_ns >= ping->t3_ns - ping->t2_ns;
}

/* Keeps the lowest round trips of a burst: insert, and drop the worst when there are too many. */
static void
keep(ClockFit *fit, const Point *point)
{
    guint worst = fit->burst_start;

    g_array_append_val(fit->points, *point);
    if (fit->points->len - fit->burst_start <= KEPT_OF_BURST)
        return;
    for (guint i = fit->burst_start; i < fit->points->len; i++)
        if (g_array_index(fit->points, Point, i).round_trip_ns >
            g_array_index(fit->points, Point, worst).round_trip_ns)
            worst = i;
    g_array_remove_index(fit->points, worst);
}

static int
compare_ways(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;

    return (left > right) - (left < right);
}

/* By how much the slowest of the fastest part took longer than the fastest. */
static double
variation_of(GArray *ways)
{
    g_array_sort(ways, compare_ways);
    return (double) (g_array_index(ways, int64_t, ways->len / FAST_PART) -
                     g_array_index(ways, int64_t, 0));
}

static void
end_burst(ClockFit *fit)
{
    double trip = INFINITY;
    Burst burst = { 0 };

    for (guint i = fit->burst_start; i < fit->points->len; i++)
        trip = fmin(trip, (double) g_array_index(fit->points, Point, i).round_trip_ns);
    if (fit->there->len >= VARYING_WAYS_MIN)
        burst = (Burst){ variation_of(fit->there), variation_of(fit->back) };
    if (fmax(burst.there_ns, burst.back_ns) > VARYING_TRIPS_MAX * trip)
        burst = (Burst){ 0 };
    g_array_append_val(fit->bursts, burst);
    g_array_set_size(fit->there, 0);
    g_array_set_size(fit->back, 0);
}

static void
keep_ways(ClockFit *fit, const ClockPing *ping)
{
    int64_t there_ns = ping->t2_ns - ping->t1_ns, back_ns = ping->t4_ns - ping->t3_ns;

    if (fit->there->len == VARYING_WAYS_MAX)
        return;
    g_array_append_val(fit->there, there_ns);
    g_array_append_val(fit->back, back_ns);
}

void
clock_fit_add(ClockFit *fit, const ClockPing *ping)
{
    Point point;

    fit->pings++;
    if (!is_possible(ping)) {
        fit->rejected++;
        return;
    }
    if (fit->points->len && llabs(ping->t1_ns - fit->last_t4_ns) > BURST_GAP_NS) {
        end_burst(fit);
        fit->burst++;
        fit->burst_start = fit->points->len;
    }
    fit->last_t4_ns = ping->t4_ns;
    keep_ways(fit, ping);

    point = (Point){
        .guest_ns = ping->t2_ns + (ping->t3_ns - ping->t2_ns) / 2,
        .offset_ns = (ping->t1_ns + (ping->t4_ns - ping->t1_ns) / 2) -
                     (ping->t2_ns + (ping->t3_ns - ping->t2_ns) / 2),
        .round_trip_ns = (ping->t4_ns - ping->t1_ns) - (ping->t3_ns - ping->t2_ns),
        .burst = fit->burst,
    };
    keep(fit, &point);
}

static const Point *
point_at(const ClockFit *fit, guint i)
{
    return &g_array_index(fit->points, Point, i);
}

/* The points [first, past) as columns against the first one; short round trips weigh more, for
 * their error is bounded by half of it. */
typedef struct {
    guint n;
    bool one_burst;
    double *guest, *offset, *trip, *weight;
} Columns;

static void
columns_clear(Columns *columns)
{
    g_free(columns->guest);
    g_free(columns->offset);
    g_free(columns->trip);
    g_free(columns->weight);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Columns, columns_clear)

static Columns
columns_of(const ClockFit *fit, guint first, guint past)
{
    guint n = past - first;
    const Point *origin = point_at(fit, first);
    Columns columns = {
        .n = n,
        .one_burst = origin->burst == point_at(fit, past - 1)->burst,
        .guest = g_new(double, n),
        .offset = g_new(double, n),
        .trip = g_new(double, n),
        .weight = g_new(double, n),
    };

    for (guint i = 0; i < n; i++) {
        const Point *point = point_at(fit, first + i);
        double trip = (double) point->round_trip_ns;

        columns.guest[i] = (double) (point->guest_ns - origin->guest_ns);
        columns.offset[i] = (double) (point->offset_ns - origin->offset_ns);
        columns.trip[i] = trip;
        columns.weight[i] = 1 / fmax(1, trip * trip);
    }
    return columns;
}

/* The line of `y` over the guest's time; one burst alone gives a level without slope. */
static LineFit
line_of(const Columns *columns, const double *y)
{
    LineFit line = { .slope_error = NAN };
    double weights = 0;

    if (!columns->one_burst && line_fit(columns->guest, y, columns->weight, columns->n, &line))
        return line;
    for (guint i = 0; i < columns->n; i++) {
        weights += columns->weight[i];
        line.intercept += y[i] * columns->weight[i];
    }
    line.intercept /= weights;
    for (guint i = 0; i < columns->n; i++)
        line.worst = fmax(line.worst, fabs(y[i] - line.intercept));
    return line;
}

/* Of the part of the round trips that varies, how much longer one way is than the other. */
static double
asymmetry_of(const ClockFit *fit, guint first, guint past)
{
    double there_ns = 0, back_ns = 0;

    for (guint i = point_at(fit, first)->burst; i <= point_at(fit, past - 1)->burst; i++) {
        const Burst *burst = &g_array_index(fit->bursts, Burst, i);

        there_ns += burst->there_ns;
        back_ns += burst->back_ns;
    }
    return there_ns + back_ns > 0 ? 0.5 * (back_ns - there_ns) / (there_ns + back_ns) : 0;
}

/*
 * The line through the points [first, past). Corrected, what one way takes longer than the other is
 * taken off the offsets. Of the part of a trip that varies it is known; how the part that never
 * varies is divided pings cannot tell. It may be evenly, or like the part that varies: taken is the
 * middle of the two, which halves the largest error.
 */
static ClockSegment
draw(const ClockFit *fit, guint first, guint past, bool corrected)
{
    const Point *origin = point_at(fit, first);
    g_auto(Columns) columns = columns_of(fit, first, past);
    double share = corrected ? asymmetry_of(fit, first, past) : 0, best = INFINITY;
    LineFit line;

    for (guint i = 0; i < columns.n; i++)
        best = fmin(best, columns.trip[i]);
    for (guint i = 0; i < columns.n; i++)
        columns.offset[i] -= share * (columns.trip[i] - best / 2);
    line = line_of(&columns, columns.offset);
    return (ClockSegment){
        .first_guest_ns = origin->guest_ns,
        .last_guest_ns = point_at(fit, past - 1)->guest_ns,
        .guest0_ns = origin->guest_ns,
        .host0_ns = origin->guest_ns + origin->offset_ns + llround(line.intercept),
        .drift_ppm = line.slope * 1e6,
        .drift_error_ppm = line.slope_error * 1e6,
        .bound_ns = best / 2,
        .residual_ns = line.worst,
        .asymmetry = share,
    };
}

static double
residual_at(const ClockFit *fit, const ClockSegment *segment, guint i)
{
    const Point *point = point_at(fit, i);
    double guest = (double) (point->guest_ns - segment->guest0_ns);
    double host = (double) (point->guest_ns + point->offset_ns - segment->host0_ns);

    return fabs(host - guest * (1 + segment->drift_ppm * 1e-6));
}

/* The burst border at which two lines fit best, or 0 when [first, past) is one burst. */
static guint
best_border(const ClockFit *fit, guint first, guint past)
{
    guint border = 0;
    double best = INFINITY;

    for (guint i = first + 1; i < past; i++) {
        ClockSegment left, right;
        double worst;

        if (point_at(fit, i)->burst == point_at(fit, i - 1)->burst)
            continue;
        left = draw(fit, first, i, false);
        right = draw(fit, i, past, false);
        worst = fmax(left.residual_ns, right.residual_ns);
        if (worst < best) {
            best = worst;
            border = i;
        }
    }
    return border;
}

static void
draw_all(ClockFit *fit, guint first, guint past)
{
    ClockSegment segment = draw(fit, first, past, false);
    bool stepped = false;
    guint border;

    for (guint i = first; i < past && !stepped; i++)
        stepped = residual_at(fit, &segment, i) >
                  STEP_BOUNDS * fmax((double) point_at(fit, i)->round_trip_ns / 2, 1000);
    border = stepped ? best_border(fit, first, past) : 0;
    if (border == 0) {
        segment = draw(fit, first, past, true);
        g_array_append_val(fit->segments, segment);
        return;
    }
    draw_all(fit, first, border);
    draw_all(fit, border, past);
}

bool
clock_fit_finish(ClockFit *fit)
{
    g_array_set_size(fit->segments, 0);
    if (fit->points->len == 0)
        return false;

    if (fit->bursts->len == fit->burst)
        end_burst(fit);
    draw_all(fit, 0, fit->points->len);
    return true;
}

const GArray *
clock_fit_segments(const ClockFit *fit)
{
    return fit->segments;
}

guint
clock_fit_pings(const ClockFit *fit)
{
    return fit->pings;
}

guint
clock_fit_rejected(const ClockFit *fit)
{
    return fit->rejected;
}
