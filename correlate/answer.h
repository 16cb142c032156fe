/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a dataset says, in words: nothing is claimed that the numbers do not carry. */
#pragma once

#include "correlate/analysis.h"

/* One sentence: could the guest tell? Free with g_free(). */
char *answer_sentence(const Analysis *analysis);

/* The sentence with what a reader must know to weigh it: checks, best number, limits. */
char *answer_paragraph(const Analysis *analysis);

/* The guest-only estimator that tells best against truth vp in a condition; NULL: none was
 * computed. Steal is left out: it is what the others stand in for. */
const EvaluationRow *answer_best(const GArray *rows, const char *condition);
