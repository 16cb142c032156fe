/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of somebody's experiment: which perf file belongs to which visit
 * (docs/import-index.md). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *condition;
    double vp_percent;
    int64_t repeat;
    char *guest, *host, *delay; /* file names; host and delay NULL where there are none */
} ImportStep;

typedef struct {
    char *path, *folder; /* of the index; files are relative to the folder */
    char *cpu_model, *microcode;
    char *load;        /* one text, or JSON of an array */
    int64_t pool_cpus; /* 0: not known */
    GArray *steps;     /* ImportStep */
} ImportIndex;

/* Errors name the file and the JSON path. */
ImportIndex *import_index_load(const char *path, GError **error);
/* The same for a text in memory; `length` -1: to its end. */
ImportIndex *import_index_parse(const char *name, const char *text, gssize length, GError **error);
void import_index_free(ImportIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportIndex, import_index_free)

/* The path of one of its files. Free with g_free(). */
char *import_index_file(const ImportIndex *index, const char *name);
