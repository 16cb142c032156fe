/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/accept.h"
#include "hostctl/exporter/exporter.h"
#include "hostctl/exporter/listen_address.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/example_node.h"

static char *
metrics_of(Ledger *ledger, bool openmetrics)
{
    MetricText text;

    metric_text_begin(&text, openmetrics);
    metric_list_node(&text, ledger);
    metric_list_guests(&text, ledger);
    return metric_text_end(&text);
}

static void
assert_has(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("not there: %s\n%s", line, text);
}

static void
labels_are_escaped(void **state)
{
    MetricText text;
    g_autofree char *page = NULL;

    metric_text_begin(&text, false);
    metric_family(&text, "x_total", METRIC_COUNTER, "A \\ and\na line.");
    metric_sample(&text, (const MetricLabel[]){ { "a", "q\"b\\n\n" }, { "b", "" }, { NULL } }, 3);
    metric_sample_ns(&text, NULL, 1500000001);
    page = metric_text_end(&text);
    assert_string_equal(page, "# TYPE x_total counter\n# HELP x_total A \\\\ and\\na line.\n"
                              "x_total{a=\"q\\\"b\\\\n\\n\",b=\"\"} 3\nx_total 1.500000001\n");
}

static void
openmetrics_names_families_units_and_the_end(void **state)
{
    MetricText text;
    g_autofree char *page = NULL;

    metric_text_begin(&text, true);
    metric_family(&text, "x_seconds_total", METRIC_COUNTER, "X.");
    metric_sample(&text, NULL, 0.5);
    page = metric_text_end(&text);
    assert_string_equal(page, "# TYPE x_seconds counter\n# UNIT x_seconds seconds\n"
                              "# HELP x_seconds X.\nx_seconds_total 0.5\n# EOF\n");
}

static void
a_node_s_metrics_have_the_matrix_and_the_waits(void **state)
{
    g_autoptr(Ledger) ledger = ledger_new(10);
    g_autofree char *page = NULL;

    ledger_take(ledger, example_node());
    page = metrics_of(ledger, false);
    assert_has(page, "\ninsideout_domain_vcpu_delay_seconds_total{domain=\"web-3\",vcpu=\"0\"}"
                     " 0.424000000\n");
    assert_has(page, "\ninsideout_domain_wait_behind_seconds_total{domain=\"web-3\",kind=\"guest\","
                     "culprit=\"db-1\"} 0.301000000\n");
    assert_has(page, "kind=\"quota\",culprit=\"\"} 0.038000000\n");
    assert_has(page, "\ninsideout_domain_perf_cycles_total{domain=\"web-3\",source=\"hardware\"}"
                     " 4000000000\n");
    assert_has(page, "\ninsideout_domain_verdict{domain=\"web-3\",verdict=\"contended\"} 1\n");
    assert_has(page, "\ninsideout_domain_corun_seconds_total{domain=\"db-1\",other=\"web-3\"}"
                     " 1.500000000\n");
    assert_has(page, "\ninsideout_domains 3\n");
}

static void
counters_never_go_back_when_a_guest_restarts(void **state)
{
    g_autoptr(Ledger) ledger = ledger_new(10);
    g_autofree char *gone = NULL, *page = NULL;
    NodeView *view = example_node();

    ledger_take(ledger, example_node());
    g_ptr_array_remove_index(view->guests, 0); /* web-3 is gone */
    ledger_take(ledger, view);
    gone = metrics_of(ledger, false);
    assert_null(strstr(gone, "domain=\"web-3\""));
    view = example_node(); /* and is back, as another process */
    ((GuestView *) view->guests->pdata[0])->pid = 4711;
    ledger_take(ledger, view);
    page = metrics_of(ledger, false);
    assert_has(page, "\ninsideout_domain_vcpu_delay_seconds_total{domain=\"web-3\",vcpu=\"0\"}"
                     " 0.848000000\n");
}

