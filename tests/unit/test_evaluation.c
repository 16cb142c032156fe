/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics over visits that are made here, without a dataset. */
#include "correlate/evaluation.h"

#include "correlate/comparison.h"
#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

#define BRANCH 0 /* branch_misses_per_cycle */

typedef struct {
    double base, per_step; /* the number at 0 %, and how much it rises up to 200 % */
    double visit_sd, window_sd;
    double follows_delay; /* rise of a window per unit of its own delay's deviation */
} Recipe;

static void
add_visit(Visits *visits, guint condition, guint repeat, double vp, const Recipe *recipe,
          GRand *random)
{
    Visit *visit = visits_add(visits);
    double level = (recipe->base + recipe->per_step * vp / 200) *
                   (1 + recipe->visit_sd * synthetic_normal(random));
    double delay = fmax(0, 1 - 2 / (1 + vp / 50));

    visit->condition = condition;
    visit->repeat = repeat;
    visit->vp_percent = vp;
    visit->load_percent = vp + 50;
    visit->core_percent = vp + 50;
    visit->runnable = 1 + (int) (vp / 50);
    visit->pool_cpus = 2;
    for (int i = 0; i < 20; i++) {
        double wave = 0.02 * synthetic_normal(random);
        WindowValues window = { .t_seconds = i,
                                .delay_share = CLAMP(delay + wave, 0, 1),
                                .instructions_per_second = 1e9 * (1 - delay - wave) };

        for (size_t e = 0; e < ESTIMATOR_COUNT; e++)
            window.value[e] = NAN;
        window.value[BRANCH] =
            level + recipe->follows_delay * wave + recipe->window_sd * synthetic_normal(random);
        visit_add_window(visit, &window);
    }
}

static Visits *
make_visits(const Recipe *recipe, guint repeats, const char *first, const char *second)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(17);
    Visits *visits = visits_new();

    g_ptr_array_add(visits->conditions, g_strdup(first));
    g_ptr_array_add(visits->conditions, g_strdup(second));
    for (guint r = 1; r <= repeats; r++)
        for (guint c = 0; c < 2; c++)
            for (int s = 0; s <= 4; s++)
                add_visit(visits, c, r, 50.0 * s, recipe, random);
    return visits;
}

/* The Simpson trap: pooled over a ladder everything correlates with everything. */
static void
differences_between_visits_alone_show_as_such(void **state)
{
    const Recipe recipe = { .base = 15, .per_step = 10, .window_sd = 0.5 };
    g_autoptr(Visits) visits = make_visits(&recipe, 3, "quiet", "noisy");
    EvaluationRow row = evaluate_one(visits, estimator_list[BRANCH], 1, TRUTH_DELAY);

    assert_true(row.spearman > 0.8);
    assert_true(fabs(row.spearman_within) < 0.2);
    assert_true(fabs(row.pearson_within) < 0.2);
}

static void
what_follows_second_by_second_shows_within_visits(void **state)
{
    const Recipe recipe = { .base = 15, .window_sd = 0.2, .follows_delay = 30 };
    g_autoptr(Visits) visits = make_visits(&recipe, 3, "quiet", "noisy");
    EvaluationRow row = evaluate_one(visits, estimator_list[BRANCH], 1, TRUTH_DELAY);

    assert_true(row.spearman_within > 0.7);
}

static void
the_one_hypothesis_stands_alone_and_the_rest_share(void **state)
{
    const Recipe recipe = { .base = 15, .per_step = 10, .visit_sd = 0.02, .window_sd = 0.5 };
    g_autoptr(Visits) visits = make_visits(&recipe, 5, "quiet", "noisy");
    g_autoptr(GArray) rows = evaluate(visits);
    guint primaries = 0;

    for (guint i = 0; i < rows->len; i++) {
        const EvaluationRow *row = &g_array_index(rows, EvaluationRow, i);

        primaries += row->primary;
        if (row->primary)
            assert_true(isnan(row->p_holm) && row->p_value < 0.001);
        else if (!isnan(row->p_value))
            assert_true(row->p_holm >= row->p_value);
        assert_int_equal(row->exploratory, 0);
        if (row->windows == 0)
            assert_true(isnan(row->auc) && isnan(row->p_value) && !row->has_shape);
    }
    assert_int_equal(primaries, 1);
    assert_ptr_equal(evaluation_primary(rows),
                     evaluation_find(rows, "branch_misses_per_cycle", "noisy", TRUTH_VP));
}

