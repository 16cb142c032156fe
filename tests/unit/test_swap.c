/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was swapped: as the kernel tells it, and as validate finds it in a dataset. */
#include "common/base/swap.h"

#include <unistd.h>

#include "common/dataset/reader.h"
#include "tests/support/dataset_file.h"
#include "tests/support/host_tree.h"

static void
reads_both_files_in_kib(void **state)
{
    const HostTree *tree = *state;
    uint64_t page_kib = (uint64_t) sysconf(_SC_PAGESIZE) / 1024;
    SwapStats swap;

    host_tree_put(tree, "proc/meminfo",
                  "MemTotal: 9 kB\nSwapCached: 7 kB\nSwapTotal:     1000 kB\nSwapFree: 400 kB\n");
    host_tree_put(tree, "proc/vmstat", "pswpin_other 4\npgpgin 5\npswpin 3\npswpout 11\n");
    swap = swap_read(tree->root);
    assert_int_equal(swap.total_kib, 1000);
    assert_int_equal(swap.used_kib, 600);
    assert_int_equal(swap.in_kib, 3 * page_kib);
    assert_int_equal(swap.out_kib, 11 * page_kib);
}

static void
a_kernel_without_swap_is_not_known_to_have_none(void **state)
{
    const HostTree *tree = *state;
    SwapStats swap;

    host_tree_put(tree, "proc/meminfo", "MemTotal: 9 kB\nSwapTotal: 1 kB\nSwapFree: 2 kB\n");
    host_tree_put(tree, "proc/vmstat",
                  "pswpin 99999999999999999999\npswpout 5000000000000000000\n");
    swap = swap_read(tree->root);
    assert_int_equal(swap.used_kib, ABSENT_U64); /* more free than there is */
    assert_int_equal(swap.in_kib, ABSENT_U64);
    assert_int_equal(swap.out_kib, ABSENT_U64);
    host_tree_put(tree, "proc/vmstat", "pgpgin 5");
    assert_int_equal(swap_read(tree->root).in_kib, ABSENT_U64);
}

/* Seconds of a visit that is measured from 10 to 20. */
typedef struct {
    int second;
    bool of_guest;
    uint64_t in_kib, out_kib;
} Reading;

static void
plant(const char *path, const Reading *readings, size_t n)
{
    g_autoptr(DatasetWriter) writer = dataset_writer(path);
    const ConditionRow condition = { .name = "quiet" };
    GuestRow guest = guest_row_none;
    VisitRow visit = visit_row_none;
    int64_t guest_id;

    guest.name = "web";
    guest.role = "micro";
    guest.vcpus = 1;
    visit.repeat = visit.position = 1;
    visit.kind = "step";
    visit.step_percent = 100;
    visit.state = "done";
    visit.start_raw_ns = 10 * NS_PER_SECOND;
    visit.end_raw_ns = 20 * NS_PER_SECOND;
    assert_ok(writer_begin(writer, &error_) && writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_condition(writer, &condition, &visit.condition_id, &error_));
    assert_ok(writer_guest(writer, &guest, &guest_id, &error_));
    assert_ok(writer_visit(writer, &visit, &error_));
    for (size_t i = 0; i < n; i++) {
        MemorySampleRow row = memory_sample_row_none;

        row.guest_id = readings[i].of_guest ? guest_id : 0;
        row.visit_id = visit.id;
        row.stamp.raw_ns = readings[i].second * NS_PER_SECOND;
        row.swapped_in_kib = readings[i].in_kib;
        row.swapped_out_kib = readings[i].out_kib;
        assert_ok(writer_memory_sample(writer, &row, &error_));
    }
    assert_ok(writer_commit(writer, &error_) && writer_finish(writer, "complete", &error_));
}

static GArray *
swaps_of(const char *path)
{
    g_autoptr(DatasetReader) reader = NULL;
    GArray *swaps = NULL;

    assert_ok(reader = dataset_reader_open(path, &error_));
    assert_ok(dataset_reader_swaps(reader, &swaps, &error_));
    return swaps;
}

static void
only_what_was_swapped_while_measuring_counts(void **state)
{
    static const Reading readings[] = {
        { 1, false, 0, 0 },  { 9, false, 500, 700 }, /* while it settled */
        { 9, true, 8, 8 },   { 21, false, 500, 712 },
        { 22, true, 40, 8 }, { 29, false, 90000, 90000 }, /* after it */
    };
    const DatasetPlace *place = *state;
    g_autoptr(GArray) swaps = NULL;
    const DatasetSwap *swap;

    plant(place->path, readings, G_N_ELEMENTS(readings));
    swaps = swaps_of(place->path);
    assert_int_equal(swaps->len, 2);
    swap = &g_array_index(swaps, DatasetSwap, 0);
    assert_true(swap->guest_id == DATASET_UNKNOWN);
    assert_int_equal(swap->in_kib, 0);
    assert_int_equal(swap->out_kib, 12);
    swap = &g_array_index(swaps, DatasetSwap, 1);
    assert_int_equal(swap->guest_id, 1);
    assert_int_equal(swap->in_kib, 32);
    assert_int_equal(swap->out_kib, 0);
}

static void
a_visit_without_swapping_is_not_named(void **state)
{
    static const Reading readings[] = {
        { 1, false, 0, 0 },
        { 9, false, 500, 700 },
        { 21, false, 500, 700 },
        { 30, false, 900, 900 },
        { 9, true, ABSENT_U64, ABSENT_U64 },
        { 22, true, ABSENT_U64, ABSENT_U64 },
    };
    const DatasetPlace *place = *state;
    g_autoptr(GArray) swaps = NULL;

    plant(place->path, readings, G_N_ELEMENTS(readings));
    swaps = swaps_of(place->path);
    assert_int_equal(swaps->len, 0);
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)
#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TREE(reads_both_files_in_kib),
        IN_A_TREE(a_kernel_without_swap_is_not_known_to_have_none),
        IN_A_PLACE(only_what_was_swapped_while_measuring_counts),
        IN_A_PLACE(a_visit_without_swapping_is_not_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
