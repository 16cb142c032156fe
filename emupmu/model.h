/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modelled silicon: per host CPU a branch predictor and a first level data cache, for all of
 * them one last level cache, in one shared file, so that guests which share a host CPU spoil each
 * other's state. Hot paths are inline here, the rest is in model.c. No QEMU, no GLib.
 *
 * The parameters are picked by hand to be plausible; nothing here was compared with silicon.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "emupmu/page.h"

/* Raise it with every change that makes counts incomparable. */
#define EMUPMU_MODEL_VERSION 1u

/*
 * Conditional branches: gshare, two-bit counters. Indirect branches: the targets seen last, by
 * branch. Direct branches and returns are always right. When another context (a vCPU of any guest)
 * gets a host CPU, both are emptied: the worst of what hosts do, since the barrier that they issue
 * between vCPUs (IBPB) clears more on some CPUs than on others.
 */
#define MODEL_PREDICTOR_BITS 16 /* log2 of the counters */
#define MODEL_HISTORY_BITS 16   /* outcomes that choose the counter beside the address */
#define MODEL_PREDICTOR_EMPTY 1 /* weakly not taken */
#define MODEL_TARGET_SETS 256
#define MODEL_TARGET_WAYS 4

/* Caches, lines of 64 bytes, least recently used goes first. */
#define MODEL_LINE_BITS 6
#define MODEL_L1_SETS 64
#define MODEL_L1_WAYS 8 /* 32 KiB */
#define MODEL_LLC_WAYS 16
#define MODEL_LLC_KIB_MIN 256u
#define MODEL_LLC_KIB_MAX 16384u
#define MODEL_LLC_KIB_DEFAULT 4096u

/* Virtual lines that a vCPU is sure to find in its L1; a page-sized share of addresses each. */
#define MODEL_FILTER_LINES 512

/* Costs in quarters of a cycle. */
#define MODEL_COST_INSTRUCTION 2
#define MODEL_COST_STRING_ROUND 1
#define MODEL_COST_BRANCH_MISS (15 * 4)
#define MODEL_COST_L1_MISS (14 * 4)
#define MODEL_COST_LLC_MISS (186 * 4) /* beside the L1 miss */

#define MODEL_CPU_MAX 512 /* host CPUs told apart; higher numbers fold */
#define MODEL_VMID_MAX 65535u
#define MODEL_LLC_SETS_MAX (MODEL_LLC_KIB_MAX * 1024 / 64 / MODEL_LLC_WAYS)

/* One host CPU. Only the thread that runs on it writes here, so plain stores do. */
typedef struct {
    uint64_t owner; /* the context that used it last */
    uint32_t history;
    uint32_t reserved[13];
    uint8_t counters[1 << MODEL_PREDICTOR_BITS];
    uint32_t targets[MODEL_TARGET_SETS][MODEL_TARGET_WAYS]; /* most recently used first */
    uint32_t l1[MODEL_L1_SETS][MODEL_L1_WAYS];              /* tags, most recently used first */
} ModelCore;

/* The shared file. All zeros is a valid machine that nobody has used. */
typedef struct {
    uint64_t magic;
    uint64_t config; /* version and LLC size: all guests of a host must agree */
    uint64_t reserved[6];
    ModelCore core[MODEL_CPU_MAX];
    /* Two CPUs may update a set at once and lose a line: it costs a miss, never more. */
    uint32_t llc[MODEL_LLC_SETS_MAX][MODEL_LLC_WAYS];
} ModelHost;

static_assert(sizeof(ModelCore) % 64 == 0, "no two CPUs share a line");

/* How a block ends. A rep string instruction is a branch to itself that nobody counts. */
typedef enum {
    MODEL_NO_BRANCH,
    MODEL_DIRECT,
    MODEL_RETURN,
    MODEL_CONDITIONAL, /* from here on the next block tells something new */
    MODEL_STRING,
    MODEL_INDIRECT,
} ModelBranchKind;

/* What the model must know of a translated block: straight code, ended by at most one branch. */
typedef struct {
    uint64_t address; /* of the first instruction */
    uint64_t next;    /* of the instruction after the last one */
    int32_t offset;   /* a conditional branch goes to next + offset */
    uint32_t site;    /* model_site() of the last instruction */
    uint32_t weight;  /* model_weight() */
    uint8_t kind;     /* a ModelBranchKind */
} ModelBlock;

/* One vCPU's own memory. */
typedef struct {
    const ModelBlock *last; /* the block that ran before, never NULL */
    /*
     * Counted since model_counts(): instructions, branches and misses in one word, since each
     * further word to update costs a twentieth of a guest's speed.
     */
    uint64_t pending;
    ModelCore *core; /* of the host CPU `cpu` */
    uint64_t owner;  /* what the vCPU writes into ModelCore.owner */
    uint32_t cpu;
    uint32_t salt; /* makes the lines of different guests different */
    uint32_t llc_set_mask;
    ModelHost *host;
    EmupmuTuple counts;
    uint64_t filter[MODEL_FILTER_LINES];
} ModelContext;

#define MODEL_PENDING_BRANCH (1ull << 24)
#define MODEL_PENDING_MISS (1ull << 44)
/* Most instructions that may be pending, so that no part of the word overflows. */
#define MODEL_PENDING_MAX (1u << 19)

