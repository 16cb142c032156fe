/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/explanation.h"

#include <math.h>
#include <string.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/example_node.h"
#include "tests/support/golden.h"

static Sysroot *
fixture_root(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static char *
json_of(const Explanation *explanation)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) node = NULL;

    explanation_build_json(explanation, builder);
    node = json_builder_get_root(builder);
    return json_to_string(node, TRUE);
}

static char *
text_of(const Explanation *explanation)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    explanation_print(explanation, out);
    fclose(out);
    return text;
}

static void
tells_who_a_guest_waits_for(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(NodeView) view = example_node();
    g_autoptr(Explanation) explanation =
        explanation_new(root, view, node_view_find(view, "web-3"), view->seconds, 1.8);
    g_autofree char *json = json_of(explanation);
    g_autofree char *text = text_of(explanation);
    g_autofree char *both = g_strconcat(text, json, "\n", NULL);

    assert_string_equal(explanation->text,
                        "Shop, front waited 212 ms in each second, 32 % of the time in which it"
                        " wanted to run; 71 % behind db-1, 20 % behind ksmd, 9 % by its own quota;"
                        " its branch ratio is 1.8 × its baseline.");
    assert_golden("explanation.txt", both);
}

static void
names_other_reasons_when_the_cpu_is_none(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(NodeView) view = example_node();
    GuestView *db = view->guests->pdata[1];
    g_autoptr(Explanation) explanation = NULL;

    db->io_stalled_us = 600000;
    explanation = explanation_new(root, view, db, view->seconds, NAN);
    assert_non_null(strstr(explanation->text, "hardly waits for a CPU: 9.5 ms"));
    assert_non_null(strstr(explanation->text, "disks held it up for 300 ms"));
    assert_non_null(strstr(explanation->text, "shares a core with web-3, which ran 75 %"));
    assert_int_equal(explanation->advice->len, 0);
}

static void
says_that_a_guest_is_idle(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(NodeView) view = example_node();
    g_autoptr(Explanation) explanation =
        explanation_new(root, view, node_view_find(view, "idle-1"), view->seconds, NAN);

    assert_non_null(strstr(explanation->text, "idle-1 hardly wants to run: 1.0 ms"));
}

static void
says_why_it_cannot_tell(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(NodeView) view = example_node();
    GuestView *web = view->guests->pdata[0];
    g_autoptr(Explanation) explanation = NULL;
    g_autofree char *json = NULL;

    g_ptr_array_set_size(web->causes, 0);
    view->has_blame = false;
    view->no_blame = g_strdup("this kernel is too old");
    explanation = explanation_new(root, view, web, view->seconds, NAN);
    json = json_of(explanation);
    assert_non_null(strstr(explanation->text, "waited 212 ms"));
    assert_non_null(strstr(explanation->text, "not known: this kernel is too old"));
    assert_non_null(strstr(json, "\"no_blame\" : \"this kernel is too old\""));
}

static void
judges_by_what_the_field_calls_low_and_high(void **state)
{
    static const struct {
        double run_ms, wait_ms;
        BlameKind worst;
        Verdict verdict;
    } cases[] = {
        { 1, 0, BLAME_GUEST, VERDICT_IDLE },          { 990, 10, BLAME_GUEST, VERDICT_OK },
        { 970, 30, BLAME_GUEST, VERDICT_WAITS },      { 900, 100, BLAME_GUEST, VERDICT_CONTENDED },
        { 900, 100, BLAME_QUOTA, VERDICT_THROTTLED }, { 0, 100, BLAME_HOST, VERDICT_CONTENDED },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GuestView *guest = guest_view_new();

        guest->run_ns = cases[i].run_ms * 1e6;
        guest->wait_ns = cases[i].wait_ms * 1e6;
        g_ptr_array_add(guest->causes, cause_view_new(cases[i].worst, "", guest->wait_ns));
        guest_view_finish(guest, 1);
        assert_int_equal(guest->verdict, cases[i].verdict);
        guest_view_free(guest);
    }
}

static void
takes_no_ratio_of_too_little(void **state)
{
    GuestView *guest = guest_view_new();

    assert_true(isnan(guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES)));
    guest->counts[VIEW_CYCLES] = 1000;
    guest->counts[VIEW_BRANCH_MISSES] = 10;
    assert_true(isnan(guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES)));
    guest->counts[VIEW_CYCLES] = 1e7;
    assert_true(guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES) == 1e-6);
    assert_true(isnan(guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_BRANCHES)));
    guest_view_free(guest);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_a_guest_waits_for),
        cmocka_unit_test(names_other_reasons_when_the_cpu_is_none),
        cmocka_unit_test(says_that_a_guest_is_idle),
        cmocka_unit_test(says_why_it_cannot_tell),
        cmocka_unit_test(judges_by_what_the_field_calls_low_and_high),
        cmocka_unit_test(takes_no_ratio_of_too_little),
    };

    return cmocka_run_group_tests_name("explanation", tests, NULL, NULL);
}
