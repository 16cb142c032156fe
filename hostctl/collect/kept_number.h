/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One number in a kernel file that is read again and again: the file stays open, a reading is one
 * pread(2) and allocates nothing. What belongs to a process or a control group that has gone can
 * no more be read, and never turns into another's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

typedef struct {
    int fd;             /* -1: closed */
    const char *before; /* the text in front of the number: "VmRSS:"; "" for the file's first */
} KeptNumber;

#define KEPT_NUMBER_CLOSED ((KeptNumber){ .fd = -1 })

/*
 * Opens the file, also one that has no such number now ("max"). False, and closed, when it is not
 * there: the machine does not tell, which is no error here. `before` must be a literal.
 */
bool kept_number_open(const Sysroot *root, const char *path, const char *before,
                      KeptNumber *ret_number);
void kept_number_close(KeptNumber *number);

/* False when it is closed, has no such number or can no more be read; *ret_value is untouched. */
bool kept_number_read(const KeptNumber *number, uint64_t *ret_value);
