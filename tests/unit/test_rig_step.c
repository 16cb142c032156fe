/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/base/cpuset.h"
#include "hostctl/run/placement.h"
#include "hostctl/run/rig_step.h"
#include "tests/support/cmocka_all.h"

#define PLAN(placement, bulk, steps)                                                            \
    "{\"version\":1,\"name\":\"t\",\"load\":[\"x\"],\"conditions\":[{\"name\":\"few\","         \
    "\"placement\":\"" placement "\"}],\"guests\":{\"bulk\":{\"count\":" bulk ",\"vcpus\":2}}," \
    "\"steps_percent\":" steps "}"

static cpu_set_t
cpus_of(const char *list)
{
    cpu_set_t cpus;

    assert_true(cpuset_parse(list, &cpus, NULL));
    return cpus;
}

/* A node whose CPUs 0 and 2, 1 and 3 are siblings; of others nothing is told. */
static Sysroot *
node(void)
{
    g_autofree char *path =
        g_build_filename(g_getenv("TEST_DATA_DIR"), "fixtures", "host-two-guests", NULL);

    return sysroot_new(path);
}

static Rig
rig_of(const Sysroot *root, const char *pool, unsigned n_bulk)
{
    Rig rig = { .root = root, .pool = cpus_of(pool), .n_bulk = n_bulk };

    rig.pool_cpus = (unsigned) CPU_COUNT(&rig.pool);
    rig.pool_cores = host_cores(root, &rig.pool);
    return rig;
}

static void
assert_cpus(const cpu_set_t *cpus, const char *want)
{
    g_autofree char *list = cpuset_format(cpus);

    assert_string_equal(list, want);
}

static void
adds_guests_where_the_pool_is_shared_or_pinned(void **state)
{
    static const char *const plans[] = { PLAN("shared", "8", "[0]"), PLAN("pinned", "8", "[0]") };
    g_autoptr(Sysroot) root = node();
    Rig rig = rig_of(root, "0-3", 8);

    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        g_autoptr(Plan) plan = plan_parse("t.json", plans[i], NULL);
        RigStep step = rig_step_at(&rig, plan, 0, 150);

        assert_int_equal(step.n_bulk, 3);
        assert_int_equal(step.n_cpus, 4);
        assert_int_equal(step.n_cores, 2);
        assert_cpus(&step.cpus, "0-3");
    }
}

static void
takes_cpus_away_where_the_pool_shrinks(void **state)
{
    g_autoptr(Sysroot) root = node();
    g_autoptr(Plan) plan = plan_parse("t.json", PLAN("shrink", "2", "[0]"), NULL);
    Rig rig = rig_of(root, "0-3", 2);
    RigStep idle = rig_step_at(&rig, plan, 0, 0), whole = rig_step_at(&rig, plan, 0, 100);
    RigStep half = rig_step_at(&rig, plan, 0, 200), one = rig_step_at(&rig, plan, 0, 400);

    assert_int_equal(idle.n_bulk, 0);
    assert_int_equal(idle.n_cpus, 4);
    assert_int_equal(whole.n_bulk, 2);
    assert_int_equal(whole.n_cpus, 4);
    assert_int_equal(half.n_bulk, 2);
    assert_int_equal(half.n_cpus, 2);
    assert_int_equal(half.n_cores, 1);
    assert_cpus(&half.cpus, "1,3");
    assert_int_equal(one.n_cpus, 1);
    assert_cpus(&one.cpus, "3");
    assert_true(rig_steps_check(&rig, plan, NULL));
}

static void
counts_host_hogs_outright_or_by_the_pool(void **state)
{
    g_autoptr(Sysroot) root = node();
    g_autoptr(Plan) plan = plan_parse(
        "t.json",
        "{\"version\":1,\"name\":\"t\",\"load\":[\"x\"],\"steps_percent\":[0],\"conditions\":["
        "{\"name\":\"a\",\"host_hogs\":\"50%\"},{\"name\":\"b\",\"host_hogs\":3},{\"name\":\"c\"}]"
        "}",
        NULL);
    Rig rig = rig_of(root, "0-3", 2);

    assert_int_equal(rig_step_at(&rig, plan, 0, 0).n_hogs, 2);
    assert_int_equal(rig_step_at(&rig, plan, 1, 0).n_hogs, 3);
    assert_int_equal(rig_step_at(&rig, plan, 2, 0).n_hogs, 0);
}

/* CPUs 0 and 2 are one core, so are 1 and 3. */
static void
bandwidth_hogs_run_on_cores_beside_the_pool(void **state)
{
    g_autoptr(Sysroot) root = node();
    g_autoptr(Plan) plan = plan_parse(
        "t.json",
        "{\"version\":1,\"name\":\"t\",\"load\":[\"x\"],\"steps_percent\":[0],\"conditions\":["
        "{\"name\":\"a\",\"bandwidth_hogs\":\"200%\",\"interrupts_per_second\":7}]}",
        NULL);
    HostFacts facts = { .online = cpus_of("0-3") };
    Rig rig = rig_of(root, "0", 0);
    g_autoptr(GError) error = NULL;
    RigStep step;

    rig.facts = &facts;
    step = rig_step_at(&rig, plan, 0, 0);
    assert_int_equal(step.n_bandwidth_hogs, 2);
    assert_int_equal(step.n_hogs, 0);
    assert_int_equal(step.interrupts_per_second, 7);
    assert_cpus(&step.elsewhere, "1,3");
    assert_true(rig_steps_check(&rig, plan, NULL));

    rig.pool = cpus_of("0-1");
    assert_false(rig_steps_check(&rig, plan, &error));
    assert_non_null(strstr(error->message, "$.conditions[0].bandwidth_hogs: every core"));
}

