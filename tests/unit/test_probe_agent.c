/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/agent_host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"

static const Message measure_for_an_hour = {
    .kind = FRAME_MEASURE,
    .measure = { .visit = 10, .interval_ns = NS_PER_SECOND, .duration_ns = 3600 * NS_PER_SECOND }
};

static void
says_hello_at_once_and_when_asked(void **state)
{
    const Message hello_ask = { .kind = FRAME_HELLO_ASK };
    AgentHost *host = *state;
    HelloMessage first = agent_host_expect(host, FRAME_HELLO)->hello;
    HelloMessage second = agent_host_ask(host, &hello_ask, FRAME_HELLO)->hello;

    assert_int_equal(first.version, WIRE_VERSION);
    assert_int_equal(first.n_vcpus, sysconf(_SC_NPROCESSORS_ONLN));
    assert_non_null(strstr(first.facts, "\"wire_version\": 1"));
    assert_true(first.boot_id == second.boot_id);
}

static void
arms_what_counts_and_says_what_does_not(void **state)
{
    AgentHost *host = *state;
    ArmedMessage armed;

    agent_host_expect(host, FRAME_HELLO);
    armed = agent_host_ask(host, &agent_host_arm, FRAME_ARMED)->armed;
    assert_int_equal(armed.source, WIRE_SOURCE_SOFTWARE);
    assert_int_equal(armed.n_events, 3);
    assert_int_equal(armed.error[0], 0);
    assert_int_equal(armed.error[1], ENOENT);
    assert_int_equal(armed.error[2], 0);
    assert_string_equal(armed.text, "cycles: no software event");
}

static void
names_an_event_that_it_does_not_know(void **state)
{
    const Message unknown = { .kind = FRAME_ARM, .arm = { WIRE_SOURCE_AUTO, 1, { "cylces" } } };
    const Message nothing = { .kind = FRAME_ARM };
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_int_equal(agent_host_ask(host, &unknown, FRAME_PROBLEM)->problem.about, FRAME_ARM);
    assert_non_null(strstr(host->got.problem.text, "cylces"));
    assert_int_equal(agent_host_ask(host, &nothing, FRAME_PROBLEM)->problem.about, FRAME_ARM);
}

static void
check_cumulative(const WireSample *before, const WireSample *after)
{
    assert_int_equal(before->vcpu, after->vcpu);
    assert_true(after->stamp.raw_ns > before->stamp.raw_ns);
    assert_true(after->values[0] > before->values[0]);
    assert_true(after->values[1] == UINT64_MAX);
    assert_true(after->values[2] >= before->values[2]);
    assert_true(after->enabled_ns > before->enabled_ns);
    assert_true(after->busy_ns >= before->busy_ns);
    assert_true(after->steal_ns >= before->steal_ns);
}

static void
measures_five_windows_in_silence(void **state)
{
    AgentHost *host = *state;
    uint32_t n_cpus = agent_host_expect(host, FRAME_HELLO)->hello.n_vcpus, n_lost;
    g_autoptr(GArray) samples = NULL;
    Stamp first_arrival;

    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    agent_host_tell(host, &agent_host_measure);
    samples = agent_host_take_samples(host, 9, &n_lost, &first_arrival);
    assert_int_equal(samples->len + n_lost, 6 * n_cpus);
    for (guint i = 0; i < samples->len; i++) {
        const WireSample *sample = &g_array_index(samples, WireSample, i);

        assert_int_equal(sample->n_values, 3);
        assert_true(sample->stamp.raw_ns <= first_arrival.raw_ns);
        if (i >= n_cpus)
            check_cumulative(sample - n_cpus, sample);
    }
}

static void
does_not_measure_before_events_are_armed(void **state)
{
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_int_equal(agent_host_ask(host, &agent_host_measure, FRAME_PROBLEM)->problem.about,
                     FRAME_MEASURE);
}

