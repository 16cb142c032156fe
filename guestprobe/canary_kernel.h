/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The branches that a canary sings: always the same, in the same order, so that a predictor that
 * keeps what it learned predicts all of them.
 */
#pragma once

#include <stdint.h>

/*
 * A pass is CANARY_WORDS rounds of 64 conditional branches, whose outcomes are the bits of a word,
 * and 16 indirect calls, each from a place of its own to one function.
 */
#define CANARY_WORDS_MAX 8
#define CANARY_ROUND_BRANCHES (64 + 16)

/* `words` rounds, 1 … CANARY_WORDS_MAX. */
void canary_kernel_pass(unsigned words);

/* More instructions without a branch than the emulated page leaves unpublished. */
void canary_kernel_pad(void);
