/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and names in columns of a fixed width. What is not known is "-". */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/base/absent.h"

/* At most 4 characters: "0", "7.3", "950", "1.2k", "34M", "-" for NAN. */
char *top_short_number(double value);
/* The same for KiB: "512K", "1.5G"; "-" for ABSENT_U64. */
char *top_short_kib(uint64_t kib);
/* "12.3", "100"; "-" for NAN. */
char *top_percent(double ratio);

/* Appends the text, cut or filled to `width` characters, to the left or to the right. */
void top_append_left(GString *line, const char *text, int width);
void top_append_right(GString *line, const char *text, int width);

/* A guest's or task's name for a terminal: printable, bounded. */
char *top_name(const char *name);
