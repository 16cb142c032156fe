/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emupmu/model.h"

#include <stdlib.h>

#include "tests/support/cmocka_all.h"

#define LLC_KIB 256
#define LINE 64
#define LLC_LINES (LLC_KIB * 1024 / LINE)

/* One host and three guests of one vCPU each. */
typedef struct {
    ModelHost *host;
    ModelContext guests[3];
} Machine;

static int
set_up(void **state)
{
    Machine *machine = calloc(1, sizeof *machine);

    machine->host = calloc(1, sizeof *machine->host);
    for (uint32_t i = 0; i < 3; i++)
        model_context_init(&machine->guests[i], machine->host, LLC_KIB, i + 1, 0);
    *state = machine;
    return 0;
}

static int
tear_down(void **state)
{
    Machine *machine = *state;

    free(machine->host);
    free(machine);
    return 0;
}

/* As the plugin does it. */
static void
run_block(ModelContext *context, const ModelBlock *block)
{
    if (!model_block_common(context, block))
        model_block(context, block);
}

static ModelBlock
make_block(uint64_t address, size_t instructions, ModelBranchKind kind, int32_t offset)
{
    return (ModelBlock){
        .address = address,
        .next = address + 16,
        .offset = offset,
        .site = model_site(address + 12),
        .weight = model_weight(instructions, kind),
        .kind = (uint8_t) kind,
    };
}

/*
 * A program of 64 branches, each taken by a pattern of its own with a period of four; returns the
 * misses of that many rounds.
 */
static uint64_t
run_patterns(ModelContext *context, int rounds)
{
    const uint64_t before = model_counts(context).branch_misses;

    for (int round = 0; round < rounds; round++)
        for (unsigned i = 0; i < 64; i++) {
            const ModelBlock from = make_block(0x1000 + i * 0x100, 5, MODEL_CONDITIONAL, 0x40);
            const ModelBlock passed = make_block(from.next, 1, MODEL_NO_BRANCH, 0);
            const ModelBlock taken = make_block(from.next + 0x40, 1, MODEL_NO_BRANCH, 0);

            run_block(context, &from);
            run_block(context, i * 7 >> round % 4 & 1 ? &taken : &passed);
            model_context_forget_block(context);
        }
    return model_counts(context).branch_misses - before;
}

static void
counts_instructions_and_branches(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];
    const ModelBlock call = make_block(0x1000, 7, MODEL_DIRECT, 0);
    const ModelBlock plain = make_block(0x2000, 3, MODEL_NO_BRANCH, 0);
    const ModelBlock leave = make_block(0x2010, 2, MODEL_RETURN, 0);
    EmupmuTuple counts;

    run_block(guest, &call);
    run_block(guest, &plain);
    run_block(guest, &leave);
    counts = model_counts(guest);
    assert_int_equal(counts.instructions, 12);
    assert_int_equal(counts.branches, 2);
    assert_int_equal(counts.branch_misses, 0);
    assert_int_equal(counts.cycles, 12 * MODEL_COST_INSTRUCTION / 4);
}

static void
does_not_count_a_branch_that_an_interrupt_forestalled(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];
    const ModelBlock from = make_block(0x1000, 5, MODEL_CONDITIONAL, 0x40);
    const ModelBlock handler = make_block(0x9000, 4, MODEL_NO_BRANCH, 0);

    run_block(guest, &from);
    run_block(guest, &handler);
    assert_int_equal(model_counts(guest).branches, 0);
    assert_int_equal(model_counts(guest).branch_misses, 0);
}

static void
counts_a_repeated_string_instruction_once(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];
    const ModelBlock round = make_block(0x1000, 1, MODEL_STRING, -16);
    EmupmuTuple counts;

    for (int i = 0; i < 512; i++)
        run_block(guest, &round);
    counts = model_counts(guest);
    assert_int_equal(counts.instructions, 1);
    assert_int_equal(counts.string_rounds, 511);
    assert_int_equal(counts.branches, 0);
}

static void
learns_a_pattern(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];
    const uint64_t first = run_patterns(guest, 4);

    run_patterns(guest, 40);
    assert_true(first > 20);
    assert_int_equal(run_patterns(guest, 4), 0);
}