static void
gives_up_whole_cores_the_lowest_first(void **state)
{
    static const char *const want[] = { "7", "3,7", "1,3,7", "1-3,7", "0-3,7", "0-3,7" };
    g_autoptr(Sysroot) root = node();
    cpu_set_t pool = cpus_of("0-3,7");

    for (unsigned n = 1; n <= G_N_ELEMENTS(want); n++) {
        cpu_set_t left = rig_shrink(root, &pool, PLAN_OF_CPUS, n);

        assert_cpus(&left, want[n - 1]);
    }
}

#define CORE_PLAN(placement, bulk, steps)                                                       \
    "{\"version\":1,\"name\":\"t\",\"load\":[\"x\"],\"conditions\":[{\"name\":\"few\","         \
    "\"placement\":\"" placement "\"}],\"guests\":{\"bulk\":{\"count\":" bulk ",\"vcpus\":2}}," \
    "\"steps_of\":\"cores\",\"steps_percent\":" steps "}"

static void
steps_may_be_of_cores(void **state)
{
    g_autoptr(Sysroot) root = node();
    g_autoptr(Plan) adds = plan_parse("t.json", CORE_PLAN("shared", "2", "[200]"), NULL);
    g_autoptr(Plan) shrinks = plan_parse("t.json", CORE_PLAN("shrink", "1", "[100]"), NULL);
    Rig rig = rig_of(root, "0-3", 2);
    RigStep step = rig_step_at(&rig, adds, 0, 200);

    assert_int_equal(step.n_bulk, 2); /* 2 cores, 4 vCPUs */
    assert_int_equal(step.n_cpus, 4);
    assert_true(rig_steps_check(&rig, adds, NULL));
    step = rig_step_at(&rig, shrinks, 0, 400); /* 4 vCPUs on one core, both of its CPUs */
    assert_cpus(&step.cpus, "1,3");
    assert_int_equal(step.n_cpus, 2);
    assert_int_equal(step.n_cores, 1);
    step = rig_step_at(&rig, shrinks, 0, 200);
    assert_cpus(&step.cpus, "0-3");
}

static void
refuses_a_step_that_cannot_be_made_and_says_what_can(void **state)
{
    static const struct {
        const char *plan, *message;
    } cases[] = {
        { PLAN("shrink", "2", "[0,50]"), "t.json: $.steps_percent[1]: with 2 bulk guests on 1 to 4 "
                                         "CPUs the condition “few”, which "
                                         "shrinks the pool, reaches 100 to 400 %, not 50 %" },
        { PLAN("shrink", "2", "[401]"), "reaches 100 to 400 %, not 401 %" },
        { PLAN("shared", "2", "[150]"),
          "t.json: $.steps_percent[0]: 150 % of 4 CPUs needs 3 bulk guests, and "
          "$.guests.bulk.count gives 2" },
    };
    g_autoptr(Sysroot) root = node();
    Rig rig = rig_of(root, "0-3", 2);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Plan) plan = plan_parse("t.json", cases[i].plan, NULL);
        g_autoptr(GError) error = NULL;

        assert_non_null(plan);
        assert_false(rig_steps_check(&rig, plan, &error));
        if (!strstr(error->message, cases[i].message))
            fail_msg("“%s” does not contain “%s”", error->message, cases[i].message);
    }
}

static void
pins_vcpus_in_turn(void **state)
{
    static const int want[] = { 1, 4, 6, 1, 4, 6, 1 };
    cpu_set_t cpus = cpus_of("1,4,6"), none;

    CPU_ZERO(&none);
    for (unsigned i = 0; i < G_N_ELEMENTS(want); i++)
        assert_int_equal(placement_turn(&cpus, i), want[i]);
    assert_int_equal(placement_turn(&none, 0), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_guests_where_the_pool_is_shared_or_pinned),
        cmocka_unit_test(takes_cpus_away_where_the_pool_shrinks),
        cmocka_unit_test(counts_host_hogs_outright_or_by_the_pool),
        cmocka_unit_test(steps_may_be_of_cores),
        cmocka_unit_test(bandwidth_hogs_run_on_cores_beside_the_pool),
        cmocka_unit_test(gives_up_whole_cores_the_lowest_first),
        cmocka_unit_test(refuses_a_step_that_cannot_be_made_and_says_what_can),
        cmocka_unit_test(pins_vcpus_in_turn),
    };

    return cmocka_run_group_tests_name("rig_step", tests, NULL, NULL);
}
