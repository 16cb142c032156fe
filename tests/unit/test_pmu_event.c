/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_event.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static PmuEvent
encode(const char *name, PmuMode mode)
{
    g_autoptr(GError) error = NULL;
    PmuEvent event;

    if (!pmu_event_encode(name, mode, &event, &error))
        fail_msg("%s", error->message);
    return event;
}

static void
encodes_every_event_that_has_a_name(void **state)
{
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        PmuEvent event = encode(event_list[i].name, PMU_MODE_SELF);

        assert_ptr_equal(event.known, &event_list[i]);
        assert_string_equal(event.printable, event_list[i].name);
        assert_int_equal(pmu_event_is_software(&event), event_list[i].kind == EVENT_KIND_SOFTWARE);
        assert_int_equal(event.attr.size, sizeof event.attr);
    }
    assert_int_equal(encode("branch-misses", PMU_MODE_SELF).attr.config,
                     PERF_COUNT_HW_BRANCH_MISSES);
}

static void
takes_the_older_names_too(void **state)
{
    assert_string_equal(encode("cpu-cycles", PMU_MODE_SELF).known->name, "cycles");
    assert_string_equal(encode("branch-instructions", PMU_MODE_SELF).known->name, "branches");
    assert_string_equal(encode("cs", PMU_MODE_SELF).known->name, "context-switches");
    assert_string_equal(encode("cpu-cycles", PMU_MODE_SELF).printable, "cpu-cycles");
}

static const struct {
    const char *name;
    PmuMode mode;
    const char *printable;
    bool exclude_host, exclude_guest, exclude_user, exclude_kernel;
} bits[] = {
    { "cycles", PMU_MODE_SELF, "cycles", false, false, false, false },
    { "cycles", PMU_MODE_GUEST, "cycles:G", true, false, false, false },
    { "cycles", PMU_MODE_HOST, "cycles:H", false, true, false, false },
    { "cycles:G", PMU_MODE_GUEST, "cycles:G", true, false, false, false },
    { "cycles:G", PMU_MODE_SELF, "cycles:G", true, false, false, false },
    { "cycles:GH", PMU_MODE_SELF, "cycles", false, false, false, false },
    { "cycles:u", PMU_MODE_SELF, "cycles:u", false, false, false, true },
    { "cycles:k", PMU_MODE_GUEST, "cycles:kG", true, false, true, false },
    { "cycles:uk", PMU_MODE_HOST, "cycles:ukH", false, true, false, false },
    { "r00c5", PMU_MODE_GUEST, "r00c5:G", true, false, false, false },
    { "r00c5:u", PMU_MODE_SELF, "r00c5:u", false, false, false, true },
    { "task-clock", PMU_MODE_GUEST, "task-clock", false, false, false, false },
    { "L1-dcache-load-misses", PMU_MODE_SELF, "L1-dcache-load-misses", false, false, false, false },
    { "L1-dcache-load-misses", PMU_MODE_GUEST, "L1-dcache-load-misses:G", true, false, false,
      false },
};

static void
says_guest_host_and_level_itself(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bits); i++) {
        PmuEvent event = encode(bits[i].name, bits[i].mode);

        assert_string_equal(event.printable, bits[i].printable);
        assert_int_equal(event.attr.exclude_host, bits[i].exclude_host);
        assert_int_equal(event.attr.exclude_guest, bits[i].exclude_guest);
        assert_int_equal(event.attr.exclude_user, bits[i].exclude_user);
        assert_int_equal(event.attr.exclude_kernel, bits[i].exclude_kernel);
        assert_int_equal(event.attr.pinned, 0);
        assert_int_equal(event.attr.exclude_hv, 0);
    }
}

static void
encodes_raw_events(void **state)
{
    PmuEvent event = encode("r1234abcd", PMU_MODE_SELF);

    assert_int_equal(event.attr.type, PERF_TYPE_RAW);
    assert_int_equal(event.attr.config, 0x1234abcd);
    assert_null(event.known);
}

static void
encodes_cache_events_through_libpfm(void **state)
{
    PmuEvent event = encode("L1-dcache-load-misses", PMU_MODE_SELF);

    assert_int_equal(event.attr.type, PERF_TYPE_HW_CACHE);
    assert_int_equal(event.attr.config, PERF_COUNT_HW_CACHE_L1D |
                                            (PERF_COUNT_HW_CACHE_OP_READ << 8) |
                                            (PERF_COUNT_HW_CACHE_RESULT_MISS << 16));
}

/* In a process of its own: libpfm4 can be told only once which CPU it shall believe in. */
static int
encode_as_skylake(void)
{
    PmuEvent event;

    g_setenv("LIBPFM_FORCE_PMU", "skx", TRUE);
    if (!pmu_event_encode("BR_MISP_RETIRED:ALL_BRANCHES:u", PMU_MODE_GUEST, &event, NULL))
        return 1;
    if (event.attr.type != PERF_TYPE_RAW || (event.attr.config & 0xff) != 0xc5)
        return 2;
    if (!event.attr.exclude_host || event.attr.exclude_guest || !event.attr.exclude_kernel ||
        event.attr.exclude_user || event.attr.pinned)
        return 3;
    return g_str_equal(event.printable, "BR_MISP_RETIRED:ALL_BRANCHES:uG") ? 0 : 4;
}

static void
encodes_events_of_a_cpu_model_through_libpfm(void **state)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(encode_as_skylake());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static const struct {
    const char *name;
    PmuMode mode;
    const char *error;
} refusals[] = {
    { "", PMU_MODE_SELF, "no name" },
    { "cylces", PMU_MODE_SELF, "“cylces” is unknown" },
    { "cycles:x", PMU_MODE_SELF, "“cycles:x” is unknown" },
    { "rxyz", PMU_MODE_SELF, "“rxyz” is unknown" },
    { "r12345678901234567", PMU_MODE_SELF, "is unknown" },
    { "cycles:H", PMU_MODE_GUEST, "its :H contradicts the guest mode" },
    { "cycles:G", PMU_MODE_HOST, "its :G contradicts the host mode" },
    { "a-name-that-is-longer-than-anything-that-counts-x", PMU_MODE_SELF, "longer than 47 bytes" },
};

static void
refuses_what_it_cannot_count_and_names_it(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GError) error = NULL;
        PmuEvent event = { .name = "untouched" };

        assert_false(pmu_event_encode(refusals[i].name, refusals[i].mode, &event, &error));
        assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
        if (!strstr(error->message, refusals[i].error))
            fail_msg("“%s” says: %s", refusals[i].name, error->message);
        assert_string_equal(event.name, "untouched");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_events_of_a_cpu_model_through_libpfm), /* before libpfm4 starts */
        cmocka_unit_test(encodes_every_event_that_has_a_name),
        cmocka_unit_test(takes_the_older_names_too),
        cmocka_unit_test(says_guest_host_and_level_itself),
        cmocka_unit_test(encodes_raw_events),
        cmocka_unit_test(encodes_cache_events_through_libpfm),
        cmocka_unit_test(refuses_what_it_cannot_count_and_names_it),
    };

    return cmocka_run_group_tests_name("pmu_event", tests, NULL, NULL);
}