static void
the_boundary_is_in_no_class_but_in_the_shape(void **state)
{
    const Recipe recipe = { .base = 15, .per_step = 10, .visit_sd = 0.02, .window_sd = 0.5 };
    g_autoptr(Visits) visits = make_visits(&recipe, 3, "quiet", "noisy");
    EvaluationRow all = evaluate_one(visits, estimator_list[BRANCH], 1, TRUTH_VP);

    /* 3 repeats of 5 steps of 20 windows; two of five steps are over, two not, one is the boundary.
     */
    assert_int_equal(all.windows, 300);
    assert_true(all.has_shape);
    assert_int_equal(all.shape.shape, SHAPE_RISES);
    assert_near(all.auc, 1, 1e-9);
}

static void
long_visits_are_thinned_and_their_means_are_not(void **state)
{
    g_autoptr(Visits) visits = visits_new();
    Visit *visit = visits_add(visits);

    for (int i = 0; i < 100000; i++) {
        WindowValues window = { .t_seconds = i,
                                .delay_share = 0.5,
                                .instructions_per_second = NAN };

        for (size_t e = 0; e < ESTIMATOR_COUNT; e++)
            window.value[e] = i;
        visit_add_window(visit, &window);
    }
    assert_true(visit->kept->len <= VISIT_WINDOWS_KEPT);
    assert_true(visit->kept->len >= VISIT_WINDOWS_KEPT / 2 - 1);
    assert_int_equal(visit->windows, 100000);
    assert_near(visit_mean(visit, 0), 49999.5, 1e-6);
    for (guint i = 1; i < visit->kept->len; i++)
        assert_near(g_array_index(visit->kept, WindowValues, i).t_seconds,
                    (double) i * visit->stride, 0);
}

static void
two_runs_are_compared_level_by_level(void **state)
{
    const Recipe before = { .base = 15, .per_step = 10, .visit_sd = 0.01, .window_sd = 0.3 };
    const Recipe after = { .base = 18, .per_step = 10, .visit_sd = 0.01, .window_sd = 0.3 };
    g_autoptr(Visits) a = make_visits(&before, 5, "quiet", "noisy");
    g_autoptr(Visits) b = make_visits(&after, 5, "quiet", "other");
    g_autoptr(GArray) rows = compare_runs(a, b);
    guint branch = 0;

    for (guint i = 0; i < rows->len; i++) {
        const ComparisonRow *row = &g_array_index(rows, ComparisonRow, i);

        assert_string_equal(row->condition, "quiet"); /* the only one that both hold */
        if (!g_str_equal(row->number, "branch_misses_per_cycle"))
            continue;
        branch++;
        assert_true(row->change.low <= 3 && 3 <= row->change.high);
        assert_true(row->change.high - row->change.low < 1.5);
        assert_true(row->p_holm < 0.01);
    }
    assert_int_equal(branch, 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_between_visits_alone_show_as_such),
        cmocka_unit_test(what_follows_second_by_second_shows_within_visits),
        cmocka_unit_test(the_one_hypothesis_stands_alone_and_the_rest_share),
        cmocka_unit_test(the_boundary_is_in_no_class_but_in_the_shape),
        cmocka_unit_test(long_visits_are_thinned_and_their_means_are_not),
        cmocka_unit_test(two_runs_are_compared_level_by_level),
    };

    return cmocka_run_group_tests_name("evaluation", tests, NULL, NULL);
}
