/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks at every line of a guest's kallsyms or modules before perf may read it: an address, a
 * type, names of printable characters, as the kernel writes them, and nothing else. Takes the text
 * in pieces and holds one line of it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire/message.h"

#define SYMBOL_LINE_MAX 4096 /* bytes; modules that many others use have long lines */
#define SYMBOL_NAME_MAX 511  /* bytes: KSYM_NAME_LEN of Linux 6.1 and later, less its 0 */
#define SYMBOL_MODULE_MAX 63 /* bytes: at least MODULE_NAME_LEN, less its 0 */

typedef struct {
    WireFile file;
    uint64_t n_bytes, n_lines;
    uint64_t n_addresses; /* lines whose address is not 0 */
    bool has_start;       /* _text or _stext, by which perf finds where the kernel lies */
    size_t n_held;        /* bytes of a line whose end has not come yet */
    char held[SYMBOL_LINE_MAX + 1];
} SymbolCheck;

void symbol_check_begin(SymbolCheck *check, WireFile file);

/* Errors: a line that the kernel would not write (its number, and why), or more than there may be.
 */
bool symbol_check_feed(SymbolCheck *check, const char *bytes, size_t n_bytes, GError **error);

/*
 * Errors: no newline at the end; a kallsyms without symbols or without its start; addresses that
 * are all 0, which is how the guest's kernel hides them.
 */
bool symbol_check_end(SymbolCheck *check, GError **error);
