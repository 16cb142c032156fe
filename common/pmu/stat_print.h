/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows as perf stat 6.1 prints them: CSV and JSON column by column, the table by its look. */
#pragma once

#include <stdio.h>

#include "common/pmu/stat_window.h"

/* `with_time`: -I was given, so each line begins with the window's end. */
void stat_print_csv(FILE *out, const StatWindow *window, bool with_time, const char *separator);

/* As perf's, and behind its keys "source": where the counts come from. */
void stat_print_json(FILE *out, const StatWindow *window, bool with_time, const char *source);

void stat_print_table_head(FILE *out);
void stat_print_table(FILE *out, const StatWindow *window, bool with_time);
