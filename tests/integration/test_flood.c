/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One hostile guest among six: its probe's end of the wire is played, everything else is a run's
 * own code. What the others' windows, hostctl's memory and the dataset say of it.
 */
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/text.h"
#include "hostctl/run/fleet.h"
#include "hostctl/run/guest_view.h"
#include "hostctl/run/sampler.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/dataset_file.h"
#include "tests/support/fake_guest.h"
#include "tests/support/metronome.h"
#include "tests/support/probe_player.h"

#define GUESTS 6
#define HOSTILE (GUESTS - 1)
/* Three moments in which the machine stands still are not yet the 99th percentile of so many. */
#define WINDOWS 400
#define INTERVAL_NS (10 * NS_PER_MS)
/* One guest's buffers are 84 KiB; all six are there from the start. */
#define MEMORY_LIMIT_KIB 1024
#define ATTEMPTS 5

static const char plan_text[] =
    "{ \"version\": 1, \"name\": \"flood\", \"load\": [\"stress\", \"-c\", \"1\"],"
    "  \"counters\": \"software\", \"events\": [\"cycles\", \"branch-misses\"], \"interval_ms\": "
    "100,"
    "  \"measure_seconds\": 2, \"conditions\": [ { \"name\": \"quiet\" } ], \"steps_percent\": [0] "
    "}";

/* Where hostctl is, and where the vCPU of a hostile guest would be: not there, if there are two. */
static int host_cpu, hostile_cpu;

static void
stay_on(pid_t pid, int cpu)
{
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    assert_int_equal(sched_setaffinity(pid, sizeof cpus, &cpus), 0);
}

/* The first and the last CPU that this process may use. */
static void
choose_cpus(void)
{
    cpu_set_t cpus;

    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    host_cpu = -1;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &cpus))
            continue;
        host_cpu = host_cpu < 0 ? i : host_cpu;
        hostile_cpu = i;
    }
}

typedef struct {
    DatasetPlace *place;
    Sysroot *root;
    Plan *plan;
    Rig rig;
    Lab lab;
    FakeGuest *guests[GUESTS];
    ProbePlayer *players[GUESTS];
    Fleet *fleet;
    Sampler *sampler;
    VisitRow visit;
} Scene;

static void
add_guest(Scene *scene, unsigned i, PlayManner manner)
{
    g_autofree char *name = g_strdup_printf("flood-%u", i);
    g_autofree char *path = g_strdup_printf("%s/%u.sock", scene->place->dir, i);
    FleetGuest *member;
    GuestRow row = guest_row_none;

    scene->guests[i] = fake_guest_start(name, 1, (int) (i % 2), "300 700");
    scene->players[i] = probe_player_start(path, manner);
    if (manner != PLAY_HONEST)
        stay_on(scene->players[i]->pid, hostile_cpu);
    member = fleet_add(scene->fleet, name, i == 0 ? GUEST_ROLE_MICRO : GUEST_ROLE_BULK);
    member->vcpus = 1;
    assert_ok(qemu_process_find(scene->root, scene->guests[i]->name, &member->process, &error_));
    member->link = guest_link_open(name, path, NULL);
    assert_non_null(member->link);
    row.name = name;
    row.role = guest_role_name(member->role);
    row.uuid = name;
    row.vcpus = 1;
    assert_ok(writer_guest(scene->lab.writer, &row, &member->row_id, &error_));
}

static Scene *
scene_new(DatasetPlace *place, PlayManner micro, PlayManner last)
{
    Scene *scene = g_new0(Scene, 1);
    const ConditionRow condition = { "quiet", NULL, NULL, NULL };
    int64_t condition_id;

    g_unlink(place->path);
    scene->place = place;
    scene->root = sysroot_new("/");
    scene->plan = plan_parse("flood.json", plan_text, NULL);
    assert_non_null(scene->plan);
    scene->rig.counters = COUNTER_SOURCE_SOFTWARE;
    scene->lab = (Lab){ .root = scene->root, .plan = scene->plan, .rig = &scene->rig };
    scene->lab.interrupt = interrupt_new_manual(NULL);
    scene->lab.writer = dataset_writer(place->path);
    scene->fleet = fleet_new_empty(&scene->lab);
    assert_ok(writer_begin(scene->lab.writer, &error_));
    assert_ok(writer_run(scene->lab.writer, &dataset_run, &error_));
    assert_ok(writer_condition(scene->lab.writer, &condition, &condition_id, &error_));
    scene->visit = visit_row_none;
    scene->visit.condition_id = condition_id;
    scene->visit.repeat = scene->visit.position = 1;
    scene->visit.kind = "step";
    scene->visit.state = "running";
    assert_ok(writer_visit(scene->lab.writer, &scene->visit, &error_));
    for (unsigned i = 0; i < GUESTS; i++)
        add_guest(scene, i, i == 0 ? micro : i == HOSTILE ? last : PLAY_HONEST);
    assert_ok(writer_commit(scene->lab.writer, &error_));
    scene->sampler = sampler_new(&scene->lab, scene->fleet, NULL);
    assert_non_null(scene->sampler);
    return scene;
}

