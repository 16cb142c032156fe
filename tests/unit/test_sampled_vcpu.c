/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vCPU thread that ends while a run samples it: a thread of this process stands for it. */
#include "hostctl/run/sampled_vcpu.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "tests/support/dataset_file.h"

typedef struct {
    pid_t tid;
    int known, stop; /* atomics */
} Thread;

static void *
live(void *data)
{
    Thread *thread = data;

    thread->tid = gettid();
    g_atomic_int_set(&thread->known, 1);
    while (!g_atomic_int_get(&thread->stop))
        g_usleep(1000);
    return NULL;
}

typedef struct {
    Sysroot *root;
    DatasetWriter *writer;
    Plan plan;
    Rig rig;
    Lab lab;
    QemuProcess process;
    FleetGuest guest;
    QemuThread thread;
} Scene;

/* The guest is process `pid`, its only vCPU the thread `tid` of it. */
static void
set_scene(Scene *scene, const char *path, pid_t pid, pid_t tid)
{
    static char *events[] = { "cycles", "branch-misses", NULL };

    *scene = (Scene){ .root = sysroot_new("/"), .writer = dataset_writer(path) };
    scene->plan.events = events;
    scene->rig.counters = COUNTER_SOURCE_SOFTWARE;
    scene->lab = (Lab){
        .root = scene->root, .plan = &scene->plan, .rig = &scene->rig, .writer = scene->writer
    };
    scene->process = (QemuProcess){ .pid = pid };
    assert_true(thread_start_ticks(scene->root, pid, pid, &scene->process.start_ticks, NULL));
    scene->guest = (FleetGuest){ .name = "web", .row_id = 1, .process = &scene->process };
    scene->thread = (QemuThread){ .pid = pid, .tid = tid };
    assert_true(thread_start_ticks(scene->root, pid, tid, &scene->thread.start_ticks, NULL));
    assert_ok(writer_begin(scene->writer, &error_));
    assert_ok(writer_run(scene->writer, &dataset_run, &error_));
}

static void
clear_scene(Scene *scene)
{
    assert_ok(writer_commit(scene->writer, &error_));
    assert_ok(writer_finish(scene->writer, "complete", &error_));
    writer_free(scene->writer);
    sysroot_free(scene->root);
}

static void
one_that_is_unplugged_gets_a_note_and_the_run_goes_on(void **state)
{
    const DatasetPlace *place = *state;
    Thread thread = { 0 };
    GThread *vcpu_thread = g_thread_new("vcpu", live, &thread);
    SampledVcpu *vcpu;
    SchedReading reading;
    bool gone = true;
    Scene scene;

    while (!g_atomic_int_get(&thread.known))
        g_usleep(1000);
    set_scene(&scene, place->path, getpid(), thread.tid);
    assert_ok(vcpu = sampled_vcpu_open(&scene.lab, &scene.guest, &scene.thread, &error_));
    assert_ok(sampled_vcpu_write(vcpu, 0, &error_));
    assert_ok(sampled_vcpu_sched(vcpu, &reading, &gone, &error_));
    assert_false(gone);
    g_atomic_int_set(&thread.stop, 1);
    g_thread_join(vcpu_thread);
    /* A thread that was joined may be on its last way out still. */
    for (int i = 0; !gone && i < 1000; i++) {
        g_usleep(1000);
        assert_ok(sampled_vcpu_sched(vcpu, &reading, &gone, &error_));
    }
    assert_true(gone);
    for (int i = 0; i < 3; i++)
        assert_ok(sampled_vcpu_write(vcpu, 0, &error_));
    sampled_vcpu_free(vcpu);
    clear_scene(&scene);
    assert_answer(place->path, "select count(*) from sched_sample", "1");
    assert_answer(place->path,
                  "select count(*) || severity from note where text like '%unplugged%'",
                  "1warning");
}

static void
one_whose_guest_died_ends_the_run(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(GError) error = NULL;
    pid_t child = fork();
    SampledVcpu *vcpu;
    Scene scene;

    if (child == 0) {
        pause();
        _exit(0);
    }
    set_scene(&scene, place->path, child, child);
    assert_ok(vcpu = sampled_vcpu_open(&scene.lab, &scene.guest, &scene.thread, &error_));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(sampled_vcpu_write(vcpu, 0, &error));
    assert_non_null(strstr(error->message, "guest web: its vCPU 0 has ended"));
    sampled_vcpu_free(vcpu);
    clear_scene(&scene);
}

/* Software events stand for those of a PMU: switching them is the same. The dataset has its own
 * names for the two. */
static void
its_rows_say_whose_turn_it_was_and_hold_no_zeros(void **state)
{
    static char *events[] = { "task-clock", "context-switches", NULL };
    BudgetLayout layout = {
        .kind = BUDGET_ALTERNATE,
        .turn_windows = 2,
        .n_phases = 2,
        .phases = { { .name = "guest-only", .guest = 3 },
                    { .name = "host-only", .n_groups = 1, .groups = { { PMU_MODE_GUEST, 3 } } } },
    };
    const DatasetPlace *place = *state;
    SampledVcpu *vcpu;
    Scene scene;

    set_scene(&scene, place->path, getpid(), getpid());
    scene.plan.events = events;
    scene.plan.interval_ms = 1000;
    scene.rig.counters = COUNTER_SOURCE_HARDWARE;
    scene.rig.layout = &layout;
    scene.guest.role = GUEST_ROLE_MICRO;
    assert_ok(vcpu = sampled_vcpu_open(&scene.lab, &scene.guest, &scene.thread, &error_));
    /* The second visit begins with the first turn again, wherever the first visit ended. */
    for (int visit = 1; visit <= 2; visit++)
        for (int tick = 0; tick <= 3; tick++)
            assert_ok(sampled_vcpu_write(vcpu, visit, &error_));
    sampled_vcpu_free(vcpu);
    clear_scene(&scene);
    for (int visit = 1; visit <= 2; visit++) {
        g_autofree char *phases = g_strdup_printf(
            "select group_concat(ifnull(phase, '-'), ' ') from host_sample where visit_id = %d",
            visit);
        g_autofree char *counted = g_strdup_printf(
            "select group_concat(cycles is not null, ' ') from host_sample where visit_id = %d",
            visit);

        assert_answer(place->path, phases, "- 1 1 2");
        assert_answer(place->path, counted, "1 0 1 1");
    }
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(one_that_is_unplugged_gets_a_note_and_the_run_goes_on),
        IN_A_PLACE(one_whose_guest_died_ends_the_run),
        IN_A_PLACE(its_rows_say_whose_turn_it_was_and_hold_no_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
