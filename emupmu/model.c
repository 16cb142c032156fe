/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emupmu/model.h"

#define HOST_MAGIC 0x54534f48554d45ull /* "EMUHOST" in memory */

static const ModelBlock no_block = { .kind = MODEL_NO_BRANCH };

/* Spreads every bit of `value` over the result. */
static uint64_t
mix(uint64_t value)
{
    value *= 0x9e3779b97f4a7c15ull;
    value ^= value >> 32;
    return value * 0xd6e8feb86659fd93ull;
}

bool
model_llc_kib_valid(uint64_t llc_kib)
{
    return llc_kib >= MODEL_LLC_KIB_MIN && llc_kib <= MODEL_LLC_KIB_MAX &&
           (llc_kib & (llc_kib - 1)) == 0;
}

bool
model_host_join(ModelHost *host, uint32_t llc_kib, uint32_t *ret_other_kib)
{
    const uint64_t version = (uint64_t) EMUPMU_MODEL_VERSION << 32;
    uint64_t magic = 0, config = 0;

    /* Guests start at the same time: one of them sets each word, the others find it set. */
    *ret_other_kib = 0;
    if (!__atomic_compare_exchange_n(&host->magic, &magic, HOST_MAGIC, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST) &&
        magic != HOST_MAGIC)
        return false;
    if (__atomic_compare_exchange_n(&host->config, &config, version | llc_kib, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return true;
    if (config >> 32 == EMUPMU_MODEL_VERSION)
        *ret_other_kib = (uint32_t) config;
    return config == (version | llc_kib);
}

void
model_context_init(ModelContext *context, ModelHost *host, uint32_t llc_kib, uint32_t vmid,
                   unsigned vcpu)
{
    const uint32_t llc_sets = llc_kib * 1024 / 64 / MODEL_LLC_WAYS;

    *context = (ModelContext){
        .last = &no_block,
        .owner = (uint64_t) vmid * EMUPMU_VCPU_MAX + vcpu,
        .salt = (uint32_t) (mix(vmid) >> 32),
        .llc_set_mask = llc_sets - 1,
        .host = host,
        .core = &host->core[0],
    };
}

void
model_context_forget_block(ModelContext *context)
{
    context->last = &no_block;
}

uint32_t
model_site(uint64_t address)
{
    return (uint32_t) (mix(address) >> 32);
}

uint32_t
model_weight(size_t instructions, ModelBranchKind kind)
{
    const bool counts = kind != MODEL_NO_BRANCH && kind != MODEL_STRING;

    return (uint32_t) (instructions + (counts ? MODEL_PENDING_BRANCH : 0));
}

/* Never falls while the counts rise. */
static uint64_t
cycles_of(const EmupmuTuple *counts)
{
    const uint64_t quarters = counts->instructions * MODEL_COST_INSTRUCTION +
                              counts->string_rounds * MODEL_COST_STRING_ROUND +
                              counts->branch_misses * MODEL_COST_BRANCH_MISS +
                              counts->cache_references * MODEL_COST_L1_MISS +
                              counts->cache_misses * MODEL_COST_LLC_MISS;

    return quarters / 4;
}

EmupmuTuple
model_counts(ModelContext *context)
{
    EmupmuTuple *counts = &context->counts;

    counts->instructions += context->pending % MODEL_PENDING_BRANCH;
    counts->branches += context->pending % MODEL_PENDING_MISS / MODEL_PENDING_BRANCH;
    counts->branch_misses += context->pending / MODEL_PENDING_MISS;
    context->pending = 0;
    counts->cycles = cycles_of(counts);
    return *counts;
}

/* Looks a tag up in a set that is kept in order of use, and puts it first. */
static bool
touch(uint32_t *set, unsigned ways, uint32_t tag)
{
    unsigned way = 0;

    while (way < ways - 1 && set[way] != tag)
        way++;
    const bool hit = set[way] == tag;

    memmove(set + 1, set, way * sizeof *set);
    set[0] = tag;
    return hit;
}

/* Another context used the core since: it left the L1 as we find it, and an empty predictor. */
static void
take_core(ModelContext *context)
{
    ModelCore *core = context->core;

    if (core->owner == context->owner)
        return;
    core->owner = context->owner;
    core->history = 0;
    memset(core->counters, MODEL_PREDICTOR_EMPTY, sizeof core->counters);
    memset(core->targets, 0, sizeof core->targets);
    memset(context->filter, 0, sizeof context->filter);
    context->counts.handovers++;
}

/* Right when this branch went there lately. */
static uint64_t
predict_target(ModelContext *context, uint32_t site, uint64_t target)
{
    const bool hit = touch(model_target_set(context->core, site), MODEL_TARGET_WAYS,
                           model_target_tag(site, target));

    return hit ? 0 : MODEL_PENDING_MISS;
}

static void
end_conditional(ModelContext *context, const ModelBlock *before, const ModelBlock *block)
{
    const bool taken = model_goes_to(before, block);

    if (taken || block->address == before->next)
        context->pending += model_predict(context->core, before->site, taken);
    else /* An interrupt or a fault came first: the branch did not happen. */
        context->pending -= MODEL_PENDING_BRANCH;
}

void
model_block(ModelContext *context, const ModelBlock *block)
{
    const ModelBlock *before = context->last;

    context->last = block;
    context->pending += block->weight;
    switch ((ModelBranchKind) before->kind) {
    case MODEL_NO_BRANCH:
    case MODEL_DIRECT:
    case MODEL_RETURN:
        break;
    case MODEL_CONDITIONAL:
        take_core(context);
        end_conditional(context, before, block);
        break;
    case MODEL_INDIRECT:
        take_core(context);
        context->pending += predict_target(context, before->site, block->address);
        break;
    case MODEL_STRING:
        model_end_string(context, before, block);
        break;
    }
}

void
model_cache_access(ModelContext *context, uint64_t physical_address)
{
    const uint64_t line = physical_address >> MODEL_LINE_BITS;
    const uint64_t hash = mix(line ^ (uint64_t) context->salt << 32);
    const uint32_t tag = (uint32_t) (hash >> 32) | 1; /* 0 is an empty way */
    uint32_t llc_set;

    take_core(context);
    if (touch(context->core->l1[line % MODEL_L1_SETS], MODEL_L1_WAYS, tag))
        return;

    /* Neighbours in a page go to neighbouring sets, pages anywhere. */
    llc_set = (uint32_t) (line % 64 | mix(line / 64 ^ context->salt) >> 32 << 6);
    context->counts.cache_references++;
    if (!touch(context->host->llc[llc_set & context->llc_set_mask], MODEL_LLC_WAYS, tag))
        context->counts.cache_misses++;
}