static void
scene_free(Scene *scene)
{
    writer_finish(scene->lab.writer, "complete", NULL);
    writer_free(scene->lab.writer);
    sampler_free(scene->sampler);
    for (unsigned i = 0; i < GUESTS; i++) {
        FleetGuest *member = fleet_guest(scene->fleet, i);

        g_clear_pointer(&member->link, guest_link_free);
        probe_player_end(scene->players[i]);
        fake_guest_end(scene->guests[i]);
    }
    fleet_free(scene->fleet);
    interrupt_free(scene->lab.interrupt);
    plan_free(scene->plan);
    sysroot_free(scene->root);
    g_free(scene);
}

static long
memory_kib(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    words = g_strsplit(text, " ", 3);
    return atol(words[1]) * sysconf(_SC_PAGESIZE) / 1024;
}

/* What a visit was like. */
typedef struct {
    long grown_kib;
    double jitter_ns; /* of the honest guest whose windows were the least even */
    double timer_ns;  /* of a timer beside them: this machine's own */
    double cpu_us;    /* of hostctl, a window */
} Feeling;

static double
cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* The windows of a visit, a hundred times as many as a run would take in that time. */
static void
tick_through(Scene *scene, Feeling *feeling)
{
    int64_t start_ns = clock_raw_ns() + INTERVAL_NS;
    g_autoptr(Metronome) metronome =
        metronome_start(host_cpu, start_ns + INTERVAL_NS / 2, INTERVAL_NS, WINDOWS);
    double before_us = cpu_us();

    for (int i = 0; i <= WINDOWS; i++) {
        assert_ok(interrupt_sleep_until(NULL, start_ns + i * INTERVAL_NS, &error_));
        assert_ok(sampler_tick(scene->sampler, scene->visit.id, &error_));
    }
    feeling->cpu_us = (cpu_us() - before_us) / (WINDOWS + 1);
    feeling->timer_ns = jitter_p99_ns(metronome_wait(metronome), WINDOWS, INTERVAL_NS);
}

/* A whole visit with the micro guest's view. */
static void
make_visit(Scene *scene, Feeling *feeling)
{
    FleetGuest *micro = fleet_guest(scene->fleet, 0);
    long before_kib = memory_kib();
    int64_t id = scene->visit.id;

    assert_ok(fleet_load(scene->fleet, true, GUESTS - 1, id, &error_));
    assert_ok(guest_view_echo(&scene->lab, micro, id, &error_));
    assert_ok(guest_view_start(&scene->lab, micro, id, &error_));
    tick_through(scene, feeling);
    assert_ok(guest_view_fetch(&scene->lab, micro, id, &error_));
    assert_ok(fleet_unload(scene->fleet, id, &error_));
    feeling->grown_kib = memory_kib() - before_kib;
}

/* The honest guests' windows, all of them, and how even they were; the micro guest's own too. */
static double
look_at_windows(const char *path)
{
    double worst_ns = 0;

    for (unsigned i = 1; i < GUESTS; i++) {
        g_autofree char *sql =
            g_strdup_printf("select group_concat(raw_ns) from (select raw_ns from sched_sample"
                            " where guest_id = %u order by raw_ns)",
                            i);
        g_autofree char *answer = dataset_ask(path, sql);
        g_auto(GStrv) words = g_strsplit(answer, ",", -1);
        int64_t stamps_ns[WINDOWS + 1];

        assert_int_equal(g_strv_length(words), WINDOWS + 1);
        for (int j = 0; j <= WINDOWS; j++)
            assert_ok(text_to_i64(words[j], &stamps_ns[j], &error_));
        worst_ns = MAX(worst_ns, jitter_p99_ns(stamps_ns, WINDOWS, INTERVAL_NS));
    }
    assert_answer(path, "select count(*) from guest_sample", "22");
    assert_answer(path, "select count(*) from clock_ping", "50");
    return worst_ns;
}

