/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/visits.h"

#include <math.h>

static void
visit_free(gpointer data)
{
    Visit *visit = data;

    g_array_unref(visit->kept);
    g_free(visit);
}

Visits *
visits_new(void)
{
    Visits *visits = g_new0(Visits, 1);

    visits->conditions = g_ptr_array_new_with_free_func(g_free);
    visits->visits = g_ptr_array_new_with_free_func(visit_free);
    return visits;
}

void
visits_free(Visits *visits)
{
    if (!visits)
        return;

    g_ptr_array_unref(visits->conditions);
    g_ptr_array_unref(visits->visits);
    g_free(visits);
}

Visit *
visits_add(Visits *visits)
{
    Visit *visit = g_new0(Visit, 1);

    visit->kept = g_array_new(FALSE, FALSE, sizeof(WindowValues));
    visit->stride = 1;
    visit->vp_percent = visit->load_percent = visit->core_percent = NAN;
    visit->runnable = visit->settled = visit->steal_pass = -1;
    visit->jain = NAN;
    g_ptr_array_add(visits->visits, visit);
    return visit;
}

/* Halves what is kept: every second window stays. */
static void
thin(Visit *visit)
{
    guint kept = 0;

    for (guint i = 0; i < visit->kept->len; i += 2)
        g_array_index(visit->kept, WindowValues, kept++) =
            g_array_index(visit->kept, WindowValues, i);
    g_array_set_size(visit->kept, kept);
    visit->stride *= 2;
}

void
visit_add_window(Visit *visit, const WindowValues *values)
{
    for (size_t i = 0; i < ESTIMATOR_COUNT; i++) {
        if (isnan(values->value[i]))
            continue;
        visit->sum[i] += values->value[i];
        visit->counted[i]++;
    }
    if (!isnan(values->delay_share)) {
        visit->delay_sum += values->delay_share;
        visit->delay_counted++;
    }
    if (!isnan(values->instructions_per_second)) {
        visit->ips_sum += values->instructions_per_second;
        visit->ips_counted++;
    }
    if (visit->windows++ % visit->stride == 0)
        g_array_append_val(visit->kept, *values);
    if (visit->kept->len > VISIT_WINDOWS_KEPT)
        thin(visit);
}

static double
mean(double sum, guint64 n)
{
    return n ? sum / (double) n : NAN;
}

double
visit_mean(const Visit *visit, size_t estimator)
{
    return mean(visit->sum[estimator], visit->counted[estimator]);
}

double
visit_delay_share(const Visit *visit)
{
    return mean(visit->delay_sum, visit->delay_counted);
}

double
visit_instructions_per_second(const Visit *visit)
{
    return mean(visit->ips_sum, visit->ips_counted);
}

int
visits_condition(const Visits *visits, const char *name)
{
    for (guint i = 0; i < visits->conditions->len; i++)
        if (g_str_equal(visits->conditions->pdata[i], name))
            return (int) i;
    return -1;
}

bool
control_is(const char *condition)
{
    return g_str_has_prefix(condition, CONTROL_PREFIX);
}

bool
visits_belong(const Visits *visits, const Visit *visit, int condition)
{
    return condition >= 0 ? visit->condition == (guint) condition
                          : !control_is(visits->conditions->pdata[visit->condition]);
}

guint
visits_fewest(const Visits *visits, int condition)
{
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer count;
    guint fewest = 0;

    for (guint i = 0; i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];
        char *level = g_strdup_printf("%u %.6g", visit->condition, visit->vp_percent);

        if (visits_belong(visits, visit, condition) && visit->windows > 0)
            g_hash_table_replace(
                counts, g_strdup(level),
                GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(counts, level)) + 1));
        g_free(level);
    }
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, NULL, &count))
        fewest = fewest == 0 ? GPOINTER_TO_UINT(count) : MIN(fewest, GPOINTER_TO_UINT(count));
    return fewest;
}
