/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/measurement.h"

#include <string.h>
#include <time.h>

#include "common/base/failure.h"
#include "common/base/fault.h"

int64_t
measurement_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

bool
measurement_begin(Measurement *measurement, const MeasureMessage *request, unsigned n_cpus,
                  int64_t now_ns, GError **error)
{
    int64_t n_ticks = request->duration_ns / request->interval_ns + 1;
    WireSample *samples;

    if (n_ticks > MEASUREMENT_MAX_SAMPLES / n_cpus)
        return failure_set(error, FAILURE_FAILED,
                           "%" G_GINT64_FORMAT " ticks of %u CPUs are more than %u samples: use a "
                           "longer interval or a shorter duration",
                           n_ticks, n_cpus, MEASUREMENT_MAX_SAMPLES);
    samples = g_try_new(WireSample, (gsize) n_ticks * n_cpus);
    if (!samples)
        return failure_set(error, FAILURE_FAILED, "no memory for the samples");
    /* Touched now, so that no tick has to wait for a page. */
    memset(samples, 0, (size_t) n_ticks * n_cpus * sizeof *samples);

    *measurement = (Measurement){
        .visit = request->visit,
        .begin_ns = now_ns,
        .interval_ns = request->interval_ns,
        .n_ticks = (uint32_t) n_ticks,
        .capacity = (uint32_t) n_ticks * n_cpus,
        .samples = samples,
    };
    return true;
}

int64_t
measurement_due_ns(const Measurement *measurement)
{
    return measurement->begin_ns + measurement->next_tick * measurement->interval_ns;
}

/* What a reader that is wrong would do, so that a test can see it found out. */
static void
lose_counts(WireSample *sample)
{
    int lost = (int) fault_number("guest.lose_event", -1);

    if (lost >= 0 && lost < sample->n_values && sample->values[lost] != COUNTER_NOT_COUNTED)
        sample->values[lost] = (uint64_t) ((double) sample->values[lost] *
                                           (1 - fault_number("guest.lose_percent", 5) / 100));
}

static void
take_sample(Measurement *measurement, CounterSet *set, unsigned i, uint64_t tick,
            const CpuTimesReader *times)
{
    WireSample *sample = &measurement->samples[measurement->n_samples];
    int cpu = counter_set_cpu(set, i);
    CpuTimes cpu_times = cpu < 0 ? cpu_times_total(times) : cpu_times_of(times, cpu);
    CanaryCounts canary = canary_counts(measurement->canary, cpu);
    CounterReading reading;
    unsigned turn;

    sample->stamp = stamp_now();
    if (!counter_set_read(set, i, tick, &reading, &turn, NULL))
        return;

    sample->vcpu = (uint16_t) MAX(cpu, 0); /* a task is on any of them */
    sample->n_values = (uint8_t) reading.n_values;
    memcpy(sample->values, reading.values, reading.n_values * sizeof reading.values[0]);
    lose_counts(sample);
    if (counter_set_has_turns(set))
        sample->values[sample->n_values++] = turn;
    sample->enabled_ns = reading.enabled_ns;
    sample->running_ns = reading.running_ns;
    sample->steal_ns = (uint64_t) cpu_times.steal_ns;
    sample->busy_ns = (uint64_t) cpu_times.busy_ns;
    sample->canary_branches = canary.branches;
    sample->canary_misses = canary.misses;
    measurement->n_samples++;
}

bool
measurement_tick(Measurement *measurement, CounterSet *set, CpuTimesReader *times, int64_t now_ns)
{
    int64_t current = (now_ns - measurement->begin_ns) / measurement->interval_ns;

    if (current < measurement->next_tick)
        return false; /* woken early */

    cpu_times_update(times, NULL);
    for (unsigned i = 0; i < counter_set_size(set); i++)
        take_sample(measurement, set, i, (uint64_t) current, times);
    measurement->next_tick = (uint32_t) MIN(current + 1, measurement->n_ticks);
    return measurement->next_tick == measurement->n_ticks;
}

uint32_t
measurement_lost(const Measurement *measurement)
{
    return measurement->capacity - measurement->n_samples;
}

void
measurement_end(Measurement *measurement)
{
    canary_stop(measurement->canary);
    g_free(measurement->samples);
    *measurement = (Measurement){ 0 };
}
