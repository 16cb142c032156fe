/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tick allocates nothing: malloc(3) and its kin are counted here, and stand for the C library's.
 * SQLite keeps an allocator of its own in this test, since its pages are its affair.
 */
#include <malloc.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/pmu/counter_source.h"
#include "common/pmu/window.h"
#include "hostctl/collect/cpu_time.h"
#include "hostctl/collect/sched.h"
#include "hostctl/collect/task_time.h"
#include "tests/support/dataset_file.h"

#define TICKS 100

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static unsigned allocations;

void *
malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *
realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}

static void *
sqlite_malloc(int size)
{
    return __libc_malloc(size);
}

static void *
sqlite_realloc(void *memory, int size)
{
    return __libc_realloc(memory, size);
}

static int
sqlite_size(void *memory)
{
    return (int) malloc_usable_size(memory);
}

static int
sqlite_round(int size)
{
    return (size + 7) & ~7;
}

static int
sqlite_start(void *data)
{
    return SQLITE_OK;
}

static void
sqlite_stop(void *data)
{
}

/* What one tick of the host's side reads of itself: a thread's counters, schedstat, CPUs, tasks. */
typedef struct {
    Sysroot *root;
    Counters *counters;
    CounterReading last;
    SchedFile sched;
    CpuTimes *cpus;
    TaskTimes *tasks;
} Host;

static void
open_host(Host *host)
{
    static const char *const events[] = { "task-clock", "context-switches", "page-faults", NULL };
    const pid_t self = (pid_t) syscall(SYS_gettid);
    const CounterTarget target = { .pmu = { .tid = self, .cpu = -1 }, .mode = PMU_MODE_SELF };
    QemuThread thread = { .pid = getpid(), .tid = self, .name = "test" };

    host->root = sysroot_new("/");
    assert_ok(host->counters = counters_open(COUNTER_SOURCE_SOFTWARE, &target, events, &error_));
    assert_ok(thread_start_ticks(host->root, thread.pid, thread.tid, &thread.start_ticks, &error_));
    assert_ok(sched_open(host->root, &thread, &host->sched, &error_));
    assert_ok(host->cpus = cpu_times_new(host->root, &error_));
    host->tasks = task_times_new(host->root);
}

static void
close_host(Host *host)
{
    counters_close(host->counters);
    sched_close(&host->sched);
    cpu_times_free(host->cpus);
    task_times_free(host->tasks);
    sysroot_free(host->root);
}

static void
read_host(Host *host)
{
    uint64_t run_ns[TASK_KINDS];
    CounterReading now;
    SchedReading sched;
    Window window;

    assert_ok(counters_read(host->counters, &now, &error_));
    window_between(&host->last, &now, NULL, &window);
    host->last = now;
    assert_int_equal(sched_read(&host->sched, &sched), SCHED_READ);
    assert_ok(cpu_times_read(host->cpus, &error_));
    task_times_read(host->tasks, run_ns);
}

static void
reading_the_host_allocates_nothing(void **state)
{
    Host host = { 0 };
    unsigned before;

    open_host(&host);
    read_host(&host);
    before = allocations;
    for (int tick = 0; tick < TICKS; tick++)
        read_host(&host);
    assert_int_equal(allocations, before);
    close_host(&host);
}

static void
write_tick(DatasetWriter *writer, const SampleKey *key)
{
    HostSampleRow host = { .key = *key, .mode = "guest", .cells = { .counts = { 10, 20 } } };
    SchedSampleRow sched = { .key = *key, .run_ns = 1, .delay_ns = 2, .slices = 3 };
    TaskSampleRow task = { .name = "ksmd", .visit_id = key->visit_id, .run_ns = 9 };

    assert_ok(writer_begin(writer, &error_) && writer_host_sample(writer, &host, &error_) &&
              writer_sched_sample(writer, &sched, &error_) &&
              writer_task_sample(writer, &task, &error_) && writer_commit(writer, &error_));
}

static void
writing_rows_allocates_nothing(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    GuestRow guest = guest_row_none;
    SampleKey key = { 0 };
    unsigned before;

    guest.name = "vm";
    guest.role = "micro";
    guest.vcpus = 1;
    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_guest(writer, &guest, &key.guest_id, &error_));
    write_tick(writer, &key);
    before = allocations;
    for (int tick = 0; tick < TICKS; tick++)
        write_tick(writer, &key);
    assert_int_equal(allocations, before);
    assert_ok(writer_finish(writer, "complete", &error_));
}

/* Else the counting itself may be what does not work. */
static void
an_allocation_is_counted(void **state)
{
    unsigned before = allocations;

    g_free(g_malloc(17));
    assert_int_equal(allocations, before + 1);
}

int
main(void)
{
    static const sqlite3_mem_methods own = { sqlite_malloc, __libc_free,  sqlite_realloc,
                                             sqlite_size,   sqlite_round, sqlite_start,
                                             sqlite_stop,   NULL };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_is_counted),
        cmocka_unit_test(reading_the_host_allocates_nothing),
        cmocka_unit_test_setup_teardown(writing_rows_allocates_nothing, dataset_place_set_up,
                                        dataset_place_tear_down),
    };

    sqlite3_config(SQLITE_CONFIG_MALLOC, &own);
    return cmocka_run_group_tests_name("tick_cost", tests, NULL, NULL);
}
