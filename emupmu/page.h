/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counter page of one guest: what the emupmu plugin writes and what a reader sees, on the host
 * (the file itself) and in the guest (BAR 2 of an ivshmem-plain device over the same file).
 * docs/counter-page.md is the contract. Native byte order; plain C11, no other header of ours.
 *
 * One writer a slot: the vCPU's thread. It keeps its counts in memory of its own and publishes
 * copies, so whatever a guest writes into the page is overwritten and never read back.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define EMUPMU_PAGE_MAGIC 0x554d50554d45ull /* "EMUPMU", 0, 0 in memory */
#define EMUPMU_PAGE_VERSION 1u
#define EMUPMU_PAGE_BYTES (1u << 20) /* of the file and of the BAR */
#define EMUPMU_VCPU_MAX 64u
#define EMUPMU_TUPLE_WORDS 16

/*
 * Everything counted about one vCPU at one moment; all members are cumulative since QEMU started,
 * none ever falls within one instance (host_cpu and host_tsc are no counts).
 */
typedef struct {
    uint64_t cycles; /* modelled core cycles, see emupmu/model.h for the costs */
    uint64_t instructions;
    uint64_t branches;
    uint64_t branch_misses;
    uint64_t cache_references; /* misses of the L1 data cache: what the last level is asked */
    uint64_t cache_misses;     /* misses of the last level */
    uint64_t handovers;        /* times another context had used the host CPU in between */
    uint64_t string_rounds;    /* rounds of rep-prefixed string instructions after the first */
    uint64_t publishes;        /* which publication this is, from 1 */
    uint64_t host_tsc;         /* RDTSC of the host when it was published */
    uint64_t host_cpu;         /* where the vCPU's thread ran then */
    uint64_t reserved[5];      /* 0 */
} EmupmuTuple;

/*
 * `sequence` counts publications; the tuple of publication n is copy[n & 1]. The writer fills the
 * copy that is not current, then raises `sequence`. A reader takes `sequence`, copies
 * copy[sequence & 1], and keeps it if `sequence` is still the same: so a writer that is preempted
 * (or killed) half-way never makes a reader wait.
 */
typedef struct {
    uint64_t sequence;
    uint64_t reserved[7];
    EmupmuTuple copy[2];
    uint64_t reserved2[24];
} EmupmuSlot;

typedef struct {
    uint64_t magic; /* written last at start, so a page with it is whole */
    uint32_t version;
    uint32_t vcpus;    /* slots in use, 1 … EMUPMU_VCPU_MAX */
    uint64_t instance; /* random at each start of QEMU, never 0; a change means counts restarted */
    uint32_t vmid;     /* the plugin's option */
    uint32_t llc_kib;  /* size of the modelled last level cache */
    uint32_t model;    /* EMUPMU_MODEL_VERSION: counts of different models do not compare */
    uint32_t reserved[7];
} EmupmuHeader;

typedef struct {
    EmupmuHeader header;
    uint64_t reserved[24];
    EmupmuSlot slot[EMUPMU_VCPU_MAX];
} EmupmuPage;

static_assert(sizeof(EmupmuTuple) == sizeof(uint64_t) * EMUPMU_TUPLE_WORDS,
              "EmupmuTuple is shared");
static_assert(sizeof(EmupmuSlot) == 512, "EmupmuSlot is shared");
static_assert(offsetof(EmupmuSlot, copy) == 64, "EmupmuSlot is shared");
static_assert(sizeof(EmupmuHeader) == 64, "EmupmuHeader is shared");
static_assert(offsetof(EmupmuPage, slot) == 256, "EmupmuPage is shared");
static_assert(sizeof(EmupmuPage) <= EMUPMU_PAGE_BYTES, "EmupmuPage fits its file");

/* Publishes `tuple` as publication `tuple->publishes`, which the writer raises by one each time. */
static inline void
emupmu_publish(EmupmuSlot *slot, const EmupmuTuple *tuple)
{
    const uint64_t *from = (const uint64_t *) tuple;
    uint64_t *to = (uint64_t *) &slot->copy[tuple->publishes & 1];

    /* The previous publication must be seen before its predecessor's copy is overwritten. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (int i = 0; i < EMUPMU_TUPLE_WORDS; i++)
        __atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->sequence, tuple->publishes, __ATOMIC_RELEASE);
}
