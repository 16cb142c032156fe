/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long an overcommitted guest goes on before a threshold says so. */
#pragma once

#include "correlate/evaluation.h"

/*
 * Of each visit with windows that are overcommitted by the row's truth: the seconds from the start
 * of the first of them to the end of the first that lies beyond the row's threshold. The median
 * over these visits; one that is never found out takes longer than all others. NAN: without a
 * threshold, without such visits, or when at least half of them are never found out.
 */
double detection_delay_seconds(const Visits *visits, const EvaluationRow *row);
