/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest: made from a GuestSpec, found again by the metadata element that hostctl puts into its
 * domain. Guests are transient (gone when destroyed) and outlive hostctl. Whatever changes a
 * guest refuses one that hostctl did not make.
 */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/interrupt.h"
#include "hostctl/knob/journal.h"
#include "hostctl/virt/accelerator.h"
#include "hostctl/virt/connection.h"

#define GUEST_CHANNEL_NAME "org.insideout.probe.0"
#define GUEST_SHM_PREFIX "insideout-"
#define GUEST_PAGE_KIB 1024u

typedef enum {
    GUEST_ROLE_MICRO, /* its view is taken */
    GUEST_ROLE_BULK,  /* only makes load */
} GuestRole;

const char *guest_role_name(GuestRole role); /* "micro", "bulk" */
bool guest_role_parse(const char *name, GuestRole *ret_role, GError **error);

/* The emulated counters of one guest; QEMU and the plugin make the two files, we remove them. */
typedef struct {
    const char *plugin_path; /* of state_install_plugin(); NULL: no emulated counters */
    const char *page_name; /* the guest's page in /dev/shm: begins with GUEST_SHM_PREFIX, unique to
                              guest and run */
    const char *silicon_name; /* the host's caches and predictors in /dev/shm, the same for all
                                 guests of a run */
    uint32_t vmid;            /* tells guests apart in the shared caches; unique in a run, from 1 */
    uint64_t llc_kib;         /* 0: the plugin's default */
} GuestEmulation;

typedef struct {
    const char *name; /* letters, digits, "-", "_", "."; at most 40 */
    GuestRole role;
    const char *owner; /* the run's id, or "hand"; kept in the metadata */
    Accelerator accelerator;
    unsigned vcpus;
    uint64_t memory_kib;
    const cpu_set_t *pool;     /* vCPUs run here only; NULL: anywhere */
    const cpu_set_t *emulator; /* QEMU's own threads; NULL: where the vCPUs run */
    const char *kernel;        /* NULL: boots from its overlay */
    const char *initrd;
    const char *cmdline;                  /* NULL: the appliance's usual one */
    const char *disk;                     /* raw image shown as a virtio disk; NULL: none */
    const char *overlay;                  /* qcow2 that it boots from, of an Image; NULL: none */
    const char *backing, *backing_format; /* what it lies on: "qcow2" or "raw" */
    const char *seed;                     /* its NoCloud seed; NULL: none */
    const char *storage_pool; /* of libvirt, that has both; NULL: files of this machine */
    bool far;          /* its libvirt is another machine's: it has no file or socket of this one */
    bool balloon;      /* virtio balloon with statistics each second; false: no balloon device */
    bool nosharepages; /* keep KSM away */
    bool hugepages;
    unsigned cpu_shares;        /* 0: libvirt's default */
    unsigned cpu_quota_percent; /* of one CPU, for each vCPU; 0: none */
    GuestEmulation emulated;    /* TCG only */
} GuestSpec;

typedef struct Guest Guest;

/*
 * Defines and starts; returns as soon as libvirt does, the guest still boots. `journal` may be
 * NULL (nothing journaled) and outlives the guest.
 */
Guest *guest_create(Connection *connection, Journal *journal, const GuestSpec *spec,
                    GError **error);

/* Asked before anything is touched: the files of the guest that has the name must stay. */
bool guest_name_is_free(Connection *connection, const char *name, GError **error);

/* A running guest by name, ours or not. Free it before its connection. */
Guest *guest_find(Connection *connection, const char *name, GError **error);

/* By UUID. *ret_guest is NULL, which is no error, when no such guest runs. */
bool guest_find_uuid(Connection *connection, const char *uuid, Guest **ret_guest, GError **error);

/* Drops the handle. The guest goes on. */
void guest_free(Guest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guest, guest_free)

/* All running guests (Guest) by name; those that carry our metadata; the names of the others. */
bool guest_list_all(Connection *connection, GPtrArray **ret_guests, GError **error);
bool guest_list_ours(Connection *connection, GPtrArray **ret_guests, GError **error);
bool guest_list_foreign(Connection *connection, char ***ret_names, GError **error);

const char *guest_name(const Guest *guest);
const char *guest_uuid(const Guest *guest);
bool guest_is_ours(const Guest *guest);
GuestRole guest_role(const Guest *guest);           /* ours only */
const char *guest_owner(const Guest *guest);        /* NULL when not ours */
const char *guest_page_name(const Guest *guest);    /* NULL: no emulated counters */
const char *guest_silicon_name(const Guest *guest); /* NULL: no emulated counters */

/* False: what it leaves on its machine, beside volumes, only hostctl there removes. */
bool guest_made_from_afar(const Guest *guest);

/* The guest is to stay when this process ends: its journal entries are closed. */
bool guest_keep(Guest *guest, GError **error);

/*
 * Stops it and waits until it is gone, then removes what it leaves (page in /dev/shm, the
 * silicon file with the last guest that used it, sockets). A guest that is gone already is no
 * error. Refuses a guest that is not ours.
 */
bool guest_destroy(Guest *guest, GError **error);

/* The same for many at once (Guest), side by side: QEMU takes its time to end. Tries all of them
 * before it reports the first error. */
bool guest_destroy_many(GPtrArray *guests, GError **error);

/* What a guest of ours that is gone leaves in the run directory; nothing while one has the name. */
void guest_remove_traces(Connection *connection, const char *name);

/* Stops its vCPUs where they are; destroying it works as ever. */
bool guest_pause(Guest *guest, GError **error);

/* Still there? False also when QEMU died by itself. */
bool guest_is_running(const Guest *guest);

/* The host end of the probe's virtio-serial port, a unix socket. Free with g_free(). */
bool guest_channel_path(const Guest *guest, char **ret_path, GError **error);

/* The end of what the guest wrote on its console, made printable, for the message about a guest
 * that never talks; "" when nothing. Free with g_free(). */
char *guest_console_tail(const Guest *guest, size_t max_bytes);

unsigned guest_vcpus(const Guest *guest);
uint64_t guest_max_memory_kib(const Guest *guest);

/* Where vCPUs may run from now on; guest_pin() moves all vCPUs, and QEMU's own threads to
 * `emulator` (NULL: to the same CPUs). */
bool guest_pin_vcpu(Guest *guest, unsigned vcpu, const cpu_set_t *cpus, GError **error);
bool guest_pin(Guest *guest, const cpu_set_t *cpus, const cpu_set_t *emulator, GError **error);
bool guest_set_cpu_shares(Guest *guest, unsigned shares, GError **error);
bool guest_set_cpu_quota(Guest *guest, unsigned percent, GError **error); /* 0: none */
