/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as decimal text, digit for digit as printf(3) writes them and several times quicker: what
 * prints thousands of counts a second spends most of its time there. */
#pragma once

#include <stdint.h>

/* Room for any number and the final 0. */
#define DECIMAL_BYTES 352

/* Writes "%lu" at `at`; the end, where the final 0 stands. */
char *decimal_put_u64(char *at, uint64_t value);

/* Writes "%0*lu", at most 20 wide. */
char *decimal_put_digits(char *at, uint64_t value, int width);

/* Writes "%.*f", 0 to 9 decimals; the end, where the final 0 stands. */
char *decimal_put(char *at, double value, int decimals);