bool model_llc_kib_valid(uint64_t llc_kib); /* a power of two within the limits */

/*
 * Takes part in a host file. False when it cannot: `ret_other_kib` is then the size of the last
 * level cache that its guests have, or 0 when it is no host file of this version at all.
 */
bool model_host_join(ModelHost *host, uint32_t llc_kib, uint32_t *ret_other_kib);

/* `vmid` is 1 … MODEL_VMID_MAX and differs from guest to guest; `vcpu` < EMUPMU_VCPU_MAX. */
void model_context_init(ModelContext *context, ModelHost *host, uint32_t llc_kib, uint32_t vmid,
                        unsigned vcpu);

/* Forgets the block that ran before: for when blocks are freed. */
void model_context_forget_block(ModelContext *context);

/* Where the predictor looks for the branch at an address. */
uint32_t model_site(uint64_t address);

/* What a block adds to the counts. */
uint32_t model_weight(size_t instructions, ModelBranchKind kind);

/* All counts up to now, cycles among them; the members of a publication are 0. */
EmupmuTuple model_counts(ModelContext *context);

/* The vCPU begins `block`: with that it is known how the block before ended. */
void model_block(ModelContext *context, const ModelBlock *block);

/* A load or store that the filter does not know. */
void model_cache_access(ModelContext *context, uint64_t physical_address);

/* To be called before the functions below whenever the thread may have moved. */
static inline void
model_run_on(ModelContext *context, uint32_t cpu)
{
    if (__builtin_expect(cpu != context->cpu, 0)) {
        context->cpu = cpu;
        context->core = &context->host->core[cpu % MODEL_CPU_MAX];
    }
}

static inline uint32_t
model_pending_instructions(const ModelContext *context)
{
    return (uint32_t) (context->pending & (MODEL_PENDING_BRANCH - 1));
}

/* Predicts, learns, and gives what to add to `pending`. */
static inline uint64_t
model_predict(ModelCore *core, uint32_t site, bool taken)
{
    static const uint8_t next_state[8] = { 0, 1, 0, 2, 1, 3, 2, 3 }; /* [state * 2 + taken] */
    const uint32_t history = core->history & ((1u << MODEL_HISTORY_BITS) - 1);
    const uint32_t index = site ^ history << (MODEL_PREDICTOR_BITS - MODEL_HISTORY_BITS);
    uint8_t *counter = &core->counters[index & ((1u << MODEL_PREDICTOR_BITS) - 1)];
    const unsigned state = *counter & 3u;

    *counter = next_state[state * 2 + taken];
    core->history = core->history << 1 | taken;
    return ((state >> 1) ^ taken) * MODEL_PENDING_MISS;
}

static inline bool
model_goes_to(const ModelBlock *before, const ModelBlock *block)
{
    return block->address == before->next + (uint64_t) (int64_t) before->offset;
}

static inline uint32_t *
model_target_set(ModelCore *core, uint32_t site)
{
    return core->targets[site % MODEL_TARGET_SETS];
}

/* What stands for "this branch went there"; 0 is an empty way. */
static inline uint32_t
model_target_tag(uint32_t site, uint64_t target)
{
    return ((uint32_t) (target ^ target >> 32) * 0x9e3779b1u ^ site) | 1;
}

/* The next round of a rep string instruction is no further instruction. */
static inline void
model_end_string(ModelContext *context, const ModelBlock *before, const ModelBlock *block)
{
    const bool again = model_goes_to(before, block);

    context->counts.string_rounds += again;
    context->counts.instructions -= again;
}

/*
 * The block before ended in something to learn from. False, with nothing done, when another context
 * used the core or it ended unusually.
 */
static inline bool
model_end_common(ModelContext *context, const ModelBlock *before, const ModelBlock *block,
                 uint64_t *pending)
{
    const uint64_t way = block->address - before->next;
    const uint64_t taken = way == (uint64_t) (int64_t) before->offset;

    if (__builtin_expect(context->core->owner != context->owner, 0))
        return false;
    if (before->kind == MODEL_CONDITIONAL) {
        /* Neither taken nor passed; without a jump, since the host could not predict it either. */
        if (__builtin_expect((way & (taken - 1)) != 0, 0))
            return false;
        *pending += model_predict(context->core, before->site, taken);
        return true;
    }
    if (before->kind == MODEL_STRING) {
        model_end_string(context, before, block);
        return true;
    }
    return model_target_set(context->core, before->site)[0] ==
           model_target_tag(before->site, block->address);
}

/* What model_block() does nearly always. False, with nothing done, when it must do it itself. */
static inline bool
model_block_common(ModelContext *context, const ModelBlock *block)
{
    const ModelBlock *before = context->last;
    uint64_t pending = context->pending + block->weight;

    if (before->kind >= MODEL_CONDITIONAL && !model_end_common(context, before, block, &pending))
        return false;
    context->last = block;
    context->pending = pending;
    return true;
}

/* True when the line is surely in the L1: no more need be done for this access. */
static inline bool
model_filter_hit(ModelContext *context, uint64_t virtual_address)
{
    const uint64_t line = virtual_address >> MODEL_LINE_BITS;
    uint64_t *entry = &context->filter[line % MODEL_FILTER_LINES];

    if (__builtin_expect(*entry == line, 1))
        return true;
    *entry = line;
    return false;
}