static uint64_t
sum_of(const Culprits *culprits, guint *ret_n)
{
    g_autoptr(GArray) sums = culprits_list(culprits);
    uint64_t sum_ns = 0;

    for (guint i = 0; i < sums->len; i++)
        sum_ns += g_array_index(sums, CulpritSum, i).wait_ns;
    *ret_n = sums->len;
    return sum_ns;
}

static void
culprits_are_bounded(void **state)
{
    Culprits *culprits = culprits_new(3);
    uint64_t expected_ns = 0;
    guint n;

    for (unsigned tick = 0; tick < 200; tick++) {
        g_autoptr(GPtrArray) causes =
            g_ptr_array_new_with_free_func((GDestroyNotify) cause_view_free);

        for (unsigned i = 0; i < 20; i++) {
            g_autofree char *name = g_strdup_printf("guest-%u", (tick * 7 + i * i) % 50);
            uint64_t wait_ns = 1000 + 977 * i * tick % 100000;

            expected_ns += wait_ns;
            g_ptr_array_add(causes, cause_view_new(BLAME_GUEST, name, wait_ns));
        }
        g_ptr_array_add(causes, cause_view_new(BLAME_HOST, CULPRIT_REST, 5));
        expected_ns += 5;
        culprits_take(culprits, causes, 5);
        sum_of(culprits, &n);
        assert_in_range(n, BLAME_KINDS, BLAME_KINDS + 3);
    }
    culprits_free(culprits);
    assert_true(expected_ns > 0);
}

static void
while_all_have_a_name_the_series_add_up(void **state)
{
    Culprits *culprits = culprits_new(3);
    g_autoptr(GPtrArray) causes = g_ptr_array_new_with_free_func((GDestroyNotify) cause_view_free);
    guint n;

    g_ptr_array_add(causes, cause_view_new(BLAME_GUEST, "a", 10));
    g_ptr_array_add(causes, cause_view_new(BLAME_GUEST, "b", 20));
    g_ptr_array_add(causes, cause_view_new(BLAME_HOST, "c", 30));
    g_ptr_array_add(causes, cause_view_new(BLAME_HOST, "d", 40));
    g_ptr_array_add(causes, cause_view_new(BLAME_SELF, "", 50));
    culprits_take(culprits, causes, 5);
    culprits_take(culprits, causes, 5);
    assert_int_equal(sum_of(culprits, &n), 300);
    assert_int_equal(n, BLAME_KINDS + 3);
    culprits_free(culprits);
}

static void
a_scraper_gets_what_it_would_rather_have(void **state)
{
    assert_true(
        accept_prefers_openmetrics("application/openmetrics-text;version=1.0.0;q=0.8,application/"
                                   "openmetrics-text;version=0.0.1;"
                                   "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
    assert_false(accept_prefers_openmetrics("text/plain, application/openmetrics-text;q=0.5"));
    assert_false(accept_prefers_openmetrics("application/openmetrics-text;version=2.0.0"));
    assert_false(accept_prefers_openmetrics("application/openmetrics-text;q=nonsense"));
    assert_false(accept_prefers_openmetrics(",;,;;q=,"));
    assert_false(accept_prefers_openmetrics(NULL));
}

static void
places_to_listen_at_are_numbers_with_a_port(void **state)
{
    static const char *const wrong[] = { "",      "9178",          "localhost:9178", "::1:9178",
                                         "[::1]", "1.2.3.4:70000", "[1.2.3.4]:1",    ":9178" };
    ListenAddress address;

    assert_true(listen_address_parse("127.0.0.1:9178", &address, NULL));
    assert_true(listen_address_parse("[::1]:0", &address, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_false(listen_address_parse(wrong[i], &address, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(openmetrics_names_families_units_and_the_end),
        cmocka_unit_test(a_node_s_metrics_have_the_matrix_and_the_waits),
        cmocka_unit_test(counters_never_go_back_when_a_guest_restarts),
        cmocka_unit_test(culprits_are_bounded),
        cmocka_unit_test(while_all_have_a_name_the_series_add_up),
        cmocka_unit_test(a_scraper_gets_what_it_would_rather_have),
        cmocka_unit_test(places_to_listen_at_are_numbers_with_a_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
