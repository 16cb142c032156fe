/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/emulated.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/page_file.h"

/* A page in a file of our own, written through a mapping as the plugin does. */
typedef struct {
    char *folder;
    char *path;
    EmupmuPage *page;
} Fixture;

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->folder = g_dir_make_tmp("emulated-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "page", NULL);
    fixture->page = page_file_make(fixture->path);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;

    munmap(fixture->page, EMUPMU_PAGE_BYTES);
    g_unlink(fixture->path);
    g_rmdir(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

#define assert_refused(call, error, part)              \
    do {                                               \
        assert_false(call);                            \
        assert_non_null(error);                        \
        assert_non_null(strstr(error->message, part)); \
        g_clear_error(&error);                         \
    } while (0)

static const char *const cycles_only[] = { "cycles", NULL };

static void
gives_values_in_the_order_asked_for(void **state)
{
    Fixture *fixture = *state;
    const char *const events[] = { "cache-misses",     "branches",      "cycles", "instructions",
                                   "cache-references", "branch-misses", NULL };
    const uint64_t want[] = { 5, 50, 500, 250, 10, 15 };
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    EmulatedReading reading;

    page_file_publish(fixture->page, 1, 5);
    assert_true(emulated_read(page, 1, events, &reading, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++)
        assert_int_equal(reading.values[i], want[i]);
    assert_int_equal(reading.publishes, 5);
    assert_int_equal(reading.handovers, 2);
    assert_int_equal(reading.host_tsc, 5000);
    assert_int_equal(reading.host_cpu, 3);
    assert_int_equal(reading.instance, 0x1234);
    assert_false(reading.restarted);
}

static void
gives_zeros_before_the_first_publication(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    EmulatedReading reading;

    assert_true(emulated_read(page, 0, cycles_only, &reading, NULL));
    assert_int_equal(reading.values[0], 0);
    assert_int_equal(reading.publishes, 0);
}

static void
tells_the_facts_of_the_header(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);

    assert_int_equal(emulated_vcpus(page), 2);
    assert_int_equal(emulated_vmid(page), 7);
    assert_int_equal(emulated_llc_kib(page), 4096);
    assert_int_equal(emulated_model(page), 1);
}

static void
knows_exactly_the_events_that_the_list_marks_emulated(void **state)
{
    (void) state;
    for (size_t i = 0; i < EVENT_COUNT; i++)
        assert_int_equal(emulated_has_event(event_list[i].name), event_list[i].emulated);
}

static void
reads_the_last_whole_tuple_while_the_next_is_half_written(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    EmulatedReading reading;

    page_file_publish(fixture->page, 0, 8);
    memset(&fixture->page->slot[0].copy[1], 0xee, sizeof(EmupmuTuple) / 2);
    assert_true(emulated_read(page, 0, cycles_only, &reading, NULL));
    assert_int_equal(reading.values[0], 800);
}

static gpointer
publish_until_told(gpointer data)
{
    Fixture *fixture = data;

    for (uint64_t i = 1; !__atomic_load_n(&fixture->page->slot[1].sequence, __ATOMIC_RELAXED); i++)
        page_file_publish(fixture->page, 0, i);
    return NULL;
}

static void
never_mixes_two_publications(void **state)
{
    Fixture *fixture = *state;
    const char *const events[] = { "cycles", "instructions", "cache-misses", NULL };
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    GThread *writer = g_thread_new("writer", publish_until_told, fixture);
    uint64_t last = 0;
    int good = 0;

    for (int i = 0; i < 3000; i++) {
        EmulatedReading reading;

        /* The writer never rests here, as no plugin does: a refusal is right, a mixture is not. */
        if (!emulated_read(page, 0, events, &reading, NULL))
            continue;
        good++;
        assert_int_equal(reading.values[0], reading.publishes * 100);
        assert_int_equal(reading.values[1], reading.publishes * 50);
        assert_int_equal(reading.values[2], reading.publishes);
        assert_true(reading.publishes >= last);
        last = reading.publishes;
    }
    __atomic_store_n(&fixture->page->slot[1].sequence, 1, __ATOMIC_RELAXED);
    g_thread_join(writer);
    assert_true(good > 0);
}

static void
reports_a_restart_once_per_vcpu(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    EmulatedReading reading;

    assert_true(emulated_read(page, 0, cycles_only, &reading, NULL));
    assert_true(emulated_read(page, 1, cycles_only, &reading, NULL));
    fixture->page->header.instance = 0x5678;
    for (unsigned vcpu = 0; vcpu < 2; vcpu++) {
        assert_true(emulated_read(page, vcpu, cycles_only, &reading, NULL));
        assert_true(reading.restarted);
        assert_int_equal(reading.instance, 0x5678);
        assert_true(emulated_read(page, vcpu, cycles_only, &reading, NULL));
        assert_false(reading.restarted);
    }
}

static void
refuses_what_it_has_not_and_leaves_the_output_alone(void **state)
{
    Fixture *fixture = *state;
    const char *const unknown[] = { "cycles", "task-clock", NULL };
    const char *many[EVENT_MAX + 2] = { NULL };
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    g_autoptr(GError) error = NULL;
    EmulatedReading reading = { .publishes = 99 };

    for (size_t i = 0; i <= EVENT_MAX; i++)
        many[i] = "cycles";
    assert_refused(emulated_read(page, 2, cycles_only, &reading, &error), error, "no vCPU 2");
    assert_refused(emulated_read(page, UINT_MAX, cycles_only, &reading, &error), error, "no vCPU");
    assert_refused(emulated_read(page, 0, unknown, &reading, &error), error, "task-clock");
    assert_refused(emulated_read(page, 0, many, &reading, &error), error, "more than");
    assert_int_equal(reading.publishes, 99);
}

static void
refuses_a_page_that_was_overwritten(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    g_autoptr(GError) error = NULL;
    EmulatedReading reading;

    fixture->page->slot[0].sequence = 77;
    assert_refused(emulated_read(page, 0, cycles_only, &reading, &error), error, "no consistent");
    fixture->page->header.vcpus = 4000000000u;
    assert_refused(emulated_read(page, 0, cycles_only, &reading, &error), error, "4000000000");
    fixture->page->header.version = 9;
    assert_refused(emulated_read(page, 0, cycles_only, &reading, &error), error, "version 9");
    memset(fixture->page, 0xff, EMUPMU_PAGE_BYTES);
    assert_refused(emulated_read(page, 0, cycles_only, &reading, &error), error, "EMUPMU");
}

static void
refuses_a_page_that_was_cut_or_removed(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    g_autoptr(GError) error = NULL;
    EmulatedReading reading;

    assert_int_equal(truncate(fixture->path, 100), 0);
    assert_refused(emulated_read(page, 0, cycles_only, &reading, &error), error, "cut");
    assert_int_equal(g_unlink(fixture->path), 0);
    assert_refused(emulated_read(page, 0, cycles_only, &reading, &error), error, "removed");
}

static void
refuses_to_open_what_is_no_page(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *missing = g_build_filename(fixture->folder, "missing", NULL);
    g_autofree char *link = g_build_filename(fixture->folder, "link", NULL);
    g_autofree char *fifo = g_build_filename(fixture->folder, "fifo", NULL);
    g_autoptr(GError) error = NULL;

    assert_refused(emulated_open(missing, &error), error, missing);
    assert_refused(emulated_open(fixture->folder, &error), error, "regular file");
    assert_int_equal(symlink(fixture->path, link), 0);
    assert_refused(emulated_open(link, &error), error, link);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(emulated_open(fifo, &error), error, "regular file");
    fixture->page->header.magic = 0;
    assert_refused(emulated_open(fixture->path, &error), error, "EMUPMU");
    assert_int_equal(truncate(fixture->path, 4096), 0);
    assert_refused(emulated_open(fixture->path, &error), error, "at least");
    g_unlink(link);
    g_unlink(fifo);
}

static void
survives_any_bytes(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(EmulatedPage) page = emulated_open(fixture->path, NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    uint32_t *words = (uint32_t *) fixture->page;

    for (int i = 0; i < 2000; i++) {
        g_autoptr(GError) error = NULL;
        EmulatedReading reading;

        words[g_rand_int_range(random, 0, 4)] =
            g_rand_int(random) >> g_rand_int_range(random, 0, 32);
        words[g_rand_int_range(random, 64, 200)] = g_rand_int(random);
        if (i % 3 == 0)
            fixture->page->header.magic = EMUPMU_PAGE_MAGIC;
        if (i % 3 == 0)
            fixture->page->header.version = EMUPMU_PAGE_VERSION;
        if (!emulated_read(page, i % 5, cycles_only, &reading, &error))
            assert_non_null(error);
    }
}

typedef struct {
    uint64_t *words;
    int stop; /* atomic */
} Scribbler;

/* A guest that writes over its header, its sequence and its counts without rest. */
static void *
scribble(void *data)
{
    Scribbler *scribbler = data;
    g_autoptr(GRand) random = g_rand_new_with_seed(2);

    while (!g_atomic_int_get(&scribbler->stop)) {
        int word = g_rand_int_range(random, 0, 100);
        uint64_t value = word < 2 && g_rand_boolean(random)
                             ? (word == 0 ? EMUPMU_PAGE_MAGIC : EMUPMU_PAGE_VERSION | 2ull << 32)
                             : (uint64_t) g_rand_int(random) << 32 | g_rand_int(random);

        __atomic_store_n(&scribbler->words[word], value, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void
a_page_that_changes_while_it_is_read_harms_its_own_guest_only(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *other_path = g_strconcat(fixture->path, "-other", NULL);
    EmupmuPage *other = page_file_make(other_path);
    g_autoptr(EmulatedPage) hostile = emulated_open(fixture->path, NULL);
    g_autoptr(EmulatedPage) honest = emulated_open(other_path, NULL);
    Scribbler scribbler = { .words = (uint64_t *) fixture->page };
    GThread *thread;

    page_file_publish(other, 0, 7);
    thread = g_thread_new("scribbler", scribble, &scribbler);
    for (int i = 0; i < 5000; i++) {
        g_autoptr(GError) error = NULL;
        EmulatedReading reading;

        assert_true(emulated_read(hostile, 0, cycles_only, &reading, &error) == (error == NULL));
        assert_true(emulated_read(honest, 0, cycles_only, &reading, NULL));
        assert_int_equal(reading.values[0], 700);
    }
    g_atomic_int_set(&scribbler.stop, 1);
    g_thread_join(thread);
    munmap(other, EMUPMU_PAGE_BYTES);
    g_unlink(other_path);
}

#define page_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        page_test(gives_values_in_the_order_asked_for),
        page_test(gives_zeros_before_the_first_publication),
        page_test(tells_the_facts_of_the_header),
        cmocka_unit_test(knows_exactly_the_events_that_the_list_marks_emulated),
        page_test(reads_the_last_whole_tuple_while_the_next_is_half_written),
        page_test(never_mixes_two_publications),
        page_test(reports_a_restart_once_per_vcpu),
        page_test(refuses_what_it_has_not_and_leaves_the_output_alone),
        page_test(refuses_a_page_that_was_overwritten),
        page_test(refuses_a_page_that_was_cut_or_removed),
        page_test(refuses_to_open_what_is_no_page),
        page_test(survives_any_bytes),
        page_test(a_page_that_changes_while_it_is_read_harms_its_own_guest_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