static void
counts_the_load_alone_when_armed_for_tasks(void **state)
{
    const Message arm = { .kind = FRAME_ARM_TASK,
                          .arm = { WIRE_SOURCE_SOFTWARE, 1, { "task-clock" } } };
    const Message measure = { .kind = FRAME_MEASURE, .measure = { 9, 100000000, 500000000 } };
    const Message load = agent_host_load_shell("while :; do :; done & while :; do :; done");
    AgentHost *host = *state;
    g_autoptr(GArray) samples = NULL;
    const WireSample *first, *last;
    uint32_t n_lost;

    agent_host_expect(host, FRAME_HELLO);
    agent_host_ask(host, &arm, FRAME_ARMED);
    assert_int_equal(host->got.armed.n_events, 1);
    assert_int_equal(host->got.armed.error[0], 0);
    agent_host_ask(host, &measure, FRAME_PROBLEM);
    assert_non_null(strstr(host->got.problem.text, "no load was started"));

    agent_host_ask(host, &load, FRAME_LOADED);
    assert_int_equal(host->got.loaded.error, 0);
    agent_host_tell(host, &measure);
    samples = agent_host_take_samples(host, 9, &n_lost, NULL);
    assert_true(samples->len >= 2 && samples->len <= 6); /* one a tick, however many CPUs */
    first = &g_array_index(samples, WireSample, 0);
    last = &g_array_index(samples, WireSample, samples->len - 1);
    assert_int_equal(first->vcpu, 0);
    assert_true(last->values[0] > first->values[0]);
    agent_host_ask(host, &agent_host_unload, FRAME_UNLOADED);

    /* Each load is counted from its own beginning, and CPUs again when they are armed. */
    agent_host_ask(host, &load, FRAME_LOADED);
    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    assert_true(host->got.armed.n_events > 0);
    agent_host_ask(host, &agent_host_unload, FRAME_UNLOADED);
}

static void
does_not_measure_more_than_it_has_memory_for(void **state)
{
    const Message endless = { .kind = FRAME_MEASURE,
                              .measure = { 1, WIRE_INTERVAL_MIN_NS, WIRE_DURATION_MAX_NS } };
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    agent_host_ask(host, &endless, FRAME_PROBLEM);
    assert_non_null(strstr(host->got.problem.text, "longer interval"));
    agent_host_ask(host, &agent_host_ping, FRAME_PONG);
}

static void
ends_a_measurement_for_another_request(void **state)
{
    AgentHost *host = *state;
    uint32_t n_cpus = agent_host_expect(host, FRAME_HELLO)->hello.n_vcpus, n_lost;
    g_autoptr(GArray) samples = NULL;

    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    agent_host_tell(host, &measure_for_an_hour);
    agent_host_ask(host, &agent_host_ping, FRAME_PONG); /* a ping does not end it */
    agent_host_tell(host, &agent_host_unload);
    samples = agent_host_take_samples(host, 10, &n_lost, NULL);
    assert_in_range(n_lost, 1, 3601 * n_cpus);
    assert_int_equal(samples->len + n_lost, 3601 * n_cpus);
    agent_host_expect(host, FRAME_UNLOADED);
}

static void
echoes_a_ping_with_stamps_in_order(void **state)
{
    Message now = agent_host_ping;
    AgentHost *host = *state;
    PongMessage pong;

    agent_host_expect(host, FRAME_HELLO);
    now.ping.t1_ns = clock_raw_ns();
    pong = agent_host_ask(host, &now, FRAME_PONG)->pong;
    assert_int_equal(pong.sequence, 77);
    assert_int_equal(pong.t1_ns, now.ping.t1_ns);
    /* Both ends run on one machine here, so all four stamps are of one clock. */
    assert_true(pong.t1_ns <= pong.t2_ns);
    assert_true(pong.t2_ns <= pong.t3_ns);
    assert_true(pong.t3_ns <= host->read_at.raw_ns);
    assert_true(pong.guest_wall_ns > 0);
}

/* Every request of a loop gives one sample of each CPU before it and one behind it. */
static void
check_loop(AgentHost *host, const LoopMessage *loop, uint32_t n_cpus)
{
    const Message request = { .kind = FRAME_LOOP, .loop = *loop };
    g_autoptr(GArray) samples = NULL;
    uint32_t n_lost;

    agent_host_tell(host, &request);
    samples = agent_host_take_samples(host, loop->visit, &n_lost, NULL);
    assert_int_equal(n_lost, 0);
    assert_int_equal(samples->len, 2 * n_cpus);
    for (guint i = 0; i < n_cpus; i++)
        check_cumulative(&g_array_index(samples, WireSample, i),
                         &g_array_index(samples, WireSample, n_cpus + i));
}

static void
samples_around_loops_whose_counts_are_known(void **state)
{
    const LoopMessage branches = { 5, WIRE_LOOP_OF_BRANCHES, 1000000 };
    const LoopMessage loads = { 6, WIRE_LOOP_OF_LOADS, 1000 };
    AgentHost *host = *state;
    uint32_t n_cpus = agent_host_expect(host, FRAME_HELLO)->hello.n_vcpus;
    const Message early = { .kind = FRAME_LOOP, .loop = branches };

    assert_int_equal(agent_host_ask(host, &early, FRAME_PROBLEM)->problem.about, FRAME_LOOP);
    agent_host_ask(host, &agent_host_arm, FRAME_ARMED);
    check_loop(host, &branches, n_cpus);
    check_loop(host, &loads, n_cpus);
    check_loop(host, &branches, n_cpus);
}

