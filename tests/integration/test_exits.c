/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program in the kernel that sums up VM exits, on planted ones and attached to KVM's own. */
#include "hostctl/exits/exits.h"

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/exits/exits_shared.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/needs.h"
#include "tests/support/stand_in_exits.h"

#define SLEEP_US 2000
#define HLT 12
#define IO 30

static Sysroot *root;

static Exits *
watch_this_thread(void)
{
    Exits *exits = NULL;
    bool watched = false;

    assert_true(exits_open(root, &stand_in, &exits, NULL));
    assert_true(exits_watch(exits, gettid(), &watched, NULL));
    assert_true(watched);
    return exits;
}

static const ExitSum *
sum_of(const Exits *exits, uint32_t isa, uint32_t reason)
{
    guint n;
    const ExitSum *sums = exits_of(exits, gettid(), &n);

    for (guint i = 0; i < n; i++)
        if (sums[i].isa == isa && sums[i].reason == reason)
            return &sums[i];
    return NULL;
}

static void
counts_each_reason_and_the_time_until_the_next_entry(void **state)
{
    g_autoptr(Exits) exits = watch_this_thread();
    int64_t begin_ns = clock_raw_ns(), elapsed_ns;
    const ExitSum *hlt, *io;
    guint n;

    for (int i = 0; i < 50; i++) {
        leave(EXIT_ISA_VMX, HLT);
        g_usleep(SLEEP_US);
        enter();
        leave(EXIT_ISA_VMX, IO);
        enter();
        g_usleep(SLEEP_US); /* in the guest: belongs to no reason */
    }
    elapsed_ns = clock_raw_ns() - begin_ns;
    assert_true(exits_read(exits, NULL));
    exits_of(exits, gettid(), &n);
    assert_int_equal(n, 2);
    hlt = sum_of(exits, EXIT_ISA_VMX, HLT);
    io = sum_of(exits, EXIT_ISA_VMX, IO);
    print_message("HLT %lu times %.3f ms, I/O %lu times %.3f ms, of %.3f ms; missed %lu\n",
                  hlt->count, hlt->time_ns / 1e6, io->count, io->time_ns / 1e6, elapsed_ns / 1e6,
                  exits_missed(exits));
    assert_int_equal(hlt->count, 50);
    assert_int_equal(io->count, 50);
    assert_true(hlt->time_ns >= 50ull * SLEEP_US * 1000);
    assert_true(io->time_ns > 0);
    assert_true(hlt->time_ns + io->time_ns + 50ull * SLEEP_US * 1000 <= (uint64_t) elapsed_ns);
}

static void
keeps_intel_and_amd_apart(void **state)
{
    g_autoptr(Exits) exits = watch_this_thread();

    for (int i = 0; i < 3; i++) {
        leave(EXIT_ISA_VMX, 0x78);
        enter();
    }
    leave(EXIT_ISA_SVM, 0x78);
    enter();
    leave(EXIT_ISA_SVM, 0x80000010); /* a reason with the highest bit set */
    enter();
    assert_true(exits_read(exits, NULL));
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, 0x78)->count, 3);
    assert_int_equal(sum_of(exits, EXIT_ISA_SVM, 0x78)->count, 1);
    assert_int_equal(sum_of(exits, EXIT_ISA_SVM, 0x80000010)->count, 1);
}

static void
an_exit_without_an_entry_counts_and_has_no_time(void **state)
{
    g_autoptr(Exits) exits = watch_this_thread();

    enter(); /* one that ends nothing */
    leave(EXIT_ISA_VMX, IO);
    leave(EXIT_ISA_VMX, HLT); /* KVM went back without telling: nobody knows when */
    assert_true(exits_read(exits, NULL));
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, IO)->count, 1);
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, IO)->time_ns, 0);
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, HLT)->count, 1);
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, HLT)->time_ns, 0);
    enter();
    assert_true(exits_read(exits, NULL));
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, IO)->time_ns, 0);
    assert_true(sum_of(exits, EXIT_ISA_VMX, HLT)->time_ns > 0);
}

static void *
leave_elsewhere(void *unused)
{
    for (int i = 0; i < 100; i++) {
        leave(EXIT_ISA_VMX, HLT);
        enter();
    }
    return NULL;
}

static void
threads_that_are_not_watched_do_not_count(void **state)
{
    g_autoptr(Exits) exits = watch_this_thread();
    GThread *other;

    leave(EXIT_ISA_VMX, HLT);
    other = g_thread_new("other", leave_elsewhere, NULL);
    g_thread_join(other);
    enter();
    assert_true(exits_read(exits, NULL));
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, HLT)->count, 1);
}

