/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QEMU TCG plugin: feeds what the guest does into the model and publishes the counts.
 * Each vCPU is served by callbacks on its own thread; translation happens on any of them.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/rseq.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "emupmu/block_store.h"
#include "emupmu/decode.h"
#include "emupmu/model.h"
#include "emupmu/options.h"
#include "emupmu/page.h"
#include "emupmu/qemu_plugin_api.h"
#include "emupmu/shared_file.h"

/* Between two publications: about 20 µs of a guest's work. */
#define PUBLISH_INSTRUCTIONS 2048

static_assert(PUBLISH_INSTRUCTIONS < MODEL_PENDING_MAX, "counts are taken in time");

#define INSTRUCTION_BYTES_MAX 16
#define PAGE_BITS 12
#define NO_PAGE UINT64_MAX /* no address has it */

typedef struct {
    ModelContext model;
    uint64_t publishes;
    /* The page of the last access that the filter did not know, so that a stream of them (clearing,
       copying) asks QEMU once a page. Nobody remaps a page without touching another meanwhile. */
    uint64_t page_virtual;
    uint64_t page_physical;
} __attribute__((aligned(64))) Vcpu;

static Vcpu *vcpus; /* EMUPMU_VCPU_MAX */
static EmupmuPage *page;
static ModelHost *host;
static Options options;
static ptrdiff_t rseq_offset; /* a copy: the C library's costs a further load each time */

PLUGIN_EXPORT int qemu_plugin_version = EMUPMU_PLUGIN_API;

/* The kernel keeps it in each thread's rseq area, so it is right even just after a migration. */
static inline uint32_t
current_cpu(void)
{
    const char *area = (const char *) __builtin_thread_pointer() + rseq_offset;

    return ((const volatile struct rseq *) area)->cpu_id;
}

/* The same where the kernel or the C library has no rseq: the area then holds a negative number. */
static uint32_t
current_cpu_surely(void)
{
    const uint32_t cpu = current_cpu();
    const int slow_cpu = (int32_t) cpu < 0 ? sched_getcpu() : (int) cpu;

    return slow_cpu < 0 ? 0 : (uint32_t) slow_cpu;
}

static uint64_t
host_tsc(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#else
    return 0;
#endif
}

static void __attribute__((noinline)) publish(unsigned index)
{
    Vcpu *vcpu = &vcpus[index];
    EmupmuTuple tuple = model_counts(&vcpu->model);

    tuple.publishes = ++vcpu->publishes;
    tuple.host_cpu = current_cpu_surely();
    tuple.host_tsc = host_tsc();
    emupmu_publish(&page->slot[index], &tuple);
}

static void __attribute__((noinline, cold))
block_begins_rarely(unsigned index, const ModelBlock *block)
{
    ModelContext *model = &vcpus[index].model;

    model_run_on(model, current_cpu_surely());
    model_block(model, block);
    if (model_pending_instructions(model) >= PUBLISH_INSTRUCTIONS)
        publish(index);
}

static void
block_begins(unsigned index, void *data)
{
    ModelContext *model = &vcpus[index].model;

    if (__builtin_expect(current_cpu() != model->cpu, 0) ||
        __builtin_expect(model_pending_instructions(model) >= PUBLISH_INSTRUCTIONS, 0) ||
        __builtin_expect(!model_block_common(model, data), 0))
        block_begins_rarely(index, data);
}

/* False where there is no memory: a device, or a translation that is gone already. */
static bool
find_page(Vcpu *vcpu, qemu_plugin_meminfo_t info, uint64_t address)
{
    const struct qemu_plugin_hwaddr *physical = qemu_plugin_get_hwaddr(info, address);

    vcpu->page_virtual = NO_PAGE;
    if (!physical || qemu_plugin_hwaddr_is_io(physical))
        return false;
    vcpu->page_virtual = address >> PAGE_BITS;
    vcpu->page_physical = qemu_plugin_hwaddr_phys_addr(physical) >> PAGE_BITS;
    return true;
}

static void __attribute__((noinline))
access_memory(Vcpu *vcpu, qemu_plugin_meminfo_t info, uint64_t address)
{
    const uint64_t offset = address % (1 << PAGE_BITS);

    if (vcpu->page_virtual != address >> PAGE_BITS && !find_page(vcpu, info, address))
        return;
    model_run_on(&vcpu->model, current_cpu_surely());
    model_cache_access(&vcpu->model, vcpu->page_physical << PAGE_BITS | offset);
}

static void
memory_accessed(unsigned index, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    Vcpu *vcpu = &vcpus[index];

    if (!model_filter_hit(&vcpu->model, address))
        access_memory(vcpu, info, address);
}

static void
vcpu_idles(qemu_plugin_id_t id, unsigned index)
{
    if (index < EMUPMU_VCPU_MAX)
        publish(index);
}

typedef struct {
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    size_t size;
    uint64_t address;
} Instruction;

static Instruction
get_instruction(const struct qemu_plugin_insn *insn)
{
    Instruction instruction = {
        .size = qemu_plugin_insn_size(insn),
        .address = qemu_plugin_insn_vaddr(insn),
    };

    if (instruction.size > sizeof instruction.bytes)
        instruction.size = sizeof instruction.bytes;
#if EMUPMU_PLUGIN_API < 3
    memcpy(instruction.bytes, qemu_plugin_insn_data(insn), instruction.size);
#else
    instruction.size = qemu_plugin_insn_data(insn, instruction.bytes, instruction.size);
#endif
    return instruction;
}

