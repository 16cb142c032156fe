/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page sharing of this machine's own kernel on memory of this process: settled, and unshared. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/knob/ksm_knob.h"
#include "hostctl/run/ksm_settle.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"
#include "tests/support/needs.h"

#define PAGE 4096
#define PAGES 131072 /* 512 MiB */
#define DIFFERENT 100
#define TIMEOUT_MS 120000

static char *memory;

/* Pages of a hundred contents: the kernel keeps so many copies, and some more (max_page_sharing).
 */
static void
fill(void)
{
    memory = mmap(NULL, (size_t) PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    assert_true(memory != MAP_FAILED);
    madvise(memory, (size_t) PAGES * PAGE, MADV_NOHUGEPAGE);
    assert_int_equal(madvise(memory, (size_t) PAGES * PAGE, MADV_MERGEABLE), 0);
    for (size_t i = 0; i < PAGES; i++)
        memset(memory + i * PAGE, 1 + (int) (i % DIFFERENT), PAGE);
}

static bool
switch_on(KsmKnob *knob)
{
    static const KsmSetting on[] = { { "run", "1" },
                                     { "pages_to_scan", "20000" },
                                     { "sleep_millisecs", "20" } };

    return ksm_knob_apply(knob, on, G_N_ELEMENTS(on), TIMEOUT_MS, NULL, NULL);
}

static void *
raise_soon(void *interrupt)
{
    g_usleep(10000);
    interrupt_raise(interrupt, SIGTERM);
    return NULL;
}

static void
unmerge_all(KsmKnob *knob, const Sysroot *root)
{
    int64_t begin_ns = clock_raw_ns();
    KsmStats stats;

    assert_true(ksm_knob_apply(knob, ksm_off, ksm_off_length, TIMEOUT_MS, NULL, NULL));
    assert_true(ksm_read(root, &stats, NULL));
    print_message("unshared in %.3f s\n", (double) (clock_raw_ns() - begin_ns) / 1e9);
    assert_int_equal(stats.pages_shared, 0);
    assert_int_equal(stats.run, 2);
}

/* It may be done before the signal comes; both ways leave nothing half done in the journal. */
static void
unmerge_under_a_signal(KsmKnob *knob)
{
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("raiser", raise_soon, interrupt);
    bool done = ksm_knob_apply(knob, ksm_off, ksm_off_length, TIMEOUT_MS, interrupt, &error);

    g_thread_join(thread);
    print_message("under a signal: %s\n", done ? "done before it" : error->message);
    assert_true(done || g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
}

static void
settles_and_unshares(void **state)
{
    HostTree *tree = *state;
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(Journal) journal = journal_open(tree->state, root, NULL);
    KsmKnob *knob = ksm_knob_new(journal, false, NULL);
    g_autoptr(GPtrArray) left = NULL;
    KsmStats before, after;
    KsmSettled settled;

    assert_true(ksm_read(root, &before, NULL));
    fill();
    assert_true(switch_on(knob));
    assert_true(ksm_settle(root, 3, TIMEOUT_MS * NS_PER_MS, NULL, &settled, NULL));
    print_message("%s after %.1f s: %lu scans, %lu pages saved\n",
                  settled.settled ? "settled" : "not settled", (double) settled.waited_ns / 1e9,
                  settled.scans, settled.pages_sharing);
    assert_true(settled.ran && settled.settled);
    assert_true(settled.pages_sharing > PAGES * 0.9);
    unmerge_all(knob, root);
    assert_true(switch_on(knob));
    assert_true(ksm_settle(root, 3, TIMEOUT_MS * NS_PER_MS, NULL, &settled, NULL));
    unmerge_under_a_signal(knob);
    munmap(memory, (size_t) PAGES * PAGE);
    ksm_knob_free(knob);
    assert_true(ksm_read(root, &after, NULL));
    assert_int_equal(after.run, before.run);
    assert_int_equal(after.pages_to_scan, before.pages_to_scan);
    assert_int_equal(after.sleep_millisecs, before.sleep_millisecs);
    left = journal_unfinished(journal);
    assert_int_equal(left->len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settles_and_unshares, host_tree_setup, host_tree_teardown),
    };

    if (!machine_has("root") || !machine_has("ksm"))
        return TEST_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
