/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `correlate export --format perf`: what one guest counted itself, as perf stat -x, -I prints it,
 * for whoever reads perf's files. Counts keep all their digits, so that a window is judged from the
 * file as it is judged from the dataset.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/dataset/reader.h"
#include "correlate/align/visit_walk.h"

typedef struct PerfWriter PerfWriter;

/* `guest` NULL: the first one that has a view of its own. */
PerfWriter *perf_writer_new(const DatasetFacts *facts, const char *guest, int64_t vcpu, FILE *out);
void perf_writer_free(PerfWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PerfWriter, perf_writer_free)

/* A WindowFunc; `data` is the writer. Windows of others are passed over. */
bool perf_writer_add(const WalkTarget *target, const Window *window, void *data, GError **error);

/* Windows that were written. */
uint64_t perf_writer_windows(const PerfWriter *writer);
