/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"

#define ANSWER_MS 20000
#define POWERED_OFF 42

/* The host's end, and the process that serves the other one. */
typedef struct {
    Channel *host;
    pid_t agent;
    Message got;
    Stamp read_at;
} Fixture;

static void
power_off(void)
{
    _exit(POWERED_OFF);
}

/* In a process of its own: the agent takes every child and every signal for its own. */
static void
run_agent(int first_fd, int second_fd, bool may_power_off)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    const AgentOptions options = { .root = root, .power_off = may_power_off ? power_off : NULL };
    g_autoptr(Agent) agent = agent_new(&options, NULL);

    for (int i = 0; agent && i < 2; i++) {
        g_autoptr(Channel) channel = channel_new(i ? second_fd : first_fd);

        if (agent_serve(agent, channel, NULL))
            break;
    }
}

static void
start(Fixture *fixture, bool may_power_off, int *ret_second_host)
{
    int first[2], second[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, first), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, second), 0);
    fixture->agent = fork();
    if (fixture->agent == 0) {
        close(first[0]);
        close(second[0]);
        run_agent(first[1], second[1], may_power_off);
        _exit(0);
    }
    close(first[1]);
    close(second[1]);
    fixture->host = channel_new(first[0]);
    *ret_second_host = second[0];
}

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    int second_host;

    start(fixture, false, &second_host);
    close(second_host);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;
    int status;

    channel_free(fixture->host);
    /* It serves a second host, finds that it has hung up, and ends. */
    assert_int_equal(waitpid(fixture->agent, &status, 0), fixture->agent);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    g_free(fixture);
    return 0;
}

static void
tell(Fixture *fixture, const Message *message)
{
    g_autoptr(GError) error = NULL;

    if (!channel_send(fixture->host, message, ANSWER_MS, &error))
        fail_msg("%s", error->message);
}

static const Message *
next(Fixture *fixture)
{
    struct pollfd input = { .fd = channel_fd(fixture->host), .events = POLLIN };
    g_autoptr(GError) error = NULL;
    int got;

    while ((got = channel_receive(fixture->host, &fixture->got, &fixture->read_at, &error)) == 0)
        if (poll(&input, 1, ANSWER_MS) == 0)
            fail_msg("the agent does not answer");
    if (got < 0)
        fail_msg("%s", error->message);
    return &fixture->got;
}

static const Message *
expect(Fixture *fixture, FrameKind kind)
{
    const Message *message = next(fixture);

    if (message->kind != kind)
        fail_msg("%s instead of %s: %s", frame_kind_name(message->kind), frame_kind_name(kind),
                 message->kind == FRAME_PROBLEM ? message->problem.text : "");
    return message;
}

static const Message *
ask(Fixture *fixture, const Message *message, FrameKind answer)
{
    tell(fixture, message);
    return expect(fixture, answer);
}

static const Message arm = {
    .kind = FRAME_ARM,
    .arm = { WIRE_SOURCE_SOFTWARE, 3, { "task-clock", "cycles", "context-switches" } },
};
static const Message unload = { .kind = FRAME_UNLOAD };
static const Message ping = { .kind = FRAME_PING, .ping = { .sequence = 77, .t1_ns = 5 } };
static const Message measure = {
    .kind = FRAME_MEASURE,
    .measure = { .visit = 9, .interval_ns = 100 * NS_PER_MS, .duration_ns = 500 * NS_PER_MS }
};
static const Message measure_for_an_hour = {
    .kind = FRAME_MEASURE,
    .measure = { .visit = 10, .interval_ns = NS_PER_SECOND, .duration_ns = 3600 * NS_PER_SECOND }
};

static Message
load_of(const char *const *argv, const char *const *env)
{
    Message message = { .kind = FRAME_LOAD };

    assert_true(message_pack_strv(argv, message.load.argv, sizeof message.load.argv,
                                  &message.load.argv_len));
    assert_true(
        message_pack_strv(env, message.load.env, sizeof message.load.env, &message.load.env_len));
    return message;
}

static Message
load_of_shell(const char *script)
{
    return load_of((const char *const[]){ "sh", "-c", script, NULL },
                   (const char *const[]){ NULL });
}

static void
says_hello_at_once_and_when_asked(void **state)
{
    const Message hello_ask = { .kind = FRAME_HELLO_ASK };
    Fixture *fixture = *state;
    HelloMessage first = expect(fixture, FRAME_HELLO)->hello;
    HelloMessage second = ask(fixture, &hello_ask, FRAME_HELLO)->hello;

    assert_int_equal(first.version, WIRE_VERSION);
    assert_int_equal(first.n_vcpus, sysconf(_SC_NPROCESSORS_ONLN));
    assert_non_null(strstr(first.facts, "\"wire_version\": 1"));
    assert_true(first.boot_id == second.boot_id);
}

