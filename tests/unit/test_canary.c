/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/canary.h"

#include "guestprobe/canary_kernel.h"
#include "guestprobe/measurement.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_kernel.h"

#define BURST_BRANCHES (4 * CANARY_ROUND_BRANCHES)

static const CanaryForm form = { .words = 4, .trainings = 1, .period_ms = 1 };

/* One CPU with a PMU whose every reading is further than the last. */
typedef struct {
    FakeKernel fake; /* first: it is the context that the kernel's functions get */
    ssize_t (*read)(void *context, int fd, void *buffer, size_t size);
    uint64_t misses;  /* from one reading to the next */
    bool multiplexed; /* it counts half of the time */
    Sysroot *root;
    CounterSet *set;
} Fixture;

static ssize_t
read_further(void *context, int fd, void *buffer, size_t size)
{
    Fixture *fixture = context;

    fixture->fake.values[0] += fixture->misses;
    fixture->fake.enabled_ns += 1000;
    fixture->fake.running_ns += fixture->multiplexed ? 500 : 1000;
    return fixture->read(context, fd, buffer, size);
}

static void
open_set(Fixture *fixture, const char *event)
{
    const char *const events[] = { event, NULL };
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    fake_kernel_init(&fixture->fake);
    fixture->read = fixture->fake.kernel.read;
    fixture->fake.kernel.read = read_further;
    fixture->root = sysroot_new("/");
    fixture->set = counter_set_open(COUNTER_SOURCE_HARDWARE, fixture->root, &cpus, events,
                                    &fixture->fake.kernel, NULL);
    assert_non_null(fixture->set);
}

static void
close_set(Fixture *fixture)
{
    counter_set_close(fixture->set);
    sysroot_free(fixture->root);
}

/* What it sang once there were so many bursts; a minute is for machines that do much else. */
static CanaryCounts
listen(Fixture *fixture, uint64_t bursts)
{
    g_autoptr(Canary) canary = canary_start(fixture->root, fixture->set, &form);
    CanaryCounts counts = canary_total(canary);

    assert_non_null(canary);
    for (int i = 0; i < 60000 && counts.kept + counts.dropped < bursts; i++) {
        g_usleep(1000);
        counts = canary_total(canary);
    }
    assert_true(counts.kept + counts.dropped >= bursts);
    return counts;
}

static void
counts_the_misses_of_each_burst(void **state)
{
    Fixture fixture = { .misses = BURST_BRANCHES / 8 };
    CanaryCounts counts;

    open_set(&fixture, "branch-misses");
    counts = listen(&fixture, 5);
    assert_true(counts.kept > 0);
    assert_int_equal(counts.branches % BURST_BRANCHES, 0);
    assert_true(8 * counts.misses + BURST_BRANCHES >= counts.branches);
    assert_true(8 * counts.misses <= counts.branches + 8 * BURST_BRANCHES);
    close_set(&fixture);
}

static void
a_burst_misses_no_more_than_all_its_branches(void **state)
{
    Fixture fixture = { .misses = 1000 * BURST_BRANCHES };
    CanaryCounts counts;

    open_set(&fixture, "branch-misses");
    counts = listen(&fixture, 5);
    assert_true(counts.kept > 0);
    assert_true(counts.misses <= counts.branches + BURST_BRANCHES);
    close_set(&fixture);
}

static void
drops_bursts_that_were_not_counted_all_the_time(void **state)
{
    Fixture fixture = { .misses = 1, .multiplexed = true };
    CanaryCounts counts;

    open_set(&fixture, "branch-misses");
    counts = listen(&fixture, 3);
    assert_int_equal(counts.kept, 0);
    assert_int_equal(counts.branches, 0);
    assert_int_equal(counts.misses, 0);
    close_set(&fixture);
}

static void
is_silent_where_branch_misses_are_not_counted(void **state)
{
    Fixture fixture = { 0 };
    CanaryCounts none;

    open_set(&fixture, "cycles");
    assert_null(canary_start(fixture.root, fixture.set, NULL));
    none = canary_counts(NULL, 0);
    assert_int_equal(none.branches, 0);
    canary_stop(NULL);
    close_set(&fixture);
}

static void
sings_on_the_cpus_that_are_counted_and_no_others(void **state)
{
    Fixture fixture = { .misses = 1 };
    g_autoptr(Canary) canary = NULL;
    int i = 0;

    open_set(&fixture, "branch-misses");
    canary = canary_start(fixture.root, fixture.set, &form);
    while (canary_counts(canary, 0).kept == 0 && i++ < 60000)
        g_usleep(1000);
    assert_true(canary_counts(canary, 0).kept > 0);
    assert_int_equal(canary_counts(canary, 1).kept, 0);
    canary_stop(g_steal_pointer(&canary));
    close_set(&fixture);
}

static void
travels_with_the_samples_and_ends_with_their_measurement(void **state)
{
    const MeasureMessage request = { .interval_ns = NS_PER_SECOND, .duration_ns = NS_PER_SECOND };
    Fixture fixture = { .misses = 1 };
    g_autoptr(CpuTimesReader) times = NULL;
    Measurement measurement;
    cpu_set_t cpus;
    int i = 0;

    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    open_set(&fixture, "branch-misses");
    times = cpu_times_open(fixture.root, &cpus, NULL);
    assert_true(measurement_begin(&measurement, &request, 1, 0, NULL));
    measurement_tick(&measurement, fixture.set, times, 0);
    measurement.canary = canary_start(fixture.root, fixture.set, &form);
    while (canary_counts(measurement.canary, 0).kept == 0 && i++ < 60000)
        g_usleep(1000);
    measurement_tick(&measurement, fixture.set, times, NS_PER_SECOND);
    assert_int_equal(measurement.samples[0].canary_branches, 0);
    assert_true(measurement.samples[1].canary_branches >= BURST_BRANCHES);
    assert_true(measurement.samples[1].canary_misses > 0);
    measurement_end(&measurement);
    assert_null(measurement.canary);
    close_set(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_misses_of_each_burst),
        cmocka_unit_test(a_burst_misses_no_more_than_all_its_branches),
        cmocka_unit_test(drops_bursts_that_were_not_counted_all_the_time),
        cmocka_unit_test(is_silent_where_branch_misses_are_not_counted),
        cmocka_unit_test(sings_on_the_cpus_that_are_counted_and_no_others),
        cmocka_unit_test(travels_with_the_samples_and_ends_with_their_measurement),
    };

    return cmocka_run_group_tests_name("canary", tests, NULL, NULL);
}
