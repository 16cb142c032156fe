/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/schedule.h"

const char *
visit_kind_name(VisitKind kind)
{
    static const char *const names[] = { "open", "step", "close" };

    return names[kind];
}

unsigned
williams_rows(unsigned n)
{
    return n % 2 == 0 ? n : 2 * n;
}

/* The first row zigzags 0, n-1, 1, n-2, …; each further row adds 1 to it, modulo n. An odd square
 * is completed by the mirror image of its rows. */
void
williams_row(unsigned n, unsigned row, unsigned *ret_order)
{
    bool mirrored = row >= n;
    unsigned shift = row % n;

    for (unsigned i = 0; i < n; i++) {
        unsigned place = mirrored ? n - 1 - i : i;
        unsigned zigzag = place % 2 == 0 ? place / 2 : n - 1 - place / 2;

        ret_order[i] = (zigzag + shift) % n;
    }
}

/* The rows of the square in random order, so that a run of few repeats takes different ones. */
static GArray *
shuffled_rows(unsigned n_steps, GRand *random)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned row = 0; row < williams_rows(n_steps); row++)
        g_array_append_val(rows, row);
    for (unsigned i = rows->len - 1; i > 0; i--) {
        unsigned *a = &g_array_index(rows, unsigned, i);
        unsigned *b = &g_array_index(rows, unsigned, g_rand_int_range(random, 0, (gint32) i + 1));
        unsigned kept = *a;

        *a = *b;
        *b = kept;
    }
    return rows;
}

static void
add_visit(GArray *visits, PlannedVisit *visit, VisitKind kind, double step_percent)
{
    visit->kind = kind;
    visit->step_percent = step_percent;
    g_array_append_val(visits, *visit);
}

static void
add_block(GArray *visits, const Plan *plan, PlannedVisit *visit, const unsigned *order)
{
    if (plan->frame_visits)
        add_visit(visits, visit, VISIT_OPEN, 0);
    for (unsigned i = 0; i < plan->steps_percent->len; i++)
        add_visit(visits, visit, VISIT_STEP, g_array_index(plan->steps_percent, double, order[i]));
    if (plan->frame_visits)
        add_visit(visits, visit, VISIT_CLOSE, 0);
}

static int
compare_steps(const void *a, const void *b, void *data)
{
    const double *steps = data;
    double x = steps[*(const unsigned *) a], y = steps[*(const unsigned *) b];

    return (x > y) - (x < y);
}

GArray *
schedule_make(const Plan *plan)
{
    unsigned n_steps = plan->steps_percent->len, n_conditions = plan->conditions->len;
    GArray *visits = g_array_new(FALSE, FALSE, sizeof(PlannedVisit));
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32) plan->seed);
    g_autoptr(GArray) rows = shuffled_rows(n_steps, random);
    g_autofree unsigned *order = g_new(unsigned, n_steps);
    PlannedVisit visit = { 0 };

    for (unsigned repeat = 0; repeat < plan->repeats; repeat++) {
        for (unsigned i = 0; i < n_conditions; i++) {
            unsigned row = g_array_index(rows, unsigned, visit.block % rows->len);

            williams_row(n_steps, row, order);
            if (plan->order == PLAN_ORDER_ASCENDING)
                g_qsort_with_data(order, (gint) n_steps, sizeof *order, compare_steps,
                                  plan->steps_percent->data);
            visit.repeat = repeat + 1;
            visit.condition = repeat % 2 == 0 ? i : n_conditions - 1 - i;
            add_block(visits, plan, &visit, order);
            visit.block++;
        }
    }
    return visits;
}
