/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/known_loop.h"

#include <errno.h>
#include <sys/mman.h>

#include "common/base/failure.h"
#include "common/wire/message.h"

#define SEED 0x9e3779b97f4a7c15ull
#define LINE_BYTES 64u

/* Marsaglia's xorshift64: its lowest bit repeats after 2^64 - 1 rounds. */
static inline uint64_t
next_random(uint64_t state)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^ state << 17;
}

#ifdef __x86_64__
static_assert(WIRE_LOOP_INSTRUCTIONS == 16 && WIRE_LOOP_BRANCHES == 3,
              "count the lines below: of the two jumps over an inc, one is taken each round");

uint64_t
known_loop_branches(uint64_t rounds)
{
    uint64_t state = SEED, set = 0, clear = 0, temporary;

    if (rounds == 0)
        return 0;
    __asm__ volatile("1:\n\t"
                     "mov %[state], %[t]\n\t"
                     "shl $13, %[t]\n\t"
                     "xor %[t], %[state]\n\t"
                     "mov %[state], %[t]\n\t"
                     "shr $7, %[t]\n\t"
                     "xor %[t], %[state]\n\t"
                     "mov %[state], %[t]\n\t"
                     "shl $17, %[t]\n\t"
                     "xor %[t], %[state]\n\t"
                     "test $1, %b[state]\n\t"
                     "jz 2f\n\t" /* the one that cannot be predicted */
                     "inc %[set]\n"
                     "2:\n\t"
                     "test $1, %b[state]\n\t"
                     "jnz 3f\n\t"
                     "inc %[clear]\n"
                     "3:\n\t"
                     "dec %[rounds]\n\t"
                     "jnz 1b"
                     : [state] "+q"(state), [set] "+r"(set), [clear] "+r"(clear),
                       [rounds] "+r"(rounds), [t] "=&r"(temporary)
                     :
                     : "cc");
    return set;
}
#else
uint64_t
known_loop_branches(uint64_t rounds)
{
    uint64_t state = SEED, set = 0;

    for (; rounds > 0; rounds--) {
        state = next_random(state);
        set += state & 1;
    }
    return set;
}
#endif

uint64_t
known_loop_loads(uint64_t rounds, const void *memory, size_t bytes)
{
    const volatile uint64_t *words = memory;
    uint64_t state = SEED, sum = 0;

    for (; rounds > 0; rounds--) {
        state = next_random(state);
        sum += words[(state & (bytes / LINE_BYTES - 1)) * (LINE_BYTES / sizeof *words)];
    }
    return sum;
}

void *
known_loop_memory_new(GError **error)
{
    void *memory = mmap(NULL, KNOWN_LOOP_MEMORY_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char *bytes = memory;

    if (memory == MAP_FAILED) {
        failure_set_errno(error, errno, "%u MiB for the loop of loads",
                          KNOWN_LOOP_MEMORY_BYTES >> 20);
        return NULL;
    }
    /* Pages that were only read would all be the one page of zeros. */
    for (size_t at = 0; at < KNOWN_LOOP_MEMORY_BYTES; at += 4096)
        bytes[at] = 1;
    return memory;
}

void
known_loop_memory_free(void *memory)
{
    if (memory)
        munmap(memory, KNOWN_LOOP_MEMORY_BYTES);
}
