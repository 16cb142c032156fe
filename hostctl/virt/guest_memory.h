/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest's memory: the balloon, asked and reached, and what the balloon driver reports. libvirt's
 * call returns at once and the guest's driver retries for ever without saying so: reached is what
 * is seen, never what was asked for.
 */
#pragma once

#include "hostctl/virt/guest.h"

#define BALLOON_TOLERANCE_KIB 1024u

typedef enum {
    BALLOON_REACHED,
    BALLOON_STALLED, /* no progress for stall_ms */
    BALLOON_LATE,    /* still moving at the deadline */
} BalloonEnd;

const char *balloon_end_name(BalloonEnd end); /* "reached", "stalled", "late" */

typedef struct {
    uint64_t asked_kib;
    uint64_t reached_kib;
    BalloonEnd end;
    int64_t took_ns;
} BalloonResult;

/* Asks only; returns at once, so that many guests move together. */
bool guest_balloon_ask(Guest *guest, uint64_t target_kib, GError **error);

/* Waits until `actual` is within BALLOON_TOLERANCE_KIB of the target, stalled or late. A guest
 * that stops short is a result, not an error. */
bool guest_balloon_await(Guest *guest, uint64_t target_kib, int stall_ms, int timeout_ms,
                         const Interrupt *interrupt, BalloonResult *ret_result, GError **error);

bool guest_balloon_actual(const Guest *guest, uint64_t *ret_kib, GError **error);

/* What a statistic is when the guest's driver did not report it. */
#define GUEST_MEMORY_UNKNOWN UINT64_MAX

typedef struct {
    uint64_t actual_kib;    /* what the balloon leaves to the guest */
    uint64_t available_kib; /* MemTotal inside */
    uint64_t unused_kib;    /* MemFree inside */
    uint64_t usable_kib;    /* MemAvailable inside */
    uint64_t disk_caches_kib;
    uint64_t swap_in_kib;
    uint64_t swap_out_kib;
    uint64_t major_faults;
    uint64_t minor_faults;
    uint64_t rss_kib;       /* QEMU's, on the host */
    int64_t updated_wall_s; /* when the driver last reported, host wall seconds; 0: never */
    bool fresh;             /* it reported within the last five seconds */
} GuestMemory;

bool guest_memory(const Guest *guest, GuestMemory *ret_memory, GError **error);
