/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a plan is said to take. */
#include "hostctl/run/experiment.h"

#include "common/base/clock.h"
#include "tests/support/cmocka_all.h"

#define PLAN                                                                                     \
    "{\"version\":1,\"name\":\"t\",\"load\":[\"true\"],\"repeats\":2,\"steps_percent\":[0,100]," \
    "\"conditions\":[{\"name\":\"a\",\"ksm\":%s},{\"name\":\"b\",\"ksm\":\"off\"}]%s}"

static const Rig rig = { .accelerator = ACCELERATOR_KVM, .n_bulk = 2, .pool_cpus = 2 };

typedef struct {
    int64_t planned_ns, settle_ns;
} Times;

static Times
times_of(const char *ksm, const char *more)
{
    g_autofree char *text = g_strdup_printf(PLAN, ksm, more);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_parse("t.json", text, &error);

    if (!plan)
        fail_msg("%s", error->message);
    return (Times){ experiment_planned_ns(plan, &rig), experiment_longest_settle_ns(plan) };
}

/* Two of the four blocks have the condition. */
static void
holds_the_longest_that_page_sharing_is_waited_for(void **state)
{
    static const struct {
        const char *ksm, *more;
        int64_t seconds; /* a block */
    } cases[] = {
        { "\"on\"", "", 120 },
        { "\"ksmtuned\"", "", 120 },
        { "\"on\"", ",\"ksm_settle_seconds\":7", 7 },
        { "\"on\"", ",\"ksm_settle_seconds\":7,\"between_conditions\":\"keep\"", 7 },
        { "\"on\"", ",\"ksm_settle_scans\":0", 0 },
        { "\"off\"", "", 0 },
        { "\"leave\"", "", 0 },
        { "{\"run\":1}", "", 120 },
        { "{\"pages_to_scan\":500}", "", 120 },
        { "{\"run\":0}", "", 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Times times = times_of(cases[i].ksm, cases[i].more);
        Times without = times_of("\"off\"", cases[i].more);

        assert_true(times.settle_ns == 2 * cases[i].seconds * NS_PER_SECOND);
        assert_true(times.planned_ns - without.planned_ns == times.settle_ns);
        assert_true(without.planned_ns > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_longest_that_page_sharing_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
