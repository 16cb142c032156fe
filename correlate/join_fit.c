/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/join_fit.h"

#include <math.h>

#include "common/base/failure.h"
#include "correlate/stats/association.h"

#define COARSE_NS 100000000ll
#define FINE_NS 10000000ll
#define MIN_WINDOWS 10
#define MIN_CORRELATION 0.5
#define CLEARLY_LOWER 1.96
#define STAMP_SECONDS 1.0 /* perf writes whole seconds */

void
join_host_free(JoinHost *host)
{
    if (!host)
        return;

    g_array_unref(host->raw_ns);
    g_array_unref(host->count);
    g_free(host);
}

static bool
load_rows(DatasetReader *reader, DatasetSeries series, const DatasetGuest *guest,
          const char *column, JoinHost *host, GError **error)
{
    const char *const columns[] = { column, NULL };
    g_autoptr(DatasetCursor) cursor =
        dataset_cursor_open(reader, series, guest->id, 0, 0, INT64_MAX / 4, columns, error);
    GError *failure = NULL;
    DatasetRow row;

    while (cursor && dataset_cursor_next(cursor, &row, &failure)) {
        double count = (double) row.value[0];

        if (!(row.present & 1))
            continue;
        g_array_append_val(host->raw_ns, row.raw_ns);
        g_array_append_val(host->count, count);
    }
    if (failure)
        g_propagate_error(error, failure);
    return cursor && !failure;
}

JoinHost *
join_host_load(DatasetReader *reader, const DatasetGuest *guest, const char *column, GError **error)
{
    g_autoptr(JoinHost) host = g_new0(JoinHost, 1);

    host->raw_ns = g_array_new(FALSE, FALSE, sizeof(int64_t));
    host->count = g_array_new(FALSE, FALSE, sizeof(double));
    if (!load_rows(reader, DATASET_HOST_SAMPLES, guest, column, host, error) ||
        (host->raw_ns->len < 2 &&
         !load_rows(reader, DATASET_SCHED_SAMPLES, guest, "run_ns", host, error)))
        return NULL;
    if (host->raw_ns->len < 2) {
        failure_set(error, FAILURE_FAILED, "%s: holds no rows of %s to compare with",
                    dataset_reader_path(reader), guest->name);
        return NULL;
    }
    return g_steal_pointer(&host);
}

/* Cumulative count at a time, by a search from where the last one was found. */
static bool
count_at(const JoinHost *host, int64_t raw_ns, guint *hint, double *ret_count)
{
    const int64_t *at = (const int64_t *) host->raw_ns->data;
    const double *count = (const double *) host->count->data;
    guint i = *hint, n = host->raw_ns->len;

    while (i > 0 && at[i] > raw_ns)
        i--;
    while (i + 2 < n && at[i + 1] <= raw_ns)
        i++;
    *hint = i;
    if (raw_ns < at[i] || raw_ns > at[i + 1] || count[i + 1] < count[i])
        return false;
    *ret_count = count[i] + (count[i + 1] - count[i]) * (double) (raw_ns - at[i]) /
                                (double) (at[i + 1] - at[i]);
    return true;
}

/* The correlation of the file's windows with the host's counts when the file began at `start`. */
static double
correlation_at(const JoinHost *host, const PerfFile *file, int event, int64_t start, size_t *ret_n)
{
    g_autofree double *x = g_new(double, file->windows->len);
    g_autofree double *y = g_new(double, file->windows->len);
    guint hint = 0;
    size_t n = 0;

    for (guint i = 0; i < file->windows->len; i++) {
        const PerfWindow *window = &g_array_index(file->windows, PerfWindow, i);
        double before, after;

        if (isnan(window->value[event]) ||
            !count_at(host, start + llround(window->start_seconds * 1e9), &hint, &before) ||
            !count_at(host, start + llround(window->end_seconds * 1e9), &hint, &after))
            continue;
        x[n] = window->value[event];
        y[n++] = after - before;
    }
    *ret_n = n;
    return n >= MIN_WINDOWS && 2 * n >= file->windows->len ? pearson(x, y, n) : NAN;
}

typedef struct {
    int64_t start;
    double correlation;
    size_t n;
} Peak;

static Peak
search(const JoinHost *host, const PerfFile *file, int event, int64_t from, int64_t to,
       int64_t step)
{
    Peak best = { .correlation = NAN };

    for (int64_t start = from; start <= to; start += step) {
        size_t n;
        double r = correlation_at(host, file, event, start, &n);

        if (!isnan(r) && !(r <= best.correlation))
            best = (Peak){ start, r, n };
    }
    return best;
}

/* How far the start can be moved either way before the correlation is clearly lower. */
static double
bound_seconds(const JoinHost *host, const PerfFile *file, int event, const Peak *peak)
{
    double limit = atanh(fmin(peak->correlation, 1 - 1e-12)) -
                   CLEARLY_LOWER * sqrt(2.0 / ((double) peak->n - 3));
    int64_t reach[2] = { 0, 0 };

    for (int side = 0; side < 2; side++) {
        for (int64_t move = FINE_NS; move <= 100 * COARSE_NS; move += FINE_NS) {
            size_t n;
            double r = correlation_at(host, file, event, peak->start + (side ? move : -move), &n);

            if (isnan(r) || atanh(fmin(r, 1 - 1e-12)) < limit)
                break;
            reach[side] = move;
        }
    }
    return (double) (MAX(reach[0], reach[1]) + FINE_NS) / 1e9;
}

bool
join_fit(const JoinHost *host, const PerfFile *file, int event, int64_t guess_raw_ns,
         double search_seconds, JoinFit *ret_fit)
{
    const int64_t *at = (const int64_t *) host->raw_ns->data;
    int64_t reach = llround(search_seconds * 1e9);
    int64_t from = guess_raw_ns ? guess_raw_ns - reach : at[0];
    int64_t to = guess_raw_ns ? guess_raw_ns + reach : at[host->raw_ns->len - 1];
    Peak peak =
        event >= 0 ? search(host, file, event, from, to, COARSE_NS) : (Peak){ .correlation = NAN };

    if (peak.correlation >= MIN_CORRELATION) {
        peak = search(host, file, event, peak.start - COARSE_NS, peak.start + COARSE_NS, FINE_NS);
        *ret_fit =
            (JoinFit){ peak.start, peak.correlation, bound_seconds(host, file, event, &peak) };
        return true;
    }
    if (guess_raw_ns == 0)
        return false;
    *ret_fit = (JoinFit){ guess_raw_ns, NAN, STAMP_SECONDS };
    return true;
}
