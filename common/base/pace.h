/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a program is with what takes long: one line on a terminal that is rewritten and then
 * wiped. One for the whole program, as the terminal is; until pace_show() nothing is ever said, so
 * libraries may tell it their stages.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* From now on on `out`, if that is a terminal. It is lent; NULL: no longer. */
void pace_show(FILE *out);

/* A stage of `parts` parts that take about as long as one another. It shows after its first second,
 * with the time left as the parts so far took it. */
void pace_begin(const char *what, unsigned parts);
void pace_step(void);

/* What is waited for now, shown at once; its length is not known. */
void pace_tell(const char *what);

/* What goes on until `end_raw_ns` (clock_raw_ns()). */
void pace_until(const char *what, int64_t end_raw_ns);

/* Wipes the line: something else is about to be printed. */
void pace_end(void);
