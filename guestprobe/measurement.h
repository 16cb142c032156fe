/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The samples of one MEASURE, taken at absolute times into memory that is there beforehand. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/wire/message.h"
#include "guestprobe/canary.h"
#include "guestprobe/counter_set.h"
#include "guestprobe/cpu_times.h"

#define MEASUREMENT_MAX_SAMPLES 131072u /* 26 MiB */

typedef struct {
    uint32_t visit;
    int64_t begin_ns, interval_ns; /* CLOCK_MONOTONIC, which timers can wait for */
    uint32_t n_ticks, next_tick;
    uint32_t n_samples, capacity;
    WireSample *samples; /* NULL: there is no measurement */
    Canary *canary;      /* sings while it lasts; NULL: none */
} Measurement;

/* The clock of `begin_ns` and of the `now_ns` below. */
int64_t measurement_clock_ns(void);

/* Prepares it; the first tick is due now. Error: more samples than memory is given for. */
bool measurement_begin(Measurement *measurement, const MeasureMessage *request, unsigned n_cpus,
                       int64_t now_ns, GError **error);

/* When the next tick is due; call only while there is one. */
int64_t measurement_due_ns(const Measurement *measurement);

/*
 * Takes one sample of each CPU. A tick that is a whole interval late or more is skipped and the
 * one due now is taken instead; at the end the last is taken however late. True when none is left.
 * A CPU whose counters cannot be read has no sample of this tick.
 */
bool measurement_tick(Measurement *measurement, CounterSet *set, CpuTimesReader *times,
                      int64_t now_ns);

/* Ticks × CPUs less the samples that there are. */
uint32_t measurement_lost(const Measurement *measurement);

void measurement_end(Measurement *measurement);
