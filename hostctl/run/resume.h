/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Going on with a run that ended early: which of its visits stand, and whether this is still the
 * same experiment on the same host.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/dataset/writer.h"

typedef struct {
    bool *made; /* by position, from 0 */
    unsigned n_made, n_visits;
} Resume;

void resume_free(Resume *resume);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Resume, resume_free)

/*
 * Reads the dataset and compares it with what a new run here would say of itself (`now`).
 * `visits` is the schedule (PlannedVisit). Errors: no run of hostctl's, one that is complete, a
 * plan that differs (the JSON path is named) or a host that does (each fact is named), a machine
 * that was started anew, whose clock has begun again.
 */
Resume *resume_read(const char *path, const RunRow *now, const GArray *visits, GError **error);

/* The JSON path of the first difference of two texts, "$.steps_percent[2]"; NULL: none. Free with
 * g_free(). */
char *resume_plan_difference(const char *before, const char *now);
