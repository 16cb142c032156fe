/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waiting until page sharing has found what there is: ksmd must come by each page at least twice
 * before it merges, so the end is a number of whole scans and a number of saved pages that no
 * longer grows from one scan to the next.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/ksm.h"
#include "hostctl/interrupt.h"

typedef struct {
    uint64_t first_scans; /* full_scans when waiting began */
    uint64_t last_scans;
    uint64_t sharing; /* pages_sharing at the last new scan; ABSENT_U64 before the first */
    bool flat;        /* from that scan to the one before */
} KsmPlateau;

void ksm_plateau_begin(KsmPlateau *plateau, const KsmStats *stats);

/*
 * True when there were `scans` new full scans, and pages_sharing at the last two of them differs by
 * less than 2 percent or 64 pages.
 */
bool ksm_plateau_reached(KsmPlateau *plateau, const KsmStats *stats, uint64_t scans);

typedef struct {
    bool ran;     /* page sharing was on; else nothing was waited for */
    bool settled; /* false: the time ran out */
    uint64_t scans, pages_sharing;
    int64_t waited_ns;
} KsmSettled;

/* Looks ten times a second; `timeout_ns` passing is no error. False on a signal. */
bool ksm_settle(const Sysroot *root, uint64_t scans, int64_t timeout_ns, const Interrupt *interrupt,
                KsmSettled *ret_settled, GError **error);