static void
misses_more_after_another_guest_used_the_cpu_and_recovers(void **state)
{
    Machine *machine = *state;
    ModelContext *guest = &machine->guests[0];
    uint64_t alone, shared = 0;

    run_patterns(guest, 40);
    alone = run_patterns(guest, 8);
    for (int i = 0; i < 2; i++) {
        run_patterns(&machine->guests[1], 4);
        shared += run_patterns(guest, 4);
    }
    assert_true(shared > alone + 20);
    assert_int_equal(model_counts(guest).handovers, 3); /* the first use is one too */
    run_patterns(guest, 40);
    assert_int_equal(run_patterns(guest, 8), alone);
}

static void
keeps_its_training_while_others_use_another_cpu(void **state)
{
    Machine *machine = *state;
    ModelContext *guest = &machine->guests[0];

    run_patterns(guest, 40);
    model_run_on(&machine->guests[1], 1);
    run_patterns(&machine->guests[1], 40);
    assert_int_equal(run_patterns(guest, 4), 0);
    assert_int_equal(model_counts(guest).handovers, 1);
}

static void
starts_cold_on_a_cpu_that_it_moves_to(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];

    run_patterns(guest, 40);
    model_run_on(guest, 1);
    assert_true(run_patterns(guest, 4) > 20);
    model_run_on(guest, 0);
    assert_int_equal(run_patterns(guest, 4), 0);
}

static void
folds_host_cpus_beyond_its_table(void **state)
{
    Machine *machine = *state;
    ModelContext *guest = &machine->guests[0];

    run_patterns(guest, 40);
    model_run_on(guest, MODEL_CPU_MAX);
    assert_ptr_equal(guest->core, &machine->host->core[0]);
    assert_int_equal(run_patterns(guest, 4), 0);
}

static void
knows_the_targets_that_an_indirect_branch_had_lately(void **state)
{
    Machine *machine = *state;
    ModelContext *guest = &machine->guests[0];
    const ModelBlock from = make_block(0x1000, 2, MODEL_INDIRECT, 0);
    const ModelBlock to[2] = { make_block(0x2000, 1, MODEL_NO_BRANCH, 0),
                               make_block(0x3000, 1, MODEL_NO_BRANCH, 0) };

    for (int i = 0; i < 10; i++) {
        run_block(guest, &from);
        run_block(guest, &to[i % 2]);
    }
    assert_int_equal(model_counts(guest).branches, 10);
    assert_int_equal(model_counts(guest).branch_misses, 2);
    run_patterns(&machine->guests[1], 1);
    run_block(guest, &from);
    run_block(guest, &to[0]);
    assert_int_equal(model_counts(guest).branch_misses, 3);
}

/* Reads `lines` lines in a row from `start`, as the plugin does it; returns the LLC's misses. */
static uint64_t
read_lines(ModelContext *context, uint64_t start, unsigned lines)
{
    const uint64_t before = model_counts(context).cache_misses;

    for (unsigned i = 0; i < lines; i++)
        if (!model_filter_hit(context, start + i * LINE))
            model_cache_access(context, start + i * LINE);
    return model_counts(context).cache_misses - before;
}

static void
finds_a_small_set_of_lines_in_the_first_level(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];
    EmupmuTuple counts;

    for (int i = 0; i < 10; i++)
        read_lines(guest, 0x100000, 256);
    counts = model_counts(guest);
    assert_int_equal(counts.cache_references, 256);
    assert_int_equal(counts.cache_misses, 256);
    assert_int_equal(counts.cycles, 256 * (MODEL_COST_L1_MISS + MODEL_COST_LLC_MISS) / 4);
}

static void
finds_a_larger_set_in_the_last_level(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];

    assert_int_equal(read_lines(guest, 0x100000, LLC_LINES / 2), LLC_LINES / 2);
    /* Pages meet in the same sets now and then, so a few lines are lost. */
    assert_true(read_lines(guest, 0x100000, LLC_LINES / 2) < LLC_LINES / 20);
    assert_true(model_counts(guest).cache_references > LLC_LINES / 2);
}

static void
misses_in_a_stream_larger_than_the_last_level(void **state)
{
    ModelContext *guest = &((Machine *) *state)->guests[0];

    read_lines(guest, 0x100000, 8 * LLC_LINES);
    assert_true(read_lines(guest, 0x100000, 8 * LLC_LINES) > 7 * LLC_LINES);
}

