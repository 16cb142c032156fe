/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a dataset's thresholds belong to, read from what its run recorded. */
#pragma once

#include "common/dataset/reader.h"
#include "common/judge/threshold.h"

/* Clear with threshold_key_clear(). */
ThresholdKey run_key(const DatasetRun *run);

/* Pieces of it, also for files of other origin. Free with g_free(); NULL stays NULL. */
char *run_key_mitigations(const char *json);
char *run_key_load(const char *json);
