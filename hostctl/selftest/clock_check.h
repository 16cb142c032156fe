/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the ways to put a guest's time into the host's agree within what each can promise. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/collect/kvm_tsc.h"
#include "hostctl/link/time_sync.h"

typedef struct {
    unsigned echoes;
    int64_t ping_bound_ns; /* half the best round trip of the worse burst */
    double drift_ppm;      /* of the guest's raw clock against the host's, by echoes */
    const char *tsc_map;   /* "kvm": KVM's own map; "constant": the same rate, an offset that the
                              first burst gave; "none" */
    int64_t difference_ns; /* between the two methods, the greater of two; 0 without a TSC */
    int64_t bound_ns;      /* that it may have */
    bool agree;
    char *reason; /* NULL when they agree; owned */
} ClockCheck;

/*
 * Pure. Two bursts (TimeSyncPing) some seconds apart; `map` NULL: KVM's map is not known. Times of
 * the guest's answers are put into the host's by echoes and by the TSC, and compared.
 */
void clock_check(const GArray *first, const GArray *second, const KvmTsc *map,
                 ClockCheck *ret_check);
void clock_check_clear(ClockCheck *check);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClockCheck, clock_check_clear)