static void
arms_what_counts_and_says_what_does_not(void **state)
{
    Fixture *fixture = *state;
    ArmedMessage armed;

    expect(fixture, FRAME_HELLO);
    armed = ask(fixture, &arm, FRAME_ARMED)->armed;
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
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    assert_int_equal(ask(fixture, &unknown, FRAME_PROBLEM)->problem.about, FRAME_ARM);
    assert_non_null(strstr(fixture->got.problem.text, "cylces"));
    assert_int_equal(ask(fixture, &nothing, FRAME_PROBLEM)->problem.about, FRAME_ARM);
}

/* Collects a visit's samples. */
static GArray *
take_samples(Fixture *fixture, uint32_t visit, uint32_t *ret_lost, Stamp *ret_first_arrival)
{
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(WireSample));

    while (next(fixture)->kind == FRAME_SAMPLES) {
        if (samples->len == 0 && ret_first_arrival)
            *ret_first_arrival = fixture->read_at;
        assert_int_equal(fixture->got.samples.visit, visit);
        g_array_append_vals(samples, fixture->got.samples.samples, fixture->got.samples.n_samples);
    }
    assert_int_equal(fixture->got.kind, FRAME_MEASURED);
    assert_int_equal(fixture->got.measured.visit, visit);
    assert_int_equal(fixture->got.measured.n_sent, samples->len);
    *ret_lost = fixture->got.measured.n_lost;
    return samples;
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
    Fixture *fixture = *state;
    uint32_t n_cpus = expect(fixture, FRAME_HELLO)->hello.n_vcpus, n_lost;
    g_autoptr(GArray) samples = NULL;
    Stamp first_arrival;

    ask(fixture, &arm, FRAME_ARMED);
    tell(fixture, &measure);
    samples = take_samples(fixture, 9, &n_lost, &first_arrival);
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
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    assert_int_equal(ask(fixture, &measure, FRAME_PROBLEM)->problem.about, FRAME_MEASURE);
}

static void
does_not_measure_more_than_it_has_memory_for(void **state)
{
    const Message endless = { .kind = FRAME_MEASURE,
                              .measure = { 1, WIRE_INTERVAL_MIN_NS, WIRE_DURATION_MAX_NS } };
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    ask(fixture, &arm, FRAME_ARMED);
    ask(fixture, &endless, FRAME_PROBLEM);
    assert_non_null(strstr(fixture->got.problem.text, "longer interval"));
    ask(fixture, &ping, FRAME_PONG);
}

static void
ends_a_measurement_for_another_request(void **state)
{
    Fixture *fixture = *state;
    uint32_t n_cpus = expect(fixture, FRAME_HELLO)->hello.n_vcpus, n_lost;
    g_autoptr(GArray) samples = NULL;

    ask(fixture, &arm, FRAME_ARMED);
    tell(fixture, &measure_for_an_hour);
    ask(fixture, &ping, FRAME_PONG); /* a ping does not end it */
    tell(fixture, &unload);
    samples = take_samples(fixture, 10, &n_lost, NULL);
    assert_in_range(n_lost, 1, 3601 * n_cpus);
    assert_int_equal(samples->len + n_lost, 3601 * n_cpus);
    expect(fixture, FRAME_UNLOADED);
}

static void
echoes_a_ping_with_stamps_in_order(void **state)
{
    Message now = ping;
    Fixture *fixture = *state;
    PongMessage pong;

    expect(fixture, FRAME_HELLO);
    now.ping.t1_ns = clock_raw_ns();
    pong = ask(fixture, &now, FRAME_PONG)->pong;
    assert_int_equal(pong.sequence, 77);
    assert_int_equal(pong.t1_ns, now.ping.t1_ns);
    /* Both ends run on one machine here, so all four stamps are of one clock. */
    assert_true(pong.t1_ns <= pong.t2_ns);
    assert_true(pong.t2_ns <= pong.t3_ns);
    assert_true(pong.t3_ns <= fixture->read_at.raw_ns);
    assert_true(pong.guest_wall_ns > 0);
}

/* Processes whose environment holds the mark. */
static unsigned
count_marked(const char *mark)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name;
    unsigned n = 0;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename("/proc", name, "environ", NULL);
        g_autofree char *bytes = NULL;
        gsize len;

        if (g_ascii_isdigit(*name) && g_file_get_contents(path, &bytes, &len, NULL))
            n += memmem(bytes, len, mark, strlen(mark)) != NULL;
    }
    return n;
}

