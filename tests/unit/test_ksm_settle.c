/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When page sharing has found what there is: planted series, and a tree whose ksmd is a thread. */
#include "hostctl/run/ksm_settle.h"

#include <signal.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define LONG_NS (3600 * NS_PER_SECOND)

typedef struct {
    uint64_t full_scans, pages_sharing;
} Look;

/* Returns at which look the plateau is reached, from 1; 0: at none. */
static unsigned
reached_at(const Look *looks, unsigned n, uint64_t scans)
{
    KsmPlateau plateau;

    for (unsigned i = 0; i < n; i++) {
        const KsmStats stats = { .full_scans = looks[i].full_scans,
                                 .pages_sharing = looks[i].pages_sharing };

        if (i == 0)
            ksm_plateau_begin(&plateau, &stats);
        else if (ksm_plateau_reached(&plateau, &stats, scans))
            return i;
    }
    return 0;
}

static void
wants_the_scans_and_the_plateau(void **state)
{
    static const Look steady[] = { { 7, 0 },     { 8, 0 },     { 9, 4000 }, { 9, 4500 },
                                   { 10, 5000 }, { 11, 5040 }, { 12, 5041 } };

    assert_int_equal(reached_at(steady, G_N_ELEMENTS(steady), 3), 5); /* the fourth scan is flat */
    assert_int_equal(reached_at(steady, G_N_ELEMENTS(steady), 5), 6);
    assert_int_equal(reached_at(steady, G_N_ELEMENTS(steady), 6), 0);
}

/* Nothing is merged before the second scan: no plateau from one look to the next. */
static void
one_scan_is_never_enough(void **state)
{
    static const Look looks[] = { { 0, 0 }, { 0, 0 }, { 1, 0 }, { 1, 0 }, { 2, 9000 } };

    assert_int_equal(reached_at(looks, G_N_ELEMENTS(looks), 1), 0);
}

static void
goes_on_while_sharing_grows_or_falls(void **state)
{
    static const Look grows[] = { { 0, 0 }, { 1, 100 }, { 2, 1000 }, { 3, 2000 }, { 4, 4000 } };
    static const Look falls[] = { { 0, 0 }, { 1, 9000 }, { 2, 8000 }, { 3, 7000 }, { 4, 6990 } };

    assert_int_equal(reached_at(grows, G_N_ELEMENTS(grows), 2), 0);
    assert_int_equal(reached_at(falls, G_N_ELEMENTS(falls), 2), 4);
}

static void
put(const HostTree *tree, const char *name, unsigned value)
{
    g_autofree char *path = g_strconcat(KSM_DIR "/", name, NULL);
    g_autofree char *text = g_strdup_printf("%u\n", value);

    host_tree_put(tree, path, text);
}

static int
setup(void **state)
{
    static const char *const zero[] = { "pages_shared", "pages_sharing", "pages_unshared",
                                        "pages_volatile", "full_scans" };

    host_tree_setup(state);
    put(*state, "run", 1);
    for (size_t i = 0; i < G_N_ELEMENTS(zero); i++)
        put(*state, zero[i], 0);
    return 0;
}

typedef struct {
    const HostTree *tree;
    unsigned most;
    int stop;
} Daemon;

/* A scan each 30 ms; sharing doubles until it has found all. */
static void *
scan(void *data)
{
    Daemon *daemon = data;

    for (unsigned scans = 1; !g_atomic_int_get(&daemon->stop); scans++) {
        g_usleep(30000);
        put(daemon->tree, "pages_sharing", MIN(daemon->most, 1000u << MIN(scans, 10)));
        put(daemon->tree, "full_scans", scans);
    }
    return NULL;
}

static void
waits_until_the_daemon_finds_no_more(void **state)
{
    Daemon daemon = { .tree = *state, .most = 20000 };
    GThread *thread = g_thread_new("ksmd", scan, &daemon);
    KsmSettled settled;
    bool waited;

    waited = ksm_settle(daemon.tree->root, 3, LONG_NS, NULL, &settled, NULL);
    g_atomic_int_set(&daemon.stop, 1);
    g_thread_join(thread);
    assert_true(waited);
    assert_true(settled.ran && settled.settled);
    assert_true(settled.scans >= 3);
    assert_int_equal(settled.pages_sharing, 20000);
}

static void
the_time_is_over_where_nothing_moves(void **state)
{
    const HostTree *tree = *state;
    KsmSettled settled;

    assert_true(ksm_settle(tree->root, 3, 250 * NS_PER_MS, NULL, &settled, NULL));
    assert_true(settled.ran);
    assert_false(settled.settled);
    assert_int_equal(settled.scans, 0);
}

static void
page_sharing_that_is_off_is_not_waited_for(void **state)
{
    const HostTree *tree = *state;
    KsmSettled settled;

    put(tree, "run", 0);
    assert_true(ksm_settle(tree->root, 3, LONG_NS, NULL, &settled, NULL));
    assert_false(settled.ran);
}

static void
a_signal_is_heard(void **state)
{
    const HostTree *tree = *state;
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autoptr(GError) error = NULL;
    KsmSettled settled;

    interrupt_raise(interrupt, SIGINT);
    assert_false(ksm_settle(tree->root, 3, LONG_NS, interrupt, &settled, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_the_scans_and_the_plateau),
        cmocka_unit_test(one_scan_is_never_enough),
        cmocka_unit_test(goes_on_while_sharing_grows_or_falls),
        IN_A_TREE(waits_until_the_daemon_finds_no_more),
        IN_A_TREE(the_time_is_over_where_nothing_moves),
        IN_A_TREE(page_sharing_that_is_off_is_not_waited_for),
        IN_A_TREE(a_signal_is_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