/* One visit beside a guest of this manner: everything is there, and it was cut off if hostile. */
static Feeling
feel_visit(DatasetPlace *place, PlayManner manner)
{
    Scene *scene = scene_new(place, PLAY_HONEST, manner);
    Feeling feeling;
    bool is_cut;

    make_visit(scene, &feeling);
    is_cut = fleet_guest(scene->fleet, HOSTILE)->link == NULL;
    scene_free(scene);
    feeling.jitter_ns = look_at_windows(place->path);
    print_message(
        "%-20s p99 of jitter %.3f ms, of a bare timer beside it %.3f ms; hostctl took %.0f"
        " us a window, its memory grew by %ld KiB\n",
        play_manner_names[manner], feeling.jitter_ns / 1e6, feeling.timer_ns / 1e6, feeling.cpu_us,
        feeling.grown_kib);
    assert_true(feeling.grown_kib <= MEMORY_LIMIT_KIB);
    assert_true(is_cut == (manner != PLAY_HONEST));
    assert_answer(
        place->path,
        "select coalesce(group_concat(severity || ' ' || guest_id || ' ' || visit_id), '')"
        " from note where text like '%cut off%'",
        is_cut ? "error 6 1" : "");
    return feeling;
}

/* Within twice of what a visit without it took, or of what a timer took that has nothing to do
 * with hostctl. */
static bool
is_even(const Feeling *feeling, const Feeling *without)
{
    return feeling->jitter_ns <= 2 * MAX(without->jitter_ns, feeling->timer_ns);
}

static void
the_others_keep_their_cadence_whatever_one_sends(void **state)
{
    const struct sched_param lowest = { .sched_priority = 1 };
    Feeling without;

    choose_cpus();
    stay_on(0, host_cpu);
    /* As hostctl run does; without the right to it both sides of the comparison are alike. */
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest);
    without = feel_visit(*state, PLAY_HONEST);
    for (PlayManner manner = PLAY_HONEST + 1; manner <= PLAY_HANGS_UP; manner++) {
        bool even = false;

        for (int attempt = 0; !even && attempt < ATTEMPTS; attempt++) {
            Feeling beside = feel_visit(*state, manner);

            /* How busy the machine is changes: the visit without it is made anew, next to it. */
            if (!is_even(&beside, &without))
                without = feel_visit(*state, PLAY_HONEST);
            even = is_even(&beside, &without);
        }
        assert_true(even);
    }
}

/* The micro guest's data are its own: what it may not do is hang hostctl, or fill the dataset. */
static void
a_hostile_micro_guest_ends_its_visit_with_an_error(void **state)
{
    const PlayManner manners[] = { PLAY_SAMPLE_FLOOD, PLAY_WRONG_ECHOES };
    DatasetPlace *place = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(manners); i++) {
        Scene *scene = scene_new(place, manners[i], PLAY_HONEST);
        FleetGuest *micro = fleet_guest(scene->fleet, 0);
        g_autoptr(GError) error = NULL;
        bool done = guest_view_start(&scene->lab, micro, 1, &error) &&
                    guest_view_fetch(&scene->lab, micro, 1, &error) &&
                    guest_view_echo(&scene->lab, micro, 1, &error);

        assert_false(done);
        print_message("%-20s %s\n", play_manner_names[manners[i]], error->message);
        scene_free(scene);
        assert_answer(place->path, "select count(*) <= 22 from guest_sample", "1");
    }
}

static void
samples_of_others_are_not_taken(void **state)
{
    DatasetPlace *place = *state;
    Scene *scene = scene_new(place, PLAY_WRONG_SAMPLES, PLAY_HONEST);
    FleetGuest *micro = fleet_guest(scene->fleet, 0);

    assert_ok(guest_view_start(&scene->lab, micro, 1, &error_));
    assert_ok(guest_view_fetch(&scene->lab, micro, 1, &error_));
    scene_free(scene);
    assert_answer(place->path, "select count(*) from guest_sample", "7");
    assert_answer(place->path, "select count(*) from guest_sample where vcpu > 0", "0");
}

static int
tear_down(void **state)
{
    fake_guest_end_all(state);
    return dataset_place_tear_down(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_others_keep_their_cadence_whatever_one_sends,
                                        dataset_place_set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hostile_micro_guest_ends_its_visit_with_an_error,
                                        dataset_place_set_up, tear_down),
        cmocka_unit_test_setup_teardown(samples_of_others_are_not_taken, dataset_place_set_up,
                                        tear_down),
    };

    /* Half a frame is waited for: a second will do here. */
    g_setenv("INSIDEOUT_FAULT", "load.timeout_ms:number:1000", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
