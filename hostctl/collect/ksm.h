/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page sharing between guests, as /sys/kernel/mm/ksm shows it. Every file but `run` and the page
 * counts is missing on some kernel: what is not there is ABSENT_U64 (ABSENT_I64 for the profit).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/absent.h"
#include "common/base/sysroot.h"
#include "hostctl/collect/kept_number.h"

#define KSM_DIR "sys/kernel/mm/ksm"

typedef struct {
    /* settings */
    uint64_t run; /* 0: stopped, merged pages stay; 1: on; 2: stopped and unmerged */
    uint64_t pages_to_scan;
    uint64_t sleep_millisecs;
    uint64_t merge_across_nodes;
    uint64_t use_zero_pages;
    uint64_t max_page_sharing;
    uint64_t smart_scan;   /* Linux 6.7 */
    char advisor_mode[16]; /* "none", "scan-time"; "" before Linux 6.8 */

    /* facts */
    uint64_t pages_shared;   /* kept copies */
    uint64_t pages_sharing;  /* pages saved */
    uint64_t pages_unshared; /* unique, scanned again and again */
    uint64_t pages_volatile; /* change too fast */
    uint64_t pages_scanned;
    uint64_t pages_skipped;
    uint64_t full_scans;
    uint64_t stable_node_chains;
    uint64_t stable_node_dups;
    uint64_t ksm_zero_pages;      /* Linux 6.6 */
    int64_t general_profit_bytes; /* Linux 6.4; may be negative */
} KsmStats;

/* FAILURE_UNSUPPORTED when the kernel has no KSM. */
bool ksm_read(const Sysroot *root, KsmStats *ret_stats, GError **error);

/* Pages of one process that are merged, in any of the formats that kernels had. False when it is
 * gone, or the kernel does not tell. */
bool ksm_open_process(const Sysroot *root, pid_t pid, KeptNumber *ret_merging_pages);

/* ksmd's process id; 0 where there is none. */
pid_t ksm_daemon_pid(const Sysroot *root);
