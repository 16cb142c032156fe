/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blame on real threads that fight for one CPU. Other work of this machine is a cause like any
 * other, so the tests compare guests with guests, and sums with the kernel's own account.
 */
#include "hostctl/blame/blame.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_guest.h"
#include "tests/support/near.h"
#include "tests/support/needs.h"

#define MEASURE_US 3000000

static Sysroot *root;

static uint64_t
waited(const BlameReport *report, const FakeGuest *victim, int kind, const char *name)
{
    uint64_t ns = 0;

    for (guint i = 0; i < report->causes->len; i++) {
        const BlameCause *cause = &g_array_index(report->causes, BlameCause, i);
        const BlameVictim *who = &g_array_index(report->victims, BlameVictim, cause->victim);

        if (g_str_equal(who->guest, victim->name) && (kind < 0 || (int) cause->kind == kind) &&
            (!name || g_str_equal(cause->name, name)))
            ns += cause->wait_ns;
    }
    return ns;
}

/* For a reader of a failed test. */
static void
print_report(const BlameReport *report)
{
    for (guint i = 0; i < report->victims->len; i++) {
        const BlameVictim *who = &g_array_index(report->victims, BlameVictim, i);

        print_message("%s/%u waited %.1f ms:", who->guest, who->vcpu, who->wait_ns / 1e6);
        for (guint k = 0; k < report->causes->len; k++) {
            const BlameCause *cause = &g_array_index(report->causes, BlameCause, k);

            if (cause->victim == i)
                print_message(" %s %s %.1f", blame_kind_name(cause->kind), cause->name,
                              cause->wait_ns / 1e6);
        }
        print_message("\n");
    }
}

/* Watches all guests of this test for a while. */
static BlameReport *
measure(void)
{
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GPtrArray) guests = fake_guests_find(root);
    BlameReport *report = NULL;

    assert_true(blame_open(root, &blame, NULL));
    assert_true(blame_watch(blame, guests, NULL));
    g_usleep(MEASURE_US);
    assert_true(blame_take(blame, &report, NULL));
    print_report(report);
    return report;
}

static void
names_the_guest_on_the_same_cpu_and_no_other(void **state)
{
    g_autoptr(FakeGuest) a = fake_guest_start("a", 1, 1, NULL);
    g_autoptr(FakeGuest) b = fake_guest_start("b", 1, 1, NULL);
    g_autoptr(FakeGuest) c = fake_guest_start("c", 1, 0, NULL);
    g_autoptr(BlameReport) report = measure();
    uint64_t by_guests_ns = waited(report, a, BLAME_GUEST, NULL);

    assert_true(by_guests_ns > 0);
    assert_true(waited(report, a, BLAME_GUEST, b->name) > by_guests_ns * 0.95);
    assert_true(waited(report, a, BLAME_GUEST, c->name) <= by_guests_ns * 0.01);
    assert_int_equal(waited(report, a, BLAME_QUOTA, NULL), 0);
    assert_int_equal(waited(report, a, BLAME_SELF, NULL), 0);
}

static void
adds_up_to_the_run_delay_of_the_kernel(void **state)
{
    FakeGuest *guests[6];
    uint64_t run_ns, before_ns[6], after_ns;
    g_autoptr(BlameReport) report = NULL;
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GPtrArray) processes = NULL;

    for (int i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("g%d", i);

        /* Some burn without end, some sleep now and then. */
        guests[i] = fake_guest_start(name, 1, 1, i % 2 ? "3000 1000" : NULL);
    }
    processes = fake_guests_find(root);
    assert_int_equal(processes->len, 6);
    assert_true(blame_open(root, &blame, NULL));
    assert_true(blame_watch(blame, processes, NULL));
    g_usleep(500000);
    assert_true(blame_take(blame, &report, NULL));
    g_clear_pointer(&report, blame_report_free);
    for (int i = 0; i < 6; i++)
        fake_guest_sched(root, guests[i], &run_ns, &before_ns[i]);
    g_usleep(2 * MEASURE_US);
    assert_true(blame_take(blame, &report, NULL));
    for (int i = 0; i < 6; i++) {
        uint64_t blamed_ns = waited(report, guests[i], -1, NULL);

        fake_guest_sched(root, guests[i], &run_ns, &after_ns);
        print_message("%s: schedstat %.1f ms, blame %.1f ms\n", guests[i]->name,
                      (after_ns - before_ns[i]) / 1e6, blamed_ns / 1e6);
        /* One wait may end between the two readings; six share the CPU in turns of some ms. */
        assert_near(blamed_ns, after_ns - before_ns[i],
                    MAX(0.02 * (after_ns - before_ns[i]), 30e6));
        assert_true(waited(report, guests[i], BLAME_OTHER, NULL) <= blamed_ns * 0.01);
    }
    for (int i = 0; i < 6; i++)
        fake_guest_end(guests[i]);
}

static void
knows_a_quota_from_a_neighbour(void **state)
{
    g_autoptr(FakeGuest) a = fake_guest_start("q", 1, 1, NULL);
    char *quota = fake_quota_add(a, 30);
    g_autoptr(BlameReport) report = NULL;
    uint64_t all_ns;

    if (!quota) {
        print_message("# not tried: no CPU cgroup can be made here\n");
        return;
    }
    report = measure();
    all_ns = waited(report, a, -1, NULL);
    print_message("quota: %.1f of %.1f ms\n", waited(report, a, BLAME_QUOTA, NULL) / 1e6,
                  all_ns / 1e6);
    assert_true(all_ns > MEASURE_US * 1000.0 * 0.5);
    assert_true(waited(report, a, BLAME_QUOTA, NULL) >=
                0.9 * (all_ns - waited(report, a, BLAME_HOST, NULL)));
    fake_guest_end(g_steal_pointer(&a));
    fake_quota_remove(quota);
}

