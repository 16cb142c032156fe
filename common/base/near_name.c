/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/near_name.h"

#include <glib.h>
#include <string.h>

#define MAX_WORD 64
#define LEAST_BEGINNING 3

/* Levenshtein's distance by three rows at a time; two neighbours that changed places count one. */
static size_t
edit_distance(const char *a, const char *b)
{
    size_t rows[3][MAX_WORD + 1];
    size_t length = strlen(b);
    size_t i = 0;

    for (size_t j = 0; j <= length; j++)
        rows[0][j] = j;
    for (; a[i]; i++) {
        const size_t *before = rows[(i + 2) % 3], *above = rows[i % 3];
        size_t *row = rows[(i + 1) % 3];

        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            row[j + 1] = MIN(above[j] + (a[i] != b[j]), MIN(row[j], above[j + 1]) + 1);
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
                row[j + 1] = MIN(row[j + 1], before[j - 1] + 1);
        }
    }
    return rows[i % 3][length];
}

/* The only one that begins so. */
static const char *
only_longer(const char *word, const char *const *known)
{
    const char *found = NULL;

    if (strlen(word) < LEAST_BEGINNING)
        return NULL;
    for (size_t i = 0; known[i]; i++) {
        if (!g_str_has_prefix(known[i], word))
            continue;
        if (found)
            return NULL;
        found = known[i];
    }
    return found;
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
    return best ? best : only_longer(word, known);
}
