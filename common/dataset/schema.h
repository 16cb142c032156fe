/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of a dataset, one SQLite file; docs/dataset-format.md is the contract.
 * Raw facts only: cumulative counts with their times, clock stamps, settings and what they reached.
 */
#pragma once

#include <glib.h>

#define DATASET_FORMAT 1                  /* PRAGMA user_version */
#define DATASET_APPLICATION_ID 0x696e736f /* PRAGMA application_id: "inso" */

/* What a guest_sample row holds beside the events and their times; NULL-terminated. */
extern const char *const dataset_guest_columns[];

/*
 * The SQL that makes an empty dataset for these events (perf names, NULL-terminated), the
 * tables' columns and the views following them. Free with g_free().
 */
char *dataset_schema_sql(const char *const *events);

/*
 * The same for events in several counter groups, each with times of its own: `groups` has one
 * number an event, from 0. Group 0 has enabled_ns and running_ns, group n enabled_ns_n and
 * running_ns_n.
 */
char *dataset_schema_sql_grouped(const char *const *events, const unsigned *groups);

/* The column of a group's time ("enabled_ns", "running_ns"). Free with g_free(). */
char *dataset_time_column(const char *time, unsigned group);
