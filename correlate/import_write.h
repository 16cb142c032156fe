/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An index and its files written as a dataset: one visit a step, counts made cumulative. */
#pragma once

#include <stdbool.h>

#include "correlate/import_index.h"

/*
 * `drop_seconds`: the first part of each file that is not evidence. A file that is there is
 * replaced. perf scaled its counts already: they are stored unscaled with the times that scale
 * them, so that they are marked.
 */
bool import_write(const ImportIndex *index, double drop_seconds, const char *path, GError **error);
