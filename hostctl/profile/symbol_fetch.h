/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A guest's symbols through its probe. */
#pragma once

#include "hostctl/link/guest_link.h"
#include "hostctl/profile/symbol_folder.h"

typedef struct {
    uint64_t symbols, modules; /* how many */
} SymbolCounts;

/* Errors: a probe that does not talk, or that is older than the request. */
bool symbol_fetch_greet(GuestLink *link, const Interrupt *interrupt, GError **error);

/* Writes both files, after the greeting. Errors of guest_symbols_fetch() and symbol_check. */
bool symbol_fetch(GuestLink *link, const SymbolFolder *folder, const Interrupt *interrupt,
                  SymbolCounts *ret_counts, GError **error);
