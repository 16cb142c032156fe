/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/canary_kernel.h"

#include <stddef.h>

#if defined(__x86_64__) || defined(__aarch64__)
#define NOP "nop\n"
#else
#define NOP "" /* a compiler's barrier; the arms below are then empty */
#endif

/* Random bits, written down once: half of the branches are taken, no two rounds are alike. */
static const uint64_t outcomes[CANARY_WORDS_MAX] = {
    0x9c1be7a54d32f068ull, 0x35e92d8b71c4a6f0ull, 0xd86a0f4e9b3571c2ull, 0x4f2397ec10b8d56aull,
    0xa1d67c38e5924f0bull, 0x6b08f5d12ec79a34ull, 0xf29481b67d0ae35cull, 0x173ecb5a8f60d924ull,
};

/* The compiler must neither know what is called nor merge two of the calls. */
typedef void (*Callee)(void);

static __attribute__((noinline)) void
callee_even(void)
{
    __asm__ volatile(NOP);
}

static __attribute__((noinline)) void
callee_odd(void)
{
    __asm__ volatile(NOP NOP);
}

static Callee volatile callees[2] = { callee_even, callee_odd };

/* One conditional branch each: no compiler makes a branch over assembly into anything else. */
#define ONE(bit)                \
    if (word & (1ull << (bit))) \
    __asm__ volatile(NOP)
#define FOUR(bit)   \
    ONE(bit);       \
    ONE((bit) + 1); \
    ONE((bit) + 2); \
    ONE((bit) + 3)
#define SIXTEEN(bit)  \
    FOUR(bit);        \
    FOUR((bit) + 4);  \
    FOUR((bit) + 8);  \
    FOUR((bit) + 12); \
    callees[0]();     \
    callees[1]();     \
    callees[1]();     \
    callees[0]()

__attribute__((noinline)) void
canary_kernel_pass(unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        uint64_t word = outcomes[i];

        __asm__ volatile("" : "+r"(word));
        SIXTEEN(0);
        SIXTEEN(16);
        SIXTEEN(32);
        SIXTEEN(48);
    }
}

__attribute__((noinline)) void
canary_kernel_pad(void)
{
    __asm__ volatile(".rept 2304\n" NOP ".endr\n");
}
