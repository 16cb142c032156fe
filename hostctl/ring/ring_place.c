/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/ring/ring_place.h"

#include <unistd.h>

#include "hostctl/state.h"

#define RING_NAME "exporter.ring"
/* StateDirectory= of insideout-exporter.service. */
#define SERVICE_RING "/var/lib/insideout-exporter/" RING_NAME

char *
ring_place_to_write(void)
{
    g_autofree char *dir = state_dir_chosen();

    return g_build_filename(dir, RING_NAME, NULL);
}

char *
ring_place_to_read(void)
{
    g_autofree char *path = ring_place_to_write();

    if (access(path, F_OK) < 0 && access(SERVICE_RING, F_OK) == 0)
        return g_strdup(SERVICE_RING);
    return g_steal_pointer(&path);
}
