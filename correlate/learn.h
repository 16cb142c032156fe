/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thresholds from many datasets, each scored on what it was not learned from. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum { HOLD_OUT_REPEATS, HOLD_OUT_LOADS, HOLD_OUT_HOSTS } HoldOut;

typedef struct {
    HoldOut hold_out;
    bool allow_emulated;
    double wished_false_alarms; /* NAN: Youden's J */
} LearnOptions;

/*
 * One entry for every key (CPU model, microcode family, mitigations, load, counters), estimator and
 * truth that can be told apart: Threshold. Refuses datasets with fewer than three repeats, with a
 * failed steal check or fidelity, unfinished ones, and emulated ones unless allowed; the error
 * names the first. Holding out loads or hosts puts their datasets together (the entry's load is
 * NULL) and needs two.
 */
GArray *learn_thresholds(char **paths, const LearnOptions *options, GError **error);
