/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guests made by hand: created side by side, waited for until their probes talk, then left running.
 */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/command.h"
#include "hostctl/virt/guest.h"
#include "hostctl/workbench.h"

#define PROVISION_OWNER "hand"

typedef struct {
    const char *name; /* with a count over 1: NAME-1, NAME-2, … */
    unsigned count;
    GuestRole role;
    unsigned vcpus;
    uint64_t memory_kib;
    cpu_set_t pool;              /* empty: any */
    unsigned cpu_quota_percent;  /* 0: none */
    char **load;                 /* argv; NULL: none */
    const char *owner;           /* NULL: PROVISION_OWNER */
    const char *image;           /* made from this one; NULL: the appliance */
    const char *storage_pool;    /* of libvirt, that has the image as a volume; NULL: a file */
    const char *kernel, *initrd; /* with an image: booted directly; NULL: the image's own */
    const char *cmdline;         /* of the guest's kernel; NULL: the appliance's usual one */
    const char *accelerator;     /* "kvm", "tcg", "auto"; NULL: auto */
    bool passing;                /* not to outlive the command: `recover` ends it after a kill */
} ProvisionOptions;

/*
 * Over another machine's libvirt they are made of an image in a storage pool there; kernel and
 * initrd are that machine's files.
 *
 * All of them, or none: what was made is destroyed again when one fails or a signal comes.
 * Guests are Guest; *ret_summary says in one line how they run (accelerator, counters).
 */
bool provision(const CommandContext *context, Workbench *bench, Connection *connection,
               const ProvisionOptions *options, GPtrArray **ret_guests, char **ret_summary,
               GError **error);
