/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>
#include <string.h>

#include "common/base/cpuset.h"
#include "hostctl/run/housekeeping.h"
#include "hostctl/run/rig.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define IRQ_4 "proc/irq/4/smp_affinity_list"
#define IRQ_9 "proc/irq/9/smp_affinity_list"

/* The first CPU that this test may run on. */
static cpu_set_t
one_of(const cpu_set_t *cpus)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0 && cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cpus))
            CPU_SET(cpu, &one);
    return one;
}

static void
moves_itself_and_the_interrupts_and_puts_both_back(void **state)
{
    HostTree *tree = *state;
    cpu_set_t before, kept, now;
    g_autofree char *list = NULL, *note = NULL;
    g_autoptr(Housekeeping) housekeeping = NULL;

    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    kept = one_of(&before);
    list = cpuset_format(&kept);
    host_tree_put(tree, IRQ_4, "2-3\n");
    host_tree_put(tree, IRQ_9, "5\n");
    host_tree_put(tree, "proc/irq/default_smp_affinity", "f\n");

    housekeeping = housekeeping_new(tree->journal, &kept, &note, NULL);
    assert_non_null(housekeeping);
    assert_non_null(strstr(note, "2 interrupts (0 refuse"));
    assert_host_tree(tree, IRQ_4, list);
    assert_host_tree(tree, IRQ_9, list);
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&now, &kept));

    assert_true(housekeeping_put_back(housekeeping, NULL, NULL));
    assert_host_tree(tree, IRQ_4, "2-3");
    assert_host_tree(tree, IRQ_9, "5");
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&now, &before));
}

static void
a_killed_run_leaves_the_interrupts_to_recover(void **state)
{
    HostTree *tree = *state;
    cpu_set_t before, kept;
    g_autofree char *note = NULL;
    g_autoptr(Housekeeping) housekeeping = NULL;
    g_autoptr(GPtrArray) left = NULL;

    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    kept = one_of(&before);
    host_tree_put(tree, IRQ_4, "2-3\n");
    housekeeping = housekeeping_new(tree->journal, &kept, &note, NULL);
    assert_non_null(housekeeping);
    left = journal_unfinished(tree->journal);
    assert_int_equal(left->len, 1);
    assert_string_equal(((const JournalEntry *) left->pdata[0])->target, IRQ_4);
    assert_string_equal(((const JournalEntry *) left->pdata[0])->old_value, "2-3");
}

static void
tells_of_interrupts_that_somebody_else_moved(void **state)
{
    HostTree *tree = *state;
    cpu_set_t before, kept;
    g_autofree char *note = NULL;
    g_autoptr(Housekeeping) housekeeping = NULL;
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    kept = one_of(&before);
    host_tree_put(tree, IRQ_4, "2-3\n");
    housekeeping = housekeeping_new(tree->journal, &kept, &note, NULL);
    assert_non_null(housekeeping);
    host_tree_put(tree, IRQ_4, "7\n");
    assert_true(housekeeping_put_back(housekeeping, notes, NULL));
    assert_int_equal(notes->len, 1);
    assert_host_tree(tree, IRQ_4, "7");
}

#define PLAN                                                                           \
    "{\"version\":1,\"name\":\"t\",\"accelerator\":\"tcg\",\"counters\":\"software\"," \
    "\"load\":[\"x\"],\"steps_percent\":[0],\"conditions\":[{\"name\":\"a\"}],"        \
    "\"guests\":{\"bulk\":{\"count\":%s}},\"pool\":\"%s\",\"housekeeping\":\"%s\"}"

/* A node of four CPUs, 0 and 2, 1 and 3 on a core each. */
static Rig *
rig_with(const HostTree *tree, const char *count, const char *pool, const char *kept,
         GError **error)
{
    g_autofree char *text = g_strdup_printf(PLAN, count, pool, kept);
    Plan *plan = plan_parse("t.json", text, NULL);
    Rig *rig;

    assert_non_null(plan);
    for (int cpu = 0; cpu < 4; cpu++) {
        g_autofree char *file =
            g_strdup_printf("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);

        host_tree_put(tree, file, cpu % 2 == 0 ? "0,2\n" : "1,3\n");
    }
    host_tree_put(tree, "sys/devices/system/cpu/online", "0-3\n");
    host_tree_put(tree, "proc/meminfo",
                  "MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n"
                  "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
    rig = rig_new(plan, tree->root, error);
    plan_free(plan);
    return rig;
}

static void
its_cpus_are_outside_of_the_pool(void **state)
{
    static const struct {
        const char *pool, *kept, *want_pool, *want_kept;
    } cases[] = {
        { "auto", "none", "1-3", "" },   { "auto", "auto", "1-3", "0" },
        { "auto", "0,2", "1,3", "0,2" }, { "1,3", "auto", "1,3", "0,2" },
        { "2-3", "1", "2-3", "1" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_with(*state, "1", cases[i].pool, cases[i].kept, NULL);
        g_autofree char *pool = NULL, *kept = NULL;

        assert_non_null(rig);
        pool = cpuset_format(&rig->pool);
        kept = cpuset_format(&rig->kept_cpus);
        assert_string_equal(pool, cases[i].want_pool);
        assert_string_equal(kept, cases[i].want_kept);
        assert_true((rig_emulator_cpus(rig) != NULL) == (*kept != '\0'));
    }
}

static void
refuses_cpus_that_guests_have_or_nobody_has(void **state)
{
    static const struct {
        const char *pool, *kept, *message;
    } cases[] = {
        { "1-3", "0-1", "t.json: $.housekeeping: CPUs 1 are in the pool too" },
        { "all", "2", "$.housekeeping: CPUs 2 are in the pool too" },
        { "all", "auto", "$.housekeeping: the pool is all of this host's 4 CPUs" },
        { "auto", "0-3", "$.housekeeping: leaves no CPU to the guests" },
        { "auto", "7", "$.housekeeping: “7” has CPUs that are not online (online: 0-3)" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Rig) rig = rig_with(*state, "1", cases[i].pool, cases[i].kept, &error);

        assert_null(rig);
        if (!strstr(error->message, cases[i].message))
            fail_msg("“%s” does not contain “%s”", error->message, cases[i].message);
    }
}

static void
guests_are_ratio_times_cores_by_vcpus(void **state)
{
    static const struct {
        const char *count;
        unsigned want;
    } cases[] = {
        { "\"200%\"", 8 },
        { "{\"ratio\":2}", 8 },
        { "{\"ratio\":2,\"of\":\"cores\"}", 4 },
        { "{\"ratio\":1.5,\"of\":\"cores\"},\"vcpus\":3", 1 },
        { "{\"ratio\":2,\"of\":\"cpus\"},\"vcpus\":4", 2 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_with(*state, cases[i].count, "all", "none", NULL);

        assert_non_null(rig);
        assert_int_equal(rig->n_bulk, cases[i].want);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(moves_itself_and_the_interrupts_and_puts_both_back),
        CASE(a_killed_run_leaves_the_interrupts_to_recover),
        CASE(tells_of_interrupts_that_somebody_else_moved),
        CASE(its_cpus_are_outside_of_the_pool),
        CASE(refuses_cpus_that_guests_have_or_nobody_has),
        CASE(guests_are_ratio_times_cores_by_vcpus),
    };

    return cmocka_run_group_tests_name("housekeeping", tests, NULL, NULL);
}