static void
knows_its_own_threads(void **state)
{
    g_autoptr(FakeGuest) a = fake_guest_start("s", 2, 1, "1000 0 1");
    g_autoptr(BlameReport) report = measure();
    uint64_t self_ns = waited(report, a, BLAME_SELF, NULL);

    assert_true(self_ns > 0);
    assert_true(self_ns >=
                0.95 * (waited(report, a, -1, NULL) - waited(report, a, BLAME_HOST, NULL)));
}

static void
names_a_task_of_the_host(void **state)
{
    g_autoptr(FakeGuest) a = fake_guest_start("h", 1, 1, NULL);
    const char *argv[] = { "taskset", "-c", "1", "sh", "-c", "while :; do :; done", NULL };
    g_autoptr(BlameReport) report = NULL;
    GPid hog;

    assert_true(g_spawn_async(NULL, (char **) argv, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &hog,
                              NULL));
    report = measure();
    kill(hog, SIGKILL);
    waitpid(hog, NULL, 0);
    assert_true(waited(report, a, BLAME_HOST, "sh") > MEASURE_US * 1000.0 * 0.05);
    assert_int_equal(waited(report, a, BLAME_GUEST, NULL), 0);
}

static void
follows_guests_that_come_and_go(void **state)
{
    g_autoptr(FakeGuest) a = fake_guest_start("stays", 1, 1, NULL);
    FakeGuest *b = fake_guest_start("goes", 1, 1, NULL);
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GPtrArray) guests = fake_guests_find(root);
    g_autoptr(GPtrArray) later = NULL;
    g_autoptr(BlameReport) first = NULL;
    g_autoptr(BlameReport) second = NULL;
    g_autofree char *name = g_strdup(b->name);

    assert_true(blame_open(root, &blame, NULL));
    assert_true(blame_watch(blame, guests, NULL));
    g_usleep(MEASURE_US / 3);
    fake_guest_end(b);
    later = fake_guests_find(root);
    assert_int_equal(later->len, 1);
    assert_true(blame_watch(blame, later, NULL));

    /* The one that is gone is still called by its name in the report that it caused. */
    assert_true(blame_take(blame, &first, NULL));
    assert_true(waited(first, a, BLAME_GUEST, name) > 0);
    g_usleep(MEASURE_US / 3);
    assert_true(blame_take(blame, &second, NULL));
    /* A wait counts when it ends: one that began behind it may still come. */
    assert_true(waited(second, a, BLAME_GUEST, NULL) < MEASURE_US * 1000.0 / 3 * 0.05);
    assert_int_equal(second->victims->len, 1);
}

/* Of all CPUs since boot. */
static uint64_t
switches(void)
{
    g_autofree char *text = NULL;
    const char *line;

    assert_true(sysroot_read(root, "proc/stat", &text, NULL));
    line = strstr(text, "\nctxt ");
    assert_non_null(line);
    return g_ascii_strtoull(line + strlen("\nctxt "), NULL, 10);
}

/* Without a quota there is one call a switch, and few more: none for wake-ups. */
static void
counts_what_it_costs(void **state)
{
    g_autoptr(FakeGuest) a = fake_guest_start("cost-a", 1, 1, NULL);
    g_autoptr(FakeGuest) b = fake_guest_start("cost-b", 1, 1, NULL);
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GPtrArray) guests = fake_guests_find(root);
    BlameCost before, after;
    uint64_t switched;

    assert_true(blame_open(root, &blame, NULL));
    assert_true(blame_watch(blame, guests, NULL));
    switched = switches();
    assert_true(blame_cost(blame, &before, NULL));
    g_usleep(MEASURE_US / 3);
    assert_true(blame_cost(blame, &after, NULL));
    switched = switches() - switched;
    assert_true(after.calls > before.calls);
    print_message("%ju calls, %ju switches\n", (uintmax_t) (after.calls - before.calls),
                  (uintmax_t) switched);
    assert_true(after.calls - before.calls <= switched + switched / 4 + 100);
    print_message("%.0f ns a call\n",
                  (double) (after.run_ns - before.run_ns) / (after.calls - before.calls));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, fake_guest_end_all)
        TEST(names_the_guest_on_the_same_cpu_and_no_other),
        TEST(adds_up_to_the_run_delay_of_the_kernel),
        TEST(knows_a_quota_from_a_neighbour),
        TEST(knows_its_own_threads),
        TEST(names_a_task_of_the_host),
        TEST(follows_guests_that_come_and_go),
        TEST(counts_what_it_costs),
    };
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GError) error = NULL;
    int failed;

    root = sysroot_new("/");
    if (!machine_has("root") || !machine_has("two-cpus"))
        return TEST_SKIPPED;
    if (!blame_open(root, &blame, &error)) {
        print_message("# SKIP: %s\n", error->message);
        return TEST_SKIPPED;
    }
    failed = cmocka_run_group_tests_name("blame", tests, NULL, NULL);
    sysroot_free(root);
    return failed;
}
