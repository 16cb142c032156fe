/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the visit just made was what it claims, judged from what is in the dataset by the same
 * formula as the report: a run whose first hour went wrong must not go on for two more.
 */
#pragma once

#include "common/dataset/steal_check.h"
#include "hostctl/run/lab.h"

/*
 * Judges the last visit at `position`. One that fails becomes a note in the dataset, and an error
 * of code FAILURE_NO unless lab->keep_going; then it is added to `notes` (char *) too. What cannot
 * be judged passes.
 */
bool visit_check(Lab *lab, unsigned position, GPtrArray *notes, GError **error);

/* The sentence about a check that failed. Free with g_free(). */
char *visit_check_text(const StealCheck *check, unsigned position);
