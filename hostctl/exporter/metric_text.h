/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics as text: OpenMetrics 1.0.0, or Prometheus text 0.0.4 for who does not know it. A family's
 * head, then its samples.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define METRIC_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRIC_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"

typedef enum { METRIC_GAUGE, METRIC_COUNTER } MetricType;

typedef struct {
    GString *out;
    bool openmetrics;
    const char *family; /* as given, with "_total" */
} MetricText;

typedef struct {
    const char *name;
    const char *value; /* UTF-8, any */
} MetricLabel;

void metric_text_begin(MetricText *text, bool openmetrics);
/* Ends the document. Free with g_free(). */
char *metric_text_end(MetricText *text);

/*
 * Names the family of the samples that follow. A counter's name ends in "_total"; the unit is read
 * off the name's end (seconds, bytes, ratio).
 */
void metric_family(MetricText *text, const char *name, MetricType type, const char *help);

/* `labels` ends with a NULL name, or is NULL. NAN: no sample. */
void metric_sample(MetricText *text, const MetricLabel *labels, double value);
/* Seconds, exact to the nanosecond. */
void metric_sample_ns(MetricText *text, const MetricLabel *labels, uint64_t ns);

/* A family of one sample without labels; NAN: neither. */
void metric_simple(MetricText *text, const char *name, MetricType type, const char *help,
                   double value);
