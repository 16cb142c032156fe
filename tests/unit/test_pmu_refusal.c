/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every errno of perf_event_open(2), produced by a PMU that refuses, and what a user reads then. */
#include <errno.h>
#include <string.h>

#include "common/pmu/pmu_group.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/sim_pmu.h"

#define VCPU 4711

static const PmuCapacity small = { .general = 2, .guest_general = 2 };

static void
assert_message(const SimPmuOptions *options, const char *const *events, PmuMode mode,
               bool guest_runs, int refusal, const char *advice)
{
    g_autoptr(SimPmu) sim = sim_pmu_new(options);
    const PmuTarget target = { .tid = VCPU, .cpu = -1, .kernel = sim_pmu_kernel(sim) };
    g_autoptr(PmuGroup) group = pmu_group_new(&target);
    g_autoptr(GError) error = NULL;
    PmuEvent event;
    int got = 0;

    if (refusal != ESRCH)
        sim_pmu_thread_starts(sim, VCPU);
    if (guest_runs)
        assert_int_equal(sim_pmu_guest_starts(sim, VCPU), 0);
    for (; *events && got == 0; events++) {
        assert_true(pmu_event_encode(*events, mode, &event, NULL));
        got = pmu_group_add(group, &event, &error);
    }
    assert_int_equal(got, refusal);
    if (!strstr(error->message, event.printable) || !strstr(error->message, "thread 4711") ||
        !strstr(error->message, advice) || !strstr(error->message, g_strerror(refusal)))
        fail_msg("“%s” should name %s, thread 4711, “%s” and “%s”", error->message, event.printable,
                 advice, g_strerror(refusal));
}

static void
every_refusal_names_event_thread_and_what_to_do(void **state)
{
    static const char *const cycles[] = { "cycles", NULL };
    static const char *const three[] = { "cycles", "branches", "branch-misses", NULL };

    assert_message(&(SimPmuOptions){ .capacity = small, .mediated = true }, cycles, PMU_MODE_GUEST,
                   true, EOPNOTSUPP, "only :H can be counted");
    assert_message(&(SimPmuOptions){ .capacity = small, .reserved = true }, cycles, PMU_MODE_GUEST,
                   false, EBUSY, "nmi_watchdog");
    assert_message(&(SimPmuOptions){ .capacity = small, .no_pmu = true }, cycles, PMU_MODE_HOST,
                   false, ENOENT, "emulated or the software source");
    assert_message(&(SimPmuOptions){ .capacity = small, .refuse_errno = EACCES }, cycles,
                   PMU_MODE_GUEST, false, EACCES, "CAP_PERFMON");
    assert_message(&(SimPmuOptions){ .capacity = small, .refuse_errno = EPERM }, cycles,
                   PMU_MODE_GUEST, false, EPERM, "seccomp");
    assert_message(&(SimPmuOptions){ .capacity = small, .max_fds = 2 }, three, PMU_MODE_HOST, false,
                   EMFILE, "ulimit -n");
    assert_message(&(SimPmuOptions){ .capacity = small }, cycles, PMU_MODE_GUEST, false, ESRCH,
                   "no such thread");
    assert_message(&(SimPmuOptions){ .capacity = small }, three, PMU_MODE_GUEST, false, EINVAL,
                   "Ask for fewer");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_names_event_thread_and_what_to_do),
    };

    return cmocka_run_group_tests_name("pmu_refusal", tests, NULL, NULL);
}