static void
shares_the_last_level_between_guests_on_all_cpus(void **state)
{
    Machine *machine = *state;
    ModelContext *guest = &machine->guests[0];
    uint64_t alone;

    read_lines(guest, 0x100000, LLC_LINES / 2);
    alone = read_lines(guest, 0x100000, LLC_LINES / 2);
    model_run_on(&machine->guests[1], 1);
    /* The same guest-physical addresses, but another guest's: they are other lines. */
    assert_true(read_lines(&machine->guests[1], 0x100000, 2 * LLC_LINES) > LLC_LINES);
    assert_true(read_lines(guest, 0x100000, LLC_LINES / 2) > alone + LLC_LINES / 4);
    assert_true(read_lines(guest, 0x100000, LLC_LINES / 2) < LLC_LINES / 20);
}

static void
forgets_its_filter_when_another_guest_used_the_cpu(void **state)
{
    Machine *machine = *state;
    ModelContext *guest = &machine->guests[0];
    uint64_t before;

    read_lines(guest, 0x100000, 512);
    read_lines(&machine->guests[1], 0x100000, 512);
    run_patterns(guest, 1);
    before = model_counts(guest).cache_references;
    read_lines(guest, 0x100000, 512);
    assert_int_equal(model_counts(guest).cache_references - before, 512);
}

static void
gives_cycles_that_never_fall(void **state)
{
    Machine *machine = *state;
    uint64_t last = 0;

    for (int i = 0; i < 200; i++) {
        run_patterns(&machine->guests[i % 3], 1);
        read_lines(&machine->guests[0], (uint64_t) i * 4096, 3);
        const uint64_t cycles = model_counts(&machine->guests[0]).cycles;

        assert_true(cycles >= last);
        last = cycles;
    }
}

static void
lets_only_guests_with_the_same_last_level_share_a_host(void **state)
{
    ModelHost *host = ((Machine *) *state)->host;
    uint32_t other;

    assert_true(model_host_join(host, 4096, &other));
    assert_true(model_host_join(host, 4096, &other));
    assert_false(model_host_join(host, 2048, &other));
    assert_int_equal(other, 4096);
    host->config += 1ull << 32;
    assert_false(model_host_join(host, 4096, &other));
    assert_int_equal(other, 0);
    host->magic++;
    assert_false(model_host_join(host, 4096, &other));
}

static void
survives_any_bytes_in_the_shared_file(void **state)
{
    Machine *machine = *state;

    memset(machine->host->core, 0xff, sizeof machine->host->core);
    memset(machine->host->llc, 0xff, sizeof machine->host->llc);
    run_patterns(&machine->guests[0], 40);
    machine->host->core[0].owner = machine->guests[0].owner;
    memset(machine->host->core[0].counters, 0xff, sizeof machine->host->core[0].counters);
    run_patterns(&machine->guests[0], 40);
    read_lines(&machine->guests[0], 0, 10000);
    assert_true(model_counts(&machine->guests[0]).branches > 0);
}

static void
takes_powers_of_two_as_cache_sizes(void **state)
{
    (void) state;
    assert_true(model_llc_kib_valid(256));
    assert_true(model_llc_kib_valid(16384));
    assert_false(model_llc_kib_valid(0));
    assert_false(model_llc_kib_valid(128));
    assert_false(model_llc_kib_valid(3000));
    assert_false(model_llc_kib_valid(32768));
    assert_false(model_llc_kib_valid(UINT64_MAX));
}

#define model_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        model_test(counts_instructions_and_branches),
        model_test(does_not_count_a_branch_that_an_interrupt_forestalled),
        model_test(counts_a_repeated_string_instruction_once),
        model_test(learns_a_pattern),
        model_test(misses_more_after_another_guest_used_the_cpu_and_recovers),
        model_test(keeps_its_training_while_others_use_another_cpu),
        model_test(starts_cold_on_a_cpu_that_it_moves_to),
        model_test(folds_host_cpus_beyond_its_table),
        model_test(knows_the_targets_that_an_indirect_branch_had_lately),
        model_test(finds_a_small_set_of_lines_in_the_first_level),
        model_test(finds_a_larger_set_in_the_last_level),
        model_test(misses_in_a_stream_larger_than_the_last_level),
        model_test(shares_the_last_level_between_guests_on_all_cpus),
        model_test(forgets_its_filter_when_another_guest_used_the_cpu),
        model_test(gives_cycles_that_never_fall),
        model_test(lets_only_guests_with_the_same_last_level_share_a_host),
        model_test(survives_any_bytes_in_the_shared_file),
        cmocka_unit_test(takes_powers_of_two_as_cache_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
