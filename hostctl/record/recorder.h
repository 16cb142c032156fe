/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's view of guests that are there anyway, into a dataset: everything is read from /proc
 * and from counters, nothing asked of libvirt, QEMU or a guest, so that guests may come and go and
 * libvirt may be restarted meanwhile.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/interrupt.h"
#include "hostctl/record/recorded_guest.h"

typedef struct {
    const char *output;
    bool replace;
    const char *const *domains; /* names or UUIDs, NULL-terminated; empty: all guests */
    int64_t interval_ns;
    int64_t duration_ns;           /* INT64_MAX / 4: until a signal comes */
    uint64_t max_bytes;            /* on the disk, the log beside the file included */
    void (*say)(const char *line); /* what people are told meanwhile; NULL: nothing */
    bool ring;                     /* at the limit the oldest is forgotten; else recording ends */
} RecorderOptions;

typedef struct {
    uint64_t ticks, late; /* a late one came after the next was due */
    uint64_t vcpu_ticks;
    uint64_t cpu_ns; /* of this process while it recorded */
    uint64_t disk_bytes;
    int64_t seconds;
} RecorderCost;

typedef struct Recorder Recorder;

/*
 * Makes the dataset and opens what runs now. `options` and `setup` must outlive it. Errors: a file
 * that is there already, /proc that cannot be read, no descriptors left.
 */
Recorder *recorder_new(const RecorderOptions *options, const RecordSetup *setup, GError **error);
void recorder_free(Recorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recorder, recorder_free)

/*
 * Records until the time is over, a signal comes or the disk's bound is reached; the dataset is
 * closed on each of these ways and on failure. `ret_why`: one sentence when it was the bound, else
 * NULL; free with g_free().
 */
bool recorder_run(Recorder *recorder, const Interrupt *interrupt, char **ret_why, GError **error);

unsigned recorder_vcpus(const Recorder *recorder);
unsigned recorder_guests(const Recorder *recorder);
RecorderCost recorder_cost(const Recorder *recorder);
