/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The windows of a dataset judged by a learned threshold. */
#pragma once

#include <glib.h>

#include "common/judge/judge.h"

/*
 * By the one threshold that suits it best, of those whose estimator has a value in any window.
 * `estimator` NULL: any.
 */
Judgement *judge_dataset(const char *path, const GArray *thresholds, const char *estimator,
                         GError **error);
