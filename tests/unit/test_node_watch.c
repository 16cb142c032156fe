/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody else knows of a guest gets into the view. */
#include "hostctl/view/node_watch.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/fake_guest.h"

#define UUID "0a000000-0000-4000-8000-00000000000a"
#define MOSTLY_ASLEEP "1000 20000 0 "

static bool
tell(void *data, const char *uuid, uint64_t *ret_balloon_kib, char **ret_title)
{
    if (!g_str_equal(uuid, UUID))
        return false;
    *ret_balloon_kib = 393216;
    *ret_title = g_strdup(data);
    return true;
}

static NodeView *
look(const Sysroot *root, GuestFactsFunc facts, const char *title)
{
    NodeWatchOptions options = { .facts = facts, .facts_data = (void *) title };
    g_autoptr(NodeWatch) watch = NULL;
    NodeView *view = NULL;

    assert_true(node_watch_new(root, &options, &watch, NULL));
    assert_true(node_watch_take(watch, &view, NULL));
    return view;
}

static void
balloon_and_title_are_those_that_were_told(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(FakeGuest) told = fake_guest_start("told", 1, 0, MOSTLY_ASLEEP "-uuid " UUID);
    g_autoptr(FakeGuest) untold = fake_guest_start("untold", 1, 0, MOSTLY_ASLEEP);
    g_autoptr(NodeView) view = look(root, tell, "shop-front");
    const GuestView *guest = node_view_find(view, told->name);

    assert_int_equal(guest->balloon_kib, 393216);
    assert_string_equal(guest->title, "shop-front");
    guest = node_view_find(view, untold->name);
    assert_true(guest->balloon_kib == ABSENT_U64);
    assert_null(guest->title);
}

static void
without_anybody_who_knows_they_are_absent(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(FakeGuest) told = fake_guest_start("told", 1, 0, MOSTLY_ASLEEP "-uuid " UUID);
    g_autoptr(NodeView) view = look(root, NULL, NULL);
    const GuestView *guest = node_view_find(view, told->name);

    assert_true(guest->balloon_kib == ABSENT_U64);
    assert_null(guest->title);
}

static void
a_title_never_takes_the_place_of_a_name(void **state)
{
    g_autoptr(NodeView) view = node_view_new();
    const char *const names[][2] = { { "first", "second" }, { "second", "shop" } };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        GuestView *guest = guest_view_new();

        guest->name = g_strdup(names[i][0]);
        guest->title = g_strdup(names[i][1]);
        g_ptr_array_add(view->guests, guest);
    }
    assert_ptr_equal(node_view_find(view, "second"), view->guests->pdata[1]);
    assert_ptr_equal(node_view_find(view, "shop"), view->guests->pdata[1]);
    assert_null(node_view_find(view, "nobody"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(balloon_and_title_are_those_that_were_told, fake_guest_end_all),
        cmocka_unit_test_teardown(without_anybody_who_knows_they_are_absent, fake_guest_end_all),
        cmocka_unit_test(a_title_never_takes_the_place_of_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
