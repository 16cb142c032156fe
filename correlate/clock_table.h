/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock of every guest of a dataset. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/dataset/reader.h"
#include "correlate/align/clock_map.h"

typedef struct ClockTable ClockTable;

ClockTable *clock_table_new(DatasetReader *reader, GError **error);
void clock_table_free(ClockTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClockTable, clock_table_free)

/* Never NULL for a guest of the dataset. */
const ClockMap *clock_table_map(const ClockTable *table, int64_t guest_id);

/* The map with the visit's host stamps, where the guest's TSC map is known. */
bool clock_table_enter_visit(ClockTable *table, DatasetReader *reader, const DatasetGuest *guest,
                             int64_t vcpu, const DatasetVisit *visit, GError **error);

typedef struct {
    ClockMethod method; /* the weakest in use */
    double bound_ns;    /* the widest; NAN */
    double drift_ppm;   /* the largest by magnitude; NAN */
    double residual_ns; /* the largest; NAN */
    guint steps;        /* times that a guest's clock jumped */
    guint pings, rejected;
} ClockSummary;

/* Over the guests that have a view of their own. */
ClockSummary clock_table_summary(const ClockTable *table);