/* Every reason is a new one, and there are more than fit. */
static void
what_does_not_fit_is_counted_without_its_name(void **state)
{
    const guint surplus = 1000;
    g_autoptr(Exits) exits = watch_this_thread();
    const ExitSum *sums, *unnamed;
    uint64_t named = 0;
    guint n;

    for (guint i = 0; i < EXITS_SUMS_MAX + surplus; i++) {
        leave(EXIT_ISA_SVM, i);
        enter();
    }
    assert_true(exits_read(exits, NULL));
    sums = exits_of(exits, gettid(), &n);
    unnamed = sum_of(exits, EXIT_ISA_UNNAMED, 0);
    assert_non_null(unnamed);
    for (guint i = 0; i < n; i++)
        named += sums[i].isa == EXIT_ISA_SVM ? sums[i].count : 0;
    print_message("%lu named, %lu unnamed, %.3f ms\n", named, unnamed->count,
                  unnamed->time_ns / 1e6);
    assert_true(named <= EXITS_SUMS_MAX);
    assert_int_equal(named + unnamed->count, EXITS_SUMS_MAX + surplus);
    assert_true(unnamed->time_ns > 0);
}

static void
a_thread_that_is_forgotten_begins_anew(void **state)
{
    g_autoptr(Exits) exits = watch_this_thread();
    bool watched;
    guint n;

    for (guint i = 0; i < EXITS_SUMS_MAX; i++)
        leave(EXIT_ISA_SVM, i);
    exits_forget(exits, gettid());
    leave(EXIT_ISA_VMX, HLT);
    assert_true(exits_read(exits, NULL));
    exits_of(exits, gettid(), &n);
    assert_int_equal(n, 0);
    assert_true(exits_watch(exits, gettid(), &watched, NULL));
    leave(EXIT_ISA_VMX, HLT);
    assert_true(exits_read(exits, NULL));
    assert_int_equal(sum_of(exits, EXIT_ISA_VMX, HLT)->count, 1);
    assert_null(sum_of(exits, EXIT_ISA_UNNAMED, 0));
}

static void
more_threads_than_fit_are_told(void **state)
{
    g_autoptr(Exits) exits = NULL;
    bool watched = true;
    int n = 0;

    assert_true(exits_open(root, &stand_in, &exits, NULL));
    for (int tid = 1; watched && tid < 2 * EXITS_THREADS_MAX; tid++) {
        assert_true(exits_watch(exits, tid, &watched, NULL));
        n += watched;
    }
    assert_false(watched);
    assert_int_equal(n, EXITS_THREADS_MAX);
}

/* Where the kernel has KVM, the program goes to its tracepoints; elsewhere it says what is missing.
 */
static void
attaches_to_kvm_or_says_why_not(void **state)
{
    g_autoptr(Exits) exits = NULL;
    g_autoptr(GError) error = NULL;

    if (exits_open(root, &exits_place_kvm, &exits, &error)) {
        print_message("# attached to kvm:kvm_exit and kvm:kvm_entry\n");
        assert_true(exits_read(exits, NULL));
        return;
    }
    print_message("# %s\n", error->message);
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_each_reason_and_the_time_until_the_next_entry),
        cmocka_unit_test(keeps_intel_and_amd_apart),
        cmocka_unit_test(an_exit_without_an_entry_counts_and_has_no_time),
        cmocka_unit_test(threads_that_are_not_watched_do_not_count),
        cmocka_unit_test(what_does_not_fit_is_counted_without_its_name),
        cmocka_unit_test(a_thread_that_is_forgotten_begins_anew),
        cmocka_unit_test(more_threads_than_fit_are_told),
        cmocka_unit_test(attaches_to_kvm_or_says_why_not),
    };
    g_autoptr(Exits) exits = NULL;
    g_autoptr(GError) error = NULL;
    int code;

    if (!machine_has("root"))
        return TEST_SKIPPED;
    root = sysroot_new("/");
    if (!exits_open(root, &stand_in, &exits, &error)) {
        print_message("# SKIP: %s\n", error->message);
        return TEST_SKIPPED;
    }
    g_clear_pointer(&exits, exits_close);
    code = cmocka_run_group_tests(tests, NULL, NULL);
    sysroot_free(root);
    return code;
}
