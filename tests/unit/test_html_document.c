/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/html_document.h"

#include "correlate/report/figure.h"
#include "correlate/report/gnuplot.h"
#include "tests/support/dataset_file.h"
#include "tests/support/synthetic_run.h"

static char *
page_of(const DatasetPlace *place, bool with_figures)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    g_autoptr(GPtrArray) figures = g_ptr_array_new_with_free_func((GDestroyNotify) figure_free);

    assert_ok(synthetic_run_write(&plan, place->path, &error_));
    assert_ok((analysis = analysis_new(place->path, &error_)));
    if (with_figures) {
        g_ptr_array_unref(figures);
        figures = figures_draw(analysis);
    }
    return html_document(analysis, figures);
}

static guint
count(const char *text, const char *what)
{
    guint n = 0;

    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void
texts_of_the_dataset_are_escaped(void **state)
{
    g_autofree char *page = page_of(*state, false);

    /* The synthetic CPU model is: Synthetic CPU <1> & "co" */
    assert_null(strstr(page, "CPU <1>"));
    assert_non_null(strstr(page, "CPU &lt;1&gt; &amp; &quot;co&quot;"));
}

static void
nothing_is_fetched_and_nothing_runs(void **state)
{
    static const char *const forbidden[] = { "<script", "<link", "<img",  "<iframe",
                                             "@import", "src=",  "onload" };
    g_autofree char *page = page_of(*state, gnuplot_is_there());

    for (guint i = 0; i < G_N_ELEMENTS(forbidden); i++)
        if (strstr(page, forbidden[i]))
            fail_msg("the page holds “%s”", forbidden[i]);
    /* Namespaces are names, no addresses to fetch. */
    assert_int_equal(count(page, "http"),
                     count(page, "http://www.w3.org/") + count(page, "http-equiv"));
}

static void
says_that_there_are_no_figures(void **state)
{
    g_autofree char *page = page_of(*state, false);

    assert_non_null(strstr(page, "no figures"));
    assert_int_equal(count(page, "<svg"), 0);
}

static void
says_what_is_emulated_and_what_fidelity_proves(void **state)
{
    g_autofree char *page = page_of(*state, false);

    assert_non_null(strstr(page, "emulated counters"));
    assert_non_null(strstr(page, "nothing about silicon"));
    assert_non_null(strstr(page, "does not prove"));
}

static void
every_figure_can_be_heard(void **state)
{
    g_autofree char *page = NULL;

    if (!gnuplot_is_there())
        skip();
    page = page_of(*state, true);
    assert_true(count(page, "<svg ") >= 8);
    assert_int_equal(count(page, "<svg "), count(page, "role=\"img\" aria-labelledby="));
    assert_int_equal(count(page, "<svg "), count(page, "</svg>"));
    assert_int_equal(count(page, "<figure>"), count(page, "<figcaption>"));
}

static void
a_quoted_text_cannot_leave_its_quotes(void **state)
{
    g_autofree char *quoted = gnuplot_quote("it's `rm -rf /`\n\"$HOME\"");

    assert_string_equal(quoted, "'it''s `rm -rf /`\"$HOME\"'");
}

static void
a_broken_script_is_an_error_with_gnuplots_words(void **state)
{
    g_autoptr(GError) error = NULL;

    if (!gnuplot_is_there())
        skip();
    assert_null(gnuplot_draw("x", 100, 100, "nothing", "plot nonsense", &error));
    assert_non_null(strstr(error->message, "gnuplot"));
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(texts_of_the_dataset_are_escaped),
        IN_A_PLACE(nothing_is_fetched_and_nothing_runs),
        IN_A_PLACE(says_that_there_are_no_figures),
        IN_A_PLACE(says_what_is_emulated_and_what_fidelity_proves),
        IN_A_PLACE(every_figure_can_be_heard),
        cmocka_unit_test(a_quoted_text_cannot_leave_its_quotes),
        cmocka_unit_test(a_broken_script_is_an_error_with_gnuplots_words),
    };

    return cmocka_run_group_tests_name("html_document", tests, NULL, NULL);
}