static void
ends_a_load_with_all_that_it_forked(void **state)
{
    g_autofree char *mark =
        g_strdup_printf("PROBE_TEST_MARK=%d.%" G_GINT64_FORMAT, getpid(), clock_raw_ns());
    /* A child, a child in a session of its own, and one whose parents have left it. */
    const char *const argv[] = {
        "sh", "-c",
        "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000 &' &); sleep 1000",
        NULL
    };
    const char *const env[] = { mark, NULL };
    const Message load = load_of(argv, env);
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    assert_true(ask(fixture, &load, FRAME_LOADED)->loaded.pid > 0);
    assert_int_equal(fixture->got.loaded.error, 0);
    while (count_marked(mark) < 5)
        g_usleep(1000);
    assert_int_equal(ask(fixture, &load, FRAME_LOADED)->loaded.error, EBUSY);
    ask(fixture, &unload, FRAME_UNLOADED);
    assert_int_equal(count_marked(mark), 0);
}

static void
unloads_when_there_is_no_load(void **state)
{
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    ask(fixture, &unload, FRAME_UNLOADED);
}

static void
says_why_a_load_did_not_start(void **state)
{
    const char *const nothing[] = { NULL };
    const Message missing = load_of((const char *const[]){ "/no/such/program", NULL }, nothing);
    const Message empty = load_of(nothing, nothing);
    const Message variable = load_of((const char *const[]){ "true", NULL },
                                     (const char *const[]){ "no-equals-sign", NULL });
    Message unended = missing;
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    assert_int_equal(ask(fixture, &missing, FRAME_LOADED)->loaded.error, ENOENT);
    assert_int_equal(fixture->got.loaded.pid, 0);
    ask(fixture, &empty, FRAME_PROBLEM);
    ask(fixture, &variable, FRAME_PROBLEM);
    assert_non_null(strstr(fixture->got.problem.text, "no-equals-sign"));
    unended.load.argv_len--;
    ask(fixture, &unended, FRAME_PROBLEM);
    assert_int_equal(fixture->got.problem.about, FRAME_LOAD);
}

static void
reports_a_load_that_fails_by_itself(void **state)
{
    const Message fails = load_of_shell("exit 3");
    const Message dies = load_of_shell("kill -9 $$");
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    ask(fixture, &fails, FRAME_LOADED);
    assert_int_equal(expect(fixture, FRAME_PROBLEM)->problem.about, FRAME_LOAD);
    assert_non_null(strstr(fixture->got.problem.text, "exit status 3"));
    ask(fixture, &dies, FRAME_LOADED);
    expect(fixture, FRAME_PROBLEM);
    assert_non_null(strstr(fixture->got.problem.text, "signal 9"));
}

static void
keeps_silent_about_a_failed_load_until_the_measurement_ends(void **state)
{
    const Message fails = load_of_shell("sleep 0.05; exit 3");
    Fixture *fixture = *state;
    g_autoptr(GArray) samples = NULL;
    uint32_t n_lost;

    expect(fixture, FRAME_HELLO);
    ask(fixture, &arm, FRAME_ARMED);
    ask(fixture, &fails, FRAME_LOADED);
    tell(fixture, &measure);
    samples = take_samples(fixture, 9, &n_lost, NULL);
    expect(fixture, FRAME_PROBLEM);
    assert_int_equal(fixture->got.problem.about, FRAME_LOAD);
}

static void
does_not_report_a_load_that_has_done_its_work(void **state)
{
    const Message works = load_of_shell("exit 0");
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    ask(fixture, &works, FRAME_LOADED);
    for (int i = 0; i < 20; i++) {
        ask(fixture, &ping, FRAME_PONG);
        g_usleep(1000);
    }
    ask(fixture, &works, FRAME_LOADED); /* the first one is gone: another may start */
    assert_int_equal(fixture->got.loaded.error, 0);
}

static void
refuses_to_power_off_somebodys_machine(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    assert_int_equal(ask(fixture, &bye, FRAME_PROBLEM)->problem.about, FRAME_BYE);
}

static void
powers_off_where_it_may(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    Fixture fixture = { 0 };
    int status, second_host;

    start(&fixture, true, &second_host);
    expect(&fixture, FRAME_HELLO);
    tell(&fixture, &bye);
    assert_int_equal(waitpid(fixture.agent, &status, 0), fixture.agent);
    assert_int_equal(WEXITSTATUS(status), POWERED_OFF);
    channel_free(fixture.host);
    close(second_host);
}

