/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/top/top_render.h"

#include <math.h>
#include <string.h>

#include "hostctl/top/top_format.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/example_node.h"
#include "tests/support/golden.h"

static int
set_up(void **data)
{
    TopState *state = g_new0(TopState, 1);

    top_state_init(state, 2);
    g_free(state->host);
    state->host = g_strdup("node-7");
    top_state_take(state, example_node());
    *data = state;
    return 0;
}

static int
tear_down(void **data)
{
    top_state_clear(*data);
    g_free(*data);
    return 0;
}

/* The screen as text, each line with the sign of its style before it. */
static char *
screen(const TopState *state)
{
    static const char signs[] = " #>!*";
    g_autoptr(GPtrArray) lines = top_render(state);
    GString *text = g_string_new(NULL);

    assert_int_equal(lines->len, state->height);
    for (guint i = 0; i < lines->len; i++) {
        const TopLine *line = lines->pdata[i];

        if (g_utf8_strlen(line->text, -1) > state->width)
            fail_msg("wider than the screen: %s", line->text);
        g_string_append_printf(text, "%c%s\n", signs[line->style], line->text);
    }
    return g_string_free(text, FALSE);
}

#define assert_shows(state, words)                      \
    do {                                                \
        g_autofree char *screen_ = screen(state);       \
        if (!strstr(screen_, words))                    \
            fail_msg("no “%s” in\n%s", words, screen_); \
    } while (0)

static void
fits_a_small_terminal(void **data)
{
    TopState *state = *data;
    g_autofree char *list = screen(state);
    g_autofree char *matrix = NULL, *guest = NULL, *help = NULL, *all = NULL;

    top_state_press(state, TOP_KEY_MATRIX);
    matrix = screen(state);
    top_state_press(state, TOP_KEY_ENTER);
    guest = screen(state);
    top_state_press(state, TOP_KEY_HELP);
    help = screen(state);
    all = g_strconcat(list, matrix, guest, help, NULL);
    assert_golden("top_80x24.txt", all);
}

static void
fits_any_terminal(void **data)
{
    static const TopKey keys[] = { TOP_KEY_MATRIX, TOP_KEY_ENTER, TOP_KEY_HELP, TOP_KEY_BACK };
    TopState *state = *data;

    top_state_take(state, example_node_with(200));
    for (int width = 1; width < 250; width += 7)
        for (int height = 2; height < 70; height += 11)
            for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_autofree char *text = NULL;

                state->width = width;
                state->height = height;
                top_state_press(state, keys[i]);
                text = screen(state);
            }
}

static void
scrolls_through_two_hundred_guests(void **data)
{
    TopState *state = *data;

    top_state_take(state, example_node_with(198));
    assert_int_equal(state->view->guests->len, 201);
    assert_shows(state, "201 guests");
    top_state_press(state, TOP_KEY_LAST);
    assert_string_equal(state->selected, "idle-1");
    assert_shows(state, ">idle-1 ");
    top_state_press(state, TOP_KEY_PAGE_UP);
    assert_shows(state, ">bulk-179");
    top_state_press(state, TOP_KEY_FIRST);
    top_state_press(state, TOP_KEY_UP);
    assert_shows(state, ">Shop, front");
}

static void
keeps_the_selected_guest_wherever_it_moves(void **data)
{
    TopState *state = *data;

    top_state_press(state, TOP_KEY_DOWN);
    assert_shows(state, ">db-1");
    top_state_press(state, TOP_KEY_SORT);
    assert_shows(state, "by run");
    assert_shows(state, ">db-1");
    top_state_press(state, TOP_KEY_SORT);
    assert_shows(state, "by name");
    assert_shows(state, ">db-1");
}

static void
survives_a_guest_that_goes_while_it_is_shown(void **data)
{
    TopState *state = *data;
    NodeView *later = example_node();

    top_state_press(state, TOP_KEY_ENTER);
    assert_shows(state, "#web-3  Shop, front");
    g_ptr_array_remove_index(later->guests, 0);
    top_state_take(state, later);
    assert_shows(state, "!guest web-3 is gone");
    top_state_press(state, TOP_KEY_BACK);
    assert_shows(state, "db-1");
    top_state_press(state, TOP_KEY_DOWN);
    assert_string_equal(state->selected, "idle-1");
}

static void
shows_the_same_while_frozen(void **data)
{
    TopState *state = *data;

    top_state_press(state, TOP_KEY_FREEZE);
    top_state_take(state, example_node_with(10));
    assert_shows(state, "3 guests");
    assert_shows(state, "FROZEN");
    top_state_press(state, TOP_KEY_FREEZE);
    top_state_take(state, example_node_with(10));
    assert_shows(state, "13 guests");
}

static void
says_why_there_is_no_blame(void **data)
{
    TopState *state = *data;
    NodeView *view = example_node();

    view->has_blame = false;
    view->no_blame = g_strdup("not allowed");
    top_state_take(state, view);
    assert_shows(state, "no blame: not allowed");
}

static void
shows_nobody_and_nothing_yet(void **data)
{
    TopState *state = *data;
    NodeView *view = example_node();

    g_ptr_array_set_size(view->guests, 0);
    top_state_take(state, view);
    assert_shows(state, "no guest runs");
    top_state_press(state, TOP_KEY_DOWN);
    top_state_press(state, TOP_KEY_ENTER);
    assert_shows(state, "guest - is gone");
    g_clear_pointer(&state->view, node_view_free);
    assert_shows(state, "watching for 2.0 s");
}

static void
keeps_a_bounded_history(void **data)
{
    TopState *state = *data;

    for (int i = 0; i < 3 * TOP_HISTORY; i++)
        top_state_take(state, example_node());
    assert_true(top_history_wait(state->history, "web-3", TOP_HISTORY - 1) > 0.3);
    assert_true(isnan(top_history_wait(state->history, "web-3", TOP_HISTORY)));
    assert_true(isnan(top_history_wait(state->history, "nobody", 0)));
}

static void
shows_names_of_any_kind(void **data)
{
    TopState *state = *data;
    NodeView *view = example_node();
    GuestView *guest = view->guests->pdata[0];

    g_free(guest->title);
    guest->title = g_strdup("\033[2Jvil \xff Zürich ばか and so on and so on");
    top_state_take(state, view);
    assert_shows(state, "\\x1b[2J");
}

static void
writes_numbers_in_four_characters(void **data)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = { { 0, "0" },       { 7.25, "7.2" },  { 999, "999" },    { 999.6, "1.0k" },
                  { 1234, "1.2k" }, { 12345, "12k" }, { 3.4e7, "34M" },  { NAN, "-" },
                  { 5, "5" },       { 99.96, "100" }, { 999500, "1.0M" } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = top_short_number(cases[i].value);

        assert_string_equal(text, cases[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(fits_a_small_terminal),
        TEST(fits_any_terminal),
        TEST(scrolls_through_two_hundred_guests),
        TEST(keeps_the_selected_guest_wherever_it_moves),
        TEST(survives_a_guest_that_goes_while_it_is_shown),
        TEST(shows_the_same_while_frozen),
        TEST(says_why_there_is_no_blame),
        TEST(shows_nobody_and_nothing_yet),
        TEST(keeps_a_bounded_history),
        TEST(shows_names_of_any_kind),
        TEST(writes_numbers_in_four_characters),
    };

    g_setenv("TZ", "UTC", TRUE);
    return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