static void
refuses_to_power_off_somebodys_machine(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_int_equal(agent_host_ask(host, &bye, FRAME_PROBLEM)->problem.about, FRAME_BYE);
}

static void
powers_off_where_it_may(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    AgentHost host = { 0 };

    agent_host_start(&host, true);
    agent_host_expect(&host, FRAME_HELLO);
    agent_host_tell(&host, &bye);
    assert_int_equal(agent_host_end(&host), AGENT_POWERED_OFF);
}

static void
keeps_load_and_counters_for_the_next_host(void **state)
{
    const Message works = agent_host_load_shell("sleep 1000");
    AgentHost host = { 0 };
    g_autoptr(GArray) samples = NULL;
    uint32_t n_lost;

    agent_host_start(&host, false);
    agent_host_expect(&host, FRAME_HELLO);
    agent_host_ask(&host, &agent_host_arm, FRAME_ARMED);
    agent_host_ask(&host, &works, FRAME_LOADED);
    agent_host_tell(&host, &measure_for_an_hour);
    channel_free(host.host);

    host.host = channel_new(host.second_host);
    host.second_host = -1;
    agent_host_expect(&host, FRAME_HELLO);
    assert_int_equal(agent_host_ask(&host, &works, FRAME_LOADED)->loaded.error, EBUSY);
    agent_host_tell(&host, &agent_host_measure);
    samples = agent_host_take_samples(&host, 9, &n_lost, NULL);
    assert_true(samples->len > 0);
    assert_int_equal(agent_host_end(&host), 0);
}

static void
ends_when_a_signal_asks_for_it(void **state)
{
    AgentHost host = { 0 };

    agent_host_start(&host, false);
    agent_host_expect(&host, FRAME_HELLO);
    kill(host.agent, SIGTERM);
    assert_int_equal(waitid(P_PID, (id_t) host.agent, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
    assert_int_equal(agent_host_end(&host), 0);
}

static void
refuses_what_is_no_request(void **state)
{
    const Message odd = { .kind = FRAME_UNLOADED };
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    assert_int_equal(agent_host_ask(host, &odd, FRAME_PROBLEM)->problem.about, FRAME_UNLOADED);
}

/* A request with some bytes of its body changed. */
static void
send_damaged(AgentHost *host, const Message *request, GRand *random)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    message_encode(bytes, request);
    for (int flips = g_rand_int_range(random, 1, 4); flips && bytes->len > 8; flips--)
        bytes->data[g_rand_int_range(random, 8, (gint32) bytes->len)] =
            (uint8_t) g_rand_int(random);
    assert_int_equal(send(channel_fd(host->host), bytes->data, bytes->len, MSG_NOSIGNAL),
                     bytes->len);
}

/* LOAD and BYE stay out: they would do what they say. */
static void
survives_damaged_requests(void **state)
{
    const Message *const seeds[] = { &agent_host_arm, &agent_host_measure, &agent_host_ping,
                                     &agent_host_unload };
    const Message last = { .kind = FRAME_PING, .ping = { .sequence = 4711, .t1_ns = 1 } };
    g_autoptr(GRand) random = g_rand_new_with_seed(20180);
    AgentHost *host = *state;

    agent_host_expect(host, FRAME_HELLO);
    for (int i = 0; i < 500; i++) {
        send_damaged(host, seeds[g_rand_int_range(random, 0, G_N_ELEMENTS(seeds))], random);
        agent_host_tell(host, &last);
        while (agent_host_next(host)->kind != FRAME_PONG || host->got.pong.sequence != 4711)
            continue;
    }
}

#define with_an_agent(f) cmocka_unit_test_setup_teardown(f, agent_host_set_up, agent_host_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_an_agent(says_hello_at_once_and_when_asked),
        with_an_agent(arms_what_counts_and_says_what_does_not),
        with_an_agent(names_an_event_that_it_does_not_know),
        with_an_agent(measures_five_windows_in_silence),
        with_an_agent(does_not_measure_before_events_are_armed),
        with_an_agent(counts_the_load_alone_when_armed_for_tasks),
        with_an_agent(does_not_measure_more_than_it_has_memory_for),
        with_an_agent(ends_a_measurement_for_another_request),
        with_an_agent(echoes_a_ping_with_stamps_in_order),
        with_an_agent(samples_around_loops_whose_counts_are_known),
        with_an_agent(refuses_to_power_off_somebodys_machine),
        cmocka_unit_test(powers_off_where_it_may),
        cmocka_unit_test(keeps_load_and_counters_for_the_next_host),
        cmocka_unit_test(ends_when_a_signal_asks_for_it),
        with_an_agent(refuses_what_is_no_request),
        with_an_agent(survives_damaged_requests),
    };

    return cmocka_run_group_tests_name("probe_agent", tests, NULL, NULL);
}
