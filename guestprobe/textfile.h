/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the guest counts, as a file for node_exporter's textfile collector. The file is replaced as
 * a whole (written beside, then renamed): who reads it sees one window or the next, never half.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/pmu/stat_window.h"
#include "guestprobe/cpu_times.h"

#define TEXTFILE_SUFFIX ".prom" /* node_exporter reads no other */
#define TEXTFILE_DEFAULT_INTERVAL_MS 15000

typedef struct {
    const StatWindow *window; /* with its verdict, if something judges */
    CpuTimes since_boot;      /* of all CPUs, at the window's end */
    int64_t wall_ns;          /* at the window's end, since 1970 */
} TextfileInput;

typedef struct Textfile Textfile;

/*
 * The metrics of `path`, written by the first textfile_update(). `has_steal`: the hypervisor tells
 * this guest its steal time; else there are no series of it, since 0 would be a lie.
 */
Textfile *textfile_new(const char *path, const char *hypervisor, unsigned n_cpus, bool has_steal);

/* Removes the file: what nobody renews must not be served on. NULL is taken. */
void textfile_free(Textfile *textfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Textfile, textfile_free)

/* Adds a window to the counters and replaces the file, mode 0644 less the umask. */
bool textfile_update(Textfile *textfile, const TextfileInput *input, GError **error);

/* Pure part of it: counts the window in, and gives the file's text. Free with g_free(). */
char *textfile_text(Textfile *textfile, const TextfileInput *input);
