/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest's disk: a raw file in the state directory, its blocks allocated beforehand, so that a
 * load that syncs waits for the host's disk and not for its file system's bookkeeping. The guest
 * makes the file system.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/knob/journal.h"
#include "hostctl/state.h"

typedef struct Disk Disk;

/* In the journal before it is made. `journal` outlives it. Error: no room on the host's disk. */
Disk *disk_new(Journal *journal, const State *state, const char *guest_name, int64_t mib,
               GError **error);
void disk_free(Disk *disk); /* removes the file: after the guest is gone; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disk, disk_free)

const char *disk_path(const Disk *disk);
uint64_t disk_kib(const Disk *disk);