static void
keeps_load_and_counters_for_the_next_host(void **state)
{
    const Message works = load_of_shell("sleep 1000");
    Fixture fixture = { 0 };
    uint32_t n_lost;
    int second_host;

    start(&fixture, false, &second_host);
    expect(&fixture, FRAME_HELLO);
    ask(&fixture, &arm, FRAME_ARMED);
    ask(&fixture, &works, FRAME_LOADED);
    tell(&fixture, &measure_for_an_hour);
    channel_free(fixture.host);

    fixture.host = channel_new(second_host);
    expect(&fixture, FRAME_HELLO);
    assert_int_equal(ask(&fixture, &works, FRAME_LOADED)->loaded.error, EBUSY);
    tell(&fixture, &measure);
    {
        g_autoptr(GArray) samples = take_samples(&fixture, 9, &n_lost, NULL);

        assert_true(samples->len > 0);
    }
    channel_free(fixture.host);
    assert_int_equal(waitpid(fixture.agent, NULL, 0), fixture.agent);
}

static void
ends_when_a_signal_asks_for_it(void **state)
{
    Fixture fixture = { 0 };
    int status, second_host;

    start(&fixture, false, &second_host);
    expect(&fixture, FRAME_HELLO);
    kill(fixture.agent, SIGTERM);
    assert_int_equal(waitpid(fixture.agent, &status, 0), fixture.agent);
    assert_true(WIFEXITED(status));
    channel_free(fixture.host);
    close(second_host);
}

static void
refuses_what_is_no_request(void **state)
{
    const Message odd = { .kind = FRAME_UNLOADED };
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    assert_int_equal(ask(fixture, &odd, FRAME_PROBLEM)->problem.about, FRAME_UNLOADED);
}

/* A request with some bytes of its body changed. */
static void
send_damaged(Fixture *fixture, const Message *request, GRand *random)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    message_encode(bytes, request);
    for (int flips = g_rand_int_range(random, 1, 4); flips && bytes->len > 8; flips--)
        bytes->data[g_rand_int_range(random, 8, (gint32) bytes->len)] =
            (uint8_t) g_rand_int(random);
    assert_int_equal(send(channel_fd(fixture->host), bytes->data, bytes->len, MSG_NOSIGNAL),
                     bytes->len);
}

/* LOAD and BYE stay out: they would do what they say. */
static void
survives_damaged_requests(void **state)
{
    const Message *const seeds[] = { &arm, &measure, &ping, &unload };
    const Message last = { .kind = FRAME_PING, .ping = { .sequence = 4711, .t1_ns = 1 } };
    g_autoptr(GRand) random = g_rand_new_with_seed(20180);
    Fixture *fixture = *state;

    expect(fixture, FRAME_HELLO);
    for (int i = 0; i < 500; i++) {
        send_damaged(fixture, seeds[g_rand_int_range(random, 0, G_N_ELEMENTS(seeds))], random);
        tell(fixture, &last);
        while (next(fixture)->kind != FRAME_PONG || fixture->got.pong.sequence != 4711)
            continue;
    }
}

#define with_an_agent(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_an_agent(says_hello_at_once_and_when_asked),
        with_an_agent(arms_what_counts_and_says_what_does_not),
        with_an_agent(names_an_event_that_it_does_not_know),
        with_an_agent(measures_five_windows_in_silence),
        with_an_agent(does_not_measure_before_events_are_armed),
        with_an_agent(does_not_measure_more_than_it_has_memory_for),
        with_an_agent(ends_a_measurement_for_another_request),
        with_an_agent(echoes_a_ping_with_stamps_in_order),
        with_an_agent(ends_a_load_with_all_that_it_forked),
        with_an_agent(unloads_when_there_is_no_load),
        with_an_agent(says_why_a_load_did_not_start),
        with_an_agent(reports_a_load_that_fails_by_itself),
        with_an_agent(keeps_silent_about_a_failed_load_until_the_measurement_ends),
        with_an_agent(does_not_report_a_load_that_has_done_its_work),
        with_an_agent(refuses_to_power_off_somebodys_machine),
        cmocka_unit_test(powers_off_where_it_may),
        cmocka_unit_test(keeps_load_and_counters_for_the_next_host),
        cmocka_unit_test(ends_when_a_signal_asks_for_it),
        with_an_agent(refuses_what_is_no_request),
        with_an_agent(survives_damaged_requests),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("probe_agent", tests, NULL, NULL);
}
