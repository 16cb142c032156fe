/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/counter_source.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "emupmu/page.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_kernel.h"

static const char *const both[] = { "cycles", "task-clock", NULL };

/* A counter page of two vCPUs, written as the plugin does. */
typedef struct {
    char *path;
    EmupmuPage *shared;
    EmulatedPage *page;
} Fixture;

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    autofd int fd = g_file_open_tmp("page-XXXXXX", &fixture->path, NULL);

    if (fd < 0 || ftruncate(fd, EMUPMU_PAGE_BYTES) != 0)
        return -1;
    fixture->shared = mmap(NULL, EMUPMU_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fixture->shared->header = (EmupmuHeader){ .magic = EMUPMU_PAGE_MAGIC,
                                              .version = EMUPMU_PAGE_VERSION,
                                              .vcpus = 2,
                                              .instance = 5,
                                              .vmid = 1,
                                              .llc_kib = 4096,
                                              .model = 1 };
    fixture->page = emulated_open(fixture->path, NULL);
    *state = fixture;
    return fixture->page ? 0 : -1;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;

    emulated_close(fixture->page);
    munmap(fixture->shared, EMUPMU_PAGE_BYTES);
    g_unlink(fixture->path);
    g_free(fixture->path);
    g_free(fixture);
    return 0;
}

static void
publish(Fixture *fixture, unsigned vcpu, uint64_t cycles)
{
    EmupmuSlot *slot = &fixture->shared->slot[vcpu];
    const EmupmuTuple tuple = { .cycles = cycles,
                                .instructions = 2 * cycles,
                                .publishes = slot->sequence + 1 };

    emupmu_publish(slot, &tuple);
}

static CounterTarget
cpu_target(const FakeKernel *fake)
{
    return (CounterTarget){ .pmu = { .tid = -1, .cpu = 0, .kernel = fake ? &fake->kernel : NULL },
                            .mode = PMU_MODE_SELF };
}

static void
counts_hardware_and_software_together(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    {
        const CounterTarget target = cpu_target(&fake);
        g_autoptr(Counters) counters = counters_open(COUNTER_SOURCE_AUTO, &target, both, NULL);
        CounterReading reading;

        assert_int_equal(counters_source(counters), COUNTER_SOURCE_HARDWARE);
        assert_int_equal(counters_n_events(counters), 2);
        assert_string_equal(counters_problem(counters), "");
        assert_int_equal(fake.n_enables, 1);
        fake.values[0] = 10, fake.values[1] = 20, fake.enabled_ns = 5, fake.running_ns = 4;
        assert_true(counters_read(counters, &reading, NULL));
        assert_int_equal(reading.n_values, 2);
        assert_int_equal(reading.values[0], 10);
        assert_int_equal(reading.values[1], 20);
        assert_int_equal(reading.enabled_ns, 5);
        assert_int_equal(reading.running_ns, 4);
    }
}

static void
goes_on_with_what_counts_and_says_what_does_not(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    fake.no_hardware = true;
    {
        const CounterTarget target = cpu_target(&fake);
        g_autoptr(Counters) counters = counters_open(COUNTER_SOURCE_HARDWARE, &target, both, NULL);
        CounterReading reading;

        assert_int_equal(counters_source(counters), COUNTER_SOURCE_HARDWARE);
        assert_int_equal(counters_event_errno(counters, 0), ENOENT);
        assert_int_equal(counters_event_errno(counters, 1), 0);
        assert_non_null(strstr(counters_problem(counters), "cycles: this machine has no PMU"));
        fake.values[0] = 20;
        assert_true(counters_read(counters, &reading, NULL));
        assert_true(reading.values[0] == COUNTER_NOT_COUNTED);
        assert_int_equal(reading.values[1], 20);
    }
}