static void
describe_block(ModelBlock *block, const struct qemu_plugin_tb *tb, const Instruction *last)
{
    const DecodedBranch branch = decode_branch(last->bytes, last->size);

    block->address = qemu_plugin_tb_vaddr(tb);
    block->next = last->address + last->size;
    block->offset = branch.offset;
    block->site = model_site(last->address);
    block->weight = model_weight(qemu_plugin_tb_n_insns(tb), branch.kind);
    block->kind = (uint8_t) branch.kind;
}

static void
block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    const size_t length = qemu_plugin_tb_n_insns(tb);
    ModelBlock *block = length > 0 ? block_store_take() : NULL;
    Instruction instruction;

    if (!block)
        return;
    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        instruction = get_instruction(insn);
        if (decode_touches_data(instruction.bytes, instruction.size))
            qemu_plugin_register_vcpu_mem_cb(insn, memory_accessed, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, NULL);
    }
    describe_block(block, tb, &instruction);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, block_begins, QEMU_PLUGIN_CB_NO_REGS, block);
}

/*
 * QEMU before 8.0 can leave a vCPU with the memory callbacks of an instruction that is over, and
 * frees the list at a flush: the next helper that touches memory would walk it.
 */
static void
drop_stale_callbacks(unsigned index)
{
#if EMUPMU_PLUGIN_API < 2
    struct CPUState *cpu = NULL;

    if (qemu_get_cpu && qemu_plugin_disable_mem_helpers)
        cpu = qemu_get_cpu((int) index);
    if (cpu)
        qemu_plugin_disable_mem_helpers(cpu);
#endif
}

/* QEMU calls this while no vCPU runs. */
static void
translations_flushed(qemu_plugin_id_t id)
{
    for (unsigned i = 0; i < EMUPMU_VCPU_MAX; i++) {
        model_context_forget_block(&vcpus[i].model);
        drop_stale_callbacks(i);
    }
    block_store_recycle();
}

static uint64_t
random_instance(void)
{
    uint64_t instance = 0;

    while (instance == 0)
        if (getrandom(&instance, sizeof instance, 0) < 0)
            instance = host_tsc();
    return instance;
}

/* A reader may have the page open from an earlier start: it sees none, then the new one whole. */
static void
begin_page(unsigned n_vcpus)
{
    EmupmuHeader header = {
        .version = EMUPMU_PAGE_VERSION,
        .vcpus = n_vcpus,
        .instance = random_instance(),
        .vmid = options.vmid,
        .llc_kib = options.llc_kib,
        .model = EMUPMU_MODEL_VERSION,
    };

    __atomic_store_n(&page->header.magic, 0, __ATOMIC_SEQ_CST);
    memset(page, 0, sizeof *page);
    page->header = header;
    __atomic_store_n(&page->header.magic, EMUPMU_PAGE_MAGIC, __ATOMIC_SEQ_CST);
}

static bool
map_files(void)
{
    uint32_t other_kib;

    page = shared_file_map(options.page, EMUPMU_PAGE_BYTES, 0644);
    if (!page) {
        fprintf(stderr, "emupmu: option page: map %s: %s\n", options.page, strerror(errno));
        return false;
    }
    host = shared_file_map(options.host, sizeof *host, 0640);
    if (!host) {
        fprintf(stderr, "emupmu: option host: map %s: %s\n", options.host, strerror(errno));
        return false;
    }
    if (model_host_join(host, options.llc_kib, &other_kib))
        return true;
    if (other_kib)
        fprintf(stderr,
                "emupmu: option llc_kib: %u, but %s belongs to guests with %u; give that, or "
                "another host= file\n",
                options.llc_kib, options.host, other_kib);
    else
        fprintf(stderr, "emupmu: option host: %s is not a host file of this version; remove it\n",
                options.host);
    return false;
}

static bool
make_vcpus(void)
{
    vcpus = aligned_alloc(_Alignof(Vcpu), EMUPMU_VCPU_MAX * sizeof *vcpus);
    if (!vcpus) {
        fprintf(stderr, "emupmu: no memory for %u vCPUs\n", EMUPMU_VCPU_MAX);
        return false;
    }
    for (unsigned i = 0; i < EMUPMU_VCPU_MAX; i++) {
        vcpus[i] = (Vcpu){ .page_virtual = NO_PAGE };
        model_context_init(&vcpus[i].model, host, options.llc_kib, options.vmid, i);
    }
    return true;
}

PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                      char **argv);

PLUGIN_EXPORT int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    char problem[OPTIONS_PROBLEM_BYTES];

    if (!info->system_emulation || strcmp(info->target_name, "x86_64") != 0) {
        fprintf(stderr, "emupmu: needs qemu-system-x86_64, not %s\n", info->target_name);
        return 1;
    }
    if (info->system.max_vcpus > (int) EMUPMU_VCPU_MAX) {
        fprintf(stderr, "emupmu: the guest may have %d vCPUs, the counter page holds %u\n",
                info->system.max_vcpus, EMUPMU_VCPU_MAX);
        return 1;
    }
    if (!options_parse(argc, argv, &options, problem)) {
        fprintf(stderr, "emupmu: %s\n", problem);
        return 1;
    }
    if (!map_files() || !make_vcpus())
        return 1;

    rseq_offset = __rseq_offset;
    begin_page((unsigned) info->system.max_vcpus);
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
    qemu_plugin_register_vcpu_idle_cb(id, vcpu_idles);
    qemu_plugin_register_flush_cb(id, translations_flushed);
    return 0;
}
