/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who else has perf events open, as the descriptors of all processes show. */
#pragma once

#include <glib.h>

#include "common/base/sysroot.h"

typedef struct {
    GString *names;        /* "rezolus (pid 812): 3, perf (pid 900): 1"; "" for nobody */
    unsigned n_unreadable; /* processes whose descriptors we may not see */
} PerfHolders;

/* This process is left out. Free `names` with g_string_free(). */
PerfHolders perf_holders_find(const Sysroot *root);
