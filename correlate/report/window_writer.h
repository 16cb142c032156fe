/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `correlate export`: one row a window, written as the dataset is walked. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/dataset/reader.h"
#include "correlate/align/visit_walk.h"

typedef struct WindowWriter WindowWriter;

/* `format`: "csv" (a heading, then rows) or "json" (one object a line). NULL with an error for
 * others. */
WindowWriter *window_writer_new(const char *format, const DatasetFacts *facts, FILE *out,
                                GError **error);
void window_writer_free(WindowWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WindowWriter, window_writer_free)

/* A WindowFunc; `data` is the writer. */
bool window_writer_add(const WalkTarget *target, const Window *window, void *data, GError **error);
