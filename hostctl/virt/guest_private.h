/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A guest's inside, for the files of virt that work on it. */
#pragma once

#include "hostctl/virt/console.h"
#include "hostctl/virt/domain_view.h"
#include "hostctl/virt/glue.h"

typedef enum {
    GUEST_ENTRY_DOMAIN,
    GUEST_ENTRY_PAGE,
    GUEST_ENTRY_SILICON,
    GUEST_ENTRIES,
} GuestEntry;

struct Guest {
    Connection *connection;
    virDomainPtr domain;
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    bool ours;
    GuestMetadata metadata; /* when ours */
    unsigned vcpus;
    uint64_t max_memory_kib;
    Journal *journal;                   /* NULL: found, or not journaled */
    uint64_t entry_ids[GUEST_ENTRIES];  /* 0: none */
    Console *console;                   /* NULL: found, or nobody listens */
    struct GuestStream *console_stream; /* what carries it from another machine; NULL: a socket */
};

/* Takes the domain handle. */
Guest *guest_new(Connection *connection, virDomainPtr domain, GError **error);

/* False with an error for a guest that hostctl did not make. */
bool guest_require_ours(const Guest *guest, const char *action, GError **error);
