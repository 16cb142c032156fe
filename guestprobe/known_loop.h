/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A loop whose instructions and branches are known beforehand: what a counter must have counted. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that a loop of loads walks over: more than the last level cache of most CPUs. */
#define KNOWN_LOOP_MEMORY_BYTES (64u << 20)

/*
 * `rounds` rounds. Each has LOOP_INSTRUCTIONS instructions and LOOP_BRANCHES branches (see
 * common/wire/message.h), one of which goes by the lowest bit of a random sequence: no predictor
 * does better than a coin there. Returns how often that bit was set: about half of the rounds.
 */
uint64_t known_loop_branches(uint64_t rounds);

/*
 * `rounds` loads, each of another random line of `memory` (`bytes`: a power of two). The sum keeps
 * the loads alive.
 */
uint64_t known_loop_loads(uint64_t rounds, const void *memory, size_t bytes);

/*
 * Memory for known_loop_loads(), touched page by page. NULL with an error when there is none.
 * known_loop_memory_free() takes NULL.
 */
void *known_loop_memory_new(GError **error);
void known_loop_memory_free(void *memory);