static void
calls_itself_software_when_nothing_else_is_there(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    fake.no_hardware = true;
    {
        const CounterTarget target = cpu_target(&fake);
        g_autoptr(Counters) counters = counters_open(COUNTER_SOURCE_AUTO, &target, both, NULL);

        assert_int_equal(counters_source(counters), COUNTER_SOURCE_SOFTWARE);
    }
}

static void
counts_from_the_page_when_there_is_no_pmu(void **state)
{
    Fixture *fixture = *state;
    FakeKernel fake;

    fake_kernel_init(&fake);
    fake.no_hardware = true;
    publish(fixture, 1, 1000);
    {
        CounterTarget target = cpu_target(&fake);
        g_autoptr(Counters) counters = NULL;
        CounterReading before, after;

        target.page = fixture->page;
        target.vcpu = 1;
        counters = counters_open(COUNTER_SOURCE_AUTO, &target, both, NULL);
        assert_int_equal(counters_source(counters), COUNTER_SOURCE_EMULATED);
        assert_string_equal(counters_problem(counters), "");
        fake.values[0] = 20;
        assert_true(counters_read(counters, &before, NULL));
        publish(fixture, 1, 1500);
        assert_true(counters_read(counters, &after, NULL));
        assert_int_equal(before.values[0], 1000);
        assert_int_equal(before.values[1], 20);
        assert_int_equal(after.values[0], 1500);
        assert_true(after.enabled_ns > before.enabled_ns);
        assert_int_equal(after.enabled_ns, after.running_ns);
        assert_false(after.restarted);
    }
}

static void
says_that_the_page_began_anew(void **state)
{
    static const char *const cycles[] = { "cycles", NULL };
    Fixture *fixture = *state;
    const CounterTarget target = { .mode = PMU_MODE_GUEST, .page = fixture->page };
    g_autoptr(Counters) counters = NULL;
    CounterReading reading;

    publish(fixture, 0, 1000);
    counters = counters_open(COUNTER_SOURCE_EMULATED, &target, cycles, NULL);
    assert_string_equal(counters_event_name(counters, 0), "cycles");
    fixture->shared->header.instance = 6;
    publish(fixture, 0, 3000);
    assert_true(counters_read(counters, &reading, NULL));
    assert_true(reading.restarted);
    assert_true(counters_read(counters, &reading, NULL));
    assert_false(reading.restarted);
}

static void
prints_the_mode_of_what_the_kernel_counts(void **state)
{
    FakeKernel fake;

    fake_kernel_init(&fake);
    {
        CounterTarget target = cpu_target(&fake);
        g_autoptr(Counters) counters = NULL;

        target.mode = PMU_MODE_HOST;
        counters = counters_open(COUNTER_SOURCE_HARDWARE, &target, both, NULL);
        assert_string_equal(counters_event_name(counters, 0), "cycles:H");
        assert_string_equal(counters_event_name(counters, 1), "task-clock");
    }
}

/* What must fail, and the words that say why. */
static const struct {
    CounterSource source;
    PmuMode mode;
    bool page;
    unsigned vcpu;
    const char *events[3];
    int code;
    const char *why;
} failures[] = {
    { COUNTER_SOURCE_AUTO, PMU_MODE_SELF, false, 0, { NULL }, FAILURE_USAGE, "no events" },
    { COUNTER_SOURCE_AUTO, PMU_MODE_SELF, true, 0, { "cylces" }, FAILURE_USAGE, "“cylces”" },
    { COUNTER_SOURCE_AUTO, PMU_MODE_SELF, false, 0, { "cycles" }, FAILURE_UNSUPPORTED, "vPMU" },
    { COUNTER_SOURCE_HARDWARE, PMU_MODE_SELF, true, 0, { "cycles" }, FAILURE_UNSUPPORTED, "vPMU" },
    { COUNTER_SOURCE_SOFTWARE,
      PMU_MODE_SELF,
      true,
      0,
      { "cycles" },
      FAILURE_UNSUPPORTED,
      "cycles: no software event" },
    { COUNTER_SOURCE_EMULATED,
      PMU_MODE_SELF,
      false,
      0,
      { "cycles" },
      FAILURE_UNSUPPORTED,
      "no emulated counter page" },
    { COUNTER_SOURCE_EMULATED, PMU_MODE_SELF, true, 2, { "cycles" }, FAILURE_FAILED, "no vCPU 2" },
    { COUNTER_SOURCE_EMULATED,
      PMU_MODE_SELF,
      true,
      0,
      { "cycles:u", "ref-cycles" },
      FAILURE_UNSUPPORTED,
      "cycles:u, ref-cycles: the emulated page has no such event" },
    { COUNTER_SOURCE_EMULATED,
      PMU_MODE_HOST,
      true,
      0,
      { "cycles" },
      FAILURE_UNSUPPORTED,
      "cycles:H: the emulated page" },
};

