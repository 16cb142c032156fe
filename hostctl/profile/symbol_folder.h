/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new folder (0700) for a guest's symbols, each file (0600) written only as far as its lines were
 * looked at. It is removed with what is in it unless it is kept: half a kallsyms serves nobody.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/profile/symbol_check.h"

typedef struct SymbolFolder SymbolFolder;

/* Makes `path`, which must not be there. */
SymbolFolder *symbol_folder_new(const char *path, GError **error);
/* Makes one of a name that nobody has in `parent`, which must be writable by us only. */
SymbolFolder *symbol_folder_new_within(const char *parent, GError **error);
void symbol_folder_free(SymbolFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SymbolFolder, symbol_folder_free)

/* From here on it stays. */
void symbol_folder_keep(SymbolFolder *folder);

const char *symbol_folder_path(const SymbolFolder *folder);
/* Where perf is to read and to write; these are owned by the folder. */
const char *symbol_folder_file(const SymbolFolder *folder, WireFile file);
const char *symbol_folder_data(const SymbolFolder *folder);

/* A file of it that is being written. */
typedef struct SymbolFile SymbolFile;

/* `origin` stands before what is wrong with its lines: "guest web, /proc/modules". */
SymbolFile *symbol_file_begin(const SymbolFolder *folder, WireFile file, const char *origin,
                              GError **error);
void symbol_file_free(SymbolFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SymbolFile, symbol_file_free)

/* `data` is a SymbolFile: this is a GuestSymbolsSink. Errors of symbol_check_feed(), or errno. */
bool symbol_file_write(void *data, const char *bytes, size_t n_bytes, GError **error);

/* All was given: looks at it as a whole, and that it is on the disk. */
bool symbol_file_end(SymbolFile *file, uint64_t *ret_lines, GError **error);

/* The same from a file that somebody has copied out of a guest. */
bool symbol_file_copy(const SymbolFolder *folder, WireFile file, const char *from,
                      uint64_t *ret_lines, GError **error);
