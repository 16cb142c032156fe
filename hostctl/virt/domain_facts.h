/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What only libvirt knows of this host's running guests: what their balloons leave them, and what
 * people call them. A thread of its own asks, read-only, every ten seconds; nobody waits for it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

typedef struct DomainFacts DomainFacts;

/*
 * `uri` NULL: LIBVIRT_DEFAULT_URI, else qemu:///system. A libvirt that is not there is tried again
 * every 30 s. NULL, which the functions below take, when there is nothing to ask: `root` is not
 * this machine, or `uri` is an embedded driver, which would belong to the one process that has it.
 */
DomainFacts *domain_facts_new(const char *uri, const Sysroot *root);

/* Returns soon even when libvirt hangs; what hangs then ends with the process. */
void domain_facts_free(DomainFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainFacts, domain_facts_free)

/*
 * Of the guest with this UUID, not older than 30 s; false, and nothing set, when not known. `facts`
 * is a DomainFacts: this is a GuestFactsFunc. `*ret_title` may be NULL; free with g_free().
 */
bool domain_facts_find(void *facts, const char *uuid, uint64_t *ret_balloon_kib, char **ret_title);
