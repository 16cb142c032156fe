/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/near_name.h"

#include <glib.h>
#include <string.h>

#define MAX_WORD 64

/* Levenshtein's distance by one row at a time. */
static size_t
edit_distance(const char *a, const char *b)
{
    size_t row[MAX_WORD + 1];
    size_t length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t substituted = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            row[j + 1] = MIN(substituted, MIN(row[j], diagonal) + 1);
        }
    }
    return row[length];
}

const char *
near_name(const char *word, const char *const *known)
{
    size_t limit = MAX(1, strlen(word) / 3);
    const char *best = NULL;
    size_t best_distance = limit + 1;

    for (size_t i = 0; known[i]; i++) {
        size_t distance;

        if (strlen(known[i]) > MAX_WORD)
            continue;
        distance = edit_distance(word, known[i]);
        if (distance < best_distance) {
            best = known[i];
            best_distance = distance;
        }
    }
    return best;
}
