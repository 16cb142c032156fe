/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/measurement.h"

#include <errno.h>
#include <string.h>

#include "common/base/fault.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_kernel.h"

#define BEGIN_NS 5000000000ll
#define INTERVAL_NS (100 * NS_PER_MS)

/* One CPU whose PMU is simulated; the times are the machine's own. */
typedef struct {
    FakeKernel fake;
    Sysroot *root;
    CounterSet *set;
    CpuTimesReader *times;
    Measurement measurement;
} Fixture;

static int
set_up(void **state)
{
    static const char *const events[] = { "cycles", NULL };
    Fixture *fixture = g_new0(Fixture, 1);
    const MeasureMessage request = { .visit = 3,
                                     .interval_ns = INTERVAL_NS,
                                     .duration_ns = 5 * INTERVAL_NS };
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    fake_kernel_init(&fixture->fake);
    fixture->root = sysroot_new("/");
    fixture->set = counter_set_open(COUNTER_SOURCE_HARDWARE, fixture->root, &cpus, events,
                                    &fixture->fake.kernel, NULL);
    fixture->times = cpu_times_open(fixture->root, &cpus, NULL);
    assert_true(measurement_begin(&fixture->measurement, &request, 1, BEGIN_NS, NULL));
    *state = fixture;
    return fixture->set && fixture->times ? 0 : -1;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;

    measurement_end(&fixture->measurement);
    assert_null(fixture->measurement.samples);
    counter_set_close(fixture->set);
    cpu_times_close(fixture->times);
    sysroot_free(fixture->root);
    g_free(fixture);
    return 0;
}

static bool
tick_at(Fixture *fixture, double intervals)
{
    fixture->fake.values[0] += 1000;
    return measurement_tick(&fixture->measurement, fixture->set, fixture->times,
                            BEGIN_NS + (int64_t) (intervals * INTERVAL_NS));
}

static void
takes_one_sample_more_than_there_are_windows(void **state)
{
    Fixture *fixture = *state;

    for (int i = 0; i <= 5; i++) {
        assert_int_equal(measurement_due_ns(&fixture->measurement), BEGIN_NS + i * INTERVAL_NS);
        assert_int_equal(tick_at(fixture, i + 0.01), i == 5);
    }
    assert_int_equal(fixture->measurement.n_samples, 6);
    assert_int_equal(measurement_lost(&fixture->measurement), 0);
    for (int i = 0; i <= 5; i++) {
        const WireSample *sample = &fixture->measurement.samples[i];

        assert_int_equal(sample->values[0], (i + 1) * 1000);
        assert_int_equal(sample->n_values, 1);
        assert_int_equal(sample->canary_branches, 0);
        assert_true(sample->stamp.raw_ns > 0);
    }
}

static void
waits_on_when_it_is_woken_early(void **state)
{
    Fixture *fixture = *state;

    tick_at(fixture, 0);
    assert_false(tick_at(fixture, 0.9));
    assert_int_equal(fixture->measurement.n_samples, 1);
    assert_int_equal(measurement_due_ns(&fixture->measurement), BEGIN_NS + INTERVAL_NS);
}

static void
skips_ticks_that_are_past_and_counts_them_as_lost(void **state)
{
    Fixture *fixture = *state;

    tick_at(fixture, 0);
    tick_at(fixture, 3.5); /* those at 1 and 2 are gone */
    assert_int_equal(measurement_due_ns(&fixture->measurement), BEGIN_NS + 4 * INTERVAL_NS);
    tick_at(fixture, 4);
    assert_true(tick_at(fixture, 5));
    assert_int_equal(fixture->measurement.n_samples, 4);
    assert_int_equal(measurement_lost(&fixture->measurement), 2);
}

static void
takes_the_last_sample_however_late(void **state)
{
    Fixture *fixture = *state;

    tick_at(fixture, 0);
    assert_true(tick_at(fixture, 42));
    assert_int_equal(fixture->measurement.n_samples, 2);
    assert_int_equal(measurement_lost(&fixture->measurement), 4);
}

static void
loses_a_sample_that_cannot_be_read_and_goes_on(void **state)
{
    Fixture *fixture = *state;

    tick_at(fixture, 0);
    fixture->fake.read_errno = EIO;
    tick_at(fixture, 1);
    fixture->fake.read_errno = 0;
    tick_at(fixture, 2);
    assert_int_equal(fixture->measurement.n_samples, 2);
    assert_int_equal(fixture->measurement.samples[1].values[0], 3000);
}

#ifdef INSIDEOUT_FAULT_POINTS
static void
loses_counts_of_one_event_where_a_test_asks_for_it(void **state)
{
    Fixture *fixture = *state;

    g_setenv("INSIDEOUT_FAULT", "guest.lose_event:number:0", TRUE);
    assert_true(fault_reload(NULL));
    tick_at(fixture, 0);
    g_setenv("INSIDEOUT_FAULT", "guest.lose_event:number:1", TRUE); /* there is but one */
    assert_true(fault_reload(NULL));
    tick_at(fixture, 1);
    g_unsetenv("INSIDEOUT_FAULT");
    assert_true(fault_reload(NULL));
    assert_int_equal(fixture->measurement.samples[0].values[0],
                     fixture->measurement.samples[1].values[0] / 2 * 95 / 100);
}
#endif

static void
refuses_more_samples_than_it_may_keep(void **state)
{
    const MeasureMessage most = { 1, NS_PER_MS, (MEASUREMENT_MAX_SAMPLES / 2 - 1) * NS_PER_MS };
    const MeasureMessage more = { 1, NS_PER_MS, MEASUREMENT_MAX_SAMPLES / 2 * NS_PER_MS };
    Measurement measurement = { 0 };
    g_autoptr(GError) error = NULL;

    assert_false(measurement_begin(&measurement, &more, 2, 0, &error));
    assert_null(measurement.samples);
    assert_non_null(strstr(error->message, "65537 ticks of 2 CPUs"));
    assert_true(measurement_begin(&measurement, &most, 2, 0, NULL));
    measurement_end(&measurement);
}

#define measuring(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        measuring(takes_one_sample_more_than_there_are_windows),
        measuring(waits_on_when_it_is_woken_early),
        measuring(skips_ticks_that_are_past_and_counts_them_as_lost),
        measuring(takes_the_last_sample_however_late),
        measuring(loses_a_sample_that_cannot_be_read_and_goes_on),
#ifdef INSIDEOUT_FAULT_POINTS
        measuring(loses_counts_of_one_event_where_a_test_asks_for_it),
#endif
        cmocka_unit_test(refuses_more_samples_than_it_may_keep),
    };

    return cmocka_run_group_tests_name("probe_measurement", tests, NULL, NULL);
}