static void
says_why_nothing_can_be_counted(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
        FakeKernel fake;
        CounterTarget target = cpu_target(&fake);
        g_autoptr(GError) error = NULL;

        fake_kernel_init(&fake);
        fake.no_hardware = true;
        target.mode = failures[i].mode;
        target.page = failures[i].page ? fixture->page : NULL;
        target.vcpu = failures[i].vcpu;
        assert_null(counters_open(failures[i].source, &target, failures[i].events, &error));
        if (error->code != failures[i].code || !strstr(error->message, failures[i].why))
            fail_msg("row %zu: %s", i, error->message);
        assert_int_equal(fake.n_open, 0);
    }
}

static void
refuses_more_events_than_a_group_holds(void **state)
{
    const CounterTarget target = cpu_target(NULL);
    const char *events[EVENT_MAX + 2] = { NULL };
    g_autoptr(GError) error = NULL;

    for (int i = 0; i <= EVENT_MAX; i++)
        events[i] = "task-clock";
    assert_null(counters_open(COUNTER_SOURCE_SOFTWARE, &target, events, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
}

static void
counts_this_thread_for_real(void **state)
{
    static const char *const events[] = { "task-clock", "cycles", "page-faults", NULL };
    const CounterTarget target = { .pmu = { .tid = 0, .cpu = -1 } };
    g_autoptr(Counters) counters = counters_open(COUNTER_SOURCE_SOFTWARE, &target, events, NULL);
    CounterReading before, after;

    assert_non_null(counters);
    assert_true(counters_read(counters, &before, NULL));
    while (g_get_monotonic_time() % 7919 != 0)
        continue;
    assert_true(counters_read(counters, &after, NULL));
    assert_true(after.values[0] > before.values[0]);
    assert_true(after.values[1] == COUNTER_NOT_COUNTED);
    assert_int_equal(counters_event_errno(counters, 1), ENOENT);
}

static void
parses_the_names_of_sources(void **state)
{
    g_autoptr(GError) error = NULL;
    CounterSource source = COUNTER_SOURCE_AUTO;

    for (int i = COUNTER_SOURCE_AUTO; i <= COUNTER_SOURCE_SOFTWARE; i++) {
        assert_true(counter_source_parse(counter_source_name((CounterSource) i), &source, NULL));
        assert_int_equal(source, i);
    }
    assert_false(counter_source_parse("silicon", &source, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
}

#define with_a_page(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_hardware_and_software_together),
        cmocka_unit_test(goes_on_with_what_counts_and_says_what_does_not),
        cmocka_unit_test(calls_itself_software_when_nothing_else_is_there),
        with_a_page(counts_from_the_page_when_there_is_no_pmu),
        with_a_page(says_that_the_page_began_anew),
        cmocka_unit_test(prints_the_mode_of_what_the_kernel_counts),
        with_a_page(says_why_nothing_can_be_counted),
        cmocka_unit_test(refuses_more_events_than_a_group_holds),
        cmocka_unit_test(counts_this_thread_for_real),
        cmocka_unit_test(parses_the_names_of_sources),
    };

    return cmocka_run_group_tests_name("pmu_counters", tests, NULL, NULL);
}
