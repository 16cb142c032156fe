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
