/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of its own for a test that writes a dataset, and questions to that dataset in SQL. */
#pragma once

#include <glib.h>

#include "common/dataset/writer.h"
#include "tests/support/cmocka_all.h"

typedef struct {
    char *dir;
    char *path; /* of the dataset, which is not there yet */
} DatasetPlace;

/* For cmocka_unit_test_setup_teardown(); the state is a DatasetPlace. */
int dataset_place_set_up(void **state);
int dataset_place_tear_down(void **state);

/* Two events in two groups: cycles and branch-misses. */
extern const WriterEvent dataset_events[2];
/* The least that a run must say. */
extern const RunRow dataset_run;

/* A new dataset of these events; fails the test when it cannot be made. */
DatasetWriter *dataset_writer(const char *path);

/*
 * A finished dataset of one visit of 4 s at 200 %: 1e4 * branch misses / cycles is 1.5 in each
 * window, and the vCPU waits a quarter of its time.
 */
void dataset_example(const char *path);

/* The first cell of the first row as text; "NULL", or "no row". Free with g_free(). */
char *dataset_ask(const char *path, const char *sql);

#define assert_answer(path, sql, want)                     \
    do {                                                   \
        g_autofree char *answer_ = dataset_ask(path, sql); \
        assert_string_equal(answer_, want);                \
    } while (0)

/* The call gives its error to `error_`. */
#define assert_ok(call)                                                \
    do {                                                               \
        GError *error_ = NULL;                                         \
        if (!(call))                                                   \
            fail_msg("%s: %s", #call, error_ ? error_->message : "?"); \
    } while (0)
