/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two files in which the kernel tells its symbols, read a piece at a time as a host asks: a
 * piece costs the agent's loop one page, however large the file is.
 */
#pragma once

#include <stdint.h>

#include "common/base/sysroot.h"
#include "common/wire/message.h"

/* Begins as { .fd = -1 }: no file is open. */
typedef struct {
    int fd;
    WireFile file;
    uint64_t offset; /* of what is read next */
} SymbolReader;

/*
 * Fills in the answer to `ask`, a failure included: ESPIPE for an offset other than 0 that is not
 * where the last piece ended. The file is closed at its end and after a failure.
 */
void symbol_reader_read(SymbolReader *reader, const Sysroot *root, const SymbolsAskMessage *ask,
                        SymbolsMessage *ret_piece);

/* Any number of times. */
void symbol_reader_close(SymbolReader *reader);
