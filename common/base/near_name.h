/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean …?": the known name nearest to a mistyped one. */
#pragma once

/*
 * The entry of the NULL-terminated list within a small edit distance (a third of the word's length,
 * at least 1; two neighbours that changed places count as one), else the only one that begins with
 * the word, else NULL. The pointer belongs to the list.
 */
const char *near_name(const char *word, const char *const *known);
