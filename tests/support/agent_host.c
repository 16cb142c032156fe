/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/agent_host.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestprobe/agent.h"
#include "tests/support/cmocka_all.h"

#define ANSWER_MS 20000

const Message agent_host_arm = {
    .kind = FRAME_ARM,
    .arm = { WIRE_SOURCE_SOFTWARE, 3, { "task-clock", "cycles", "context-switches" } },
};
const Message agent_host_unload = { .kind = FRAME_UNLOAD };
const Message agent_host_ping = { .kind = FRAME_PING, .ping = { .sequence = 77, .t1_ns = 5 } };
const Message agent_host_measure = {
    .kind = FRAME_MEASURE,
    .measure = { .visit = 9, .interval_ns = 100 * NS_PER_MS, .duration_ns = 500 * NS_PER_MS }
};

static void
power_off(void)
{
    _exit(AGENT_POWERED_OFF);
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

void
agent_host_start(AgentHost *host, bool may_power_off)
{
    int first[2], second[2];

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, first), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, second), 0);
    host->agent = fork();
    if (host->agent == 0) {
        close(first[0]);
        close(second[0]);
        run_agent(first[1], second[1], may_power_off);
        _exit(0);
    }
    close(first[1]);
    close(second[1]);
    host->host = channel_new(first[0]);
    host->second_host = second[0];
}

int
agent_host_end(AgentHost *host)
{
    int status;

    channel_free(host->host);
    if (host->second_host >= 0)
        close(host->second_host);
    assert_int_equal(waitpid(host->agent, &status, 0), host->agent);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int
agent_host_set_up(void **state)
{
    AgentHost *host = g_new0(AgentHost, 1);

    agent_host_start(host, false);
    *state = host;
    return 0;
}

int
agent_host_tear_down(void **state)
{
    AgentHost *host = *state;

    assert_int_equal(agent_host_end(host), 0);
    g_free(host);
    return 0;
}

void
agent_host_tell(AgentHost *host, const Message *message)
{
    g_autoptr(GError) error = NULL;

    if (!channel_send(host->host, message, ANSWER_MS, &error))
        fail_msg("%s", error->message);
}

const Message *
agent_host_next(AgentHost *host)
{
    struct pollfd input = { .fd = channel_fd(host->host), .events = POLLIN };
    g_autoptr(GError) error = NULL;
    int got;

    while ((got = channel_receive(host->host, &host->got, &host->read_at, &error)) == 0)
        if (poll(&input, 1, ANSWER_MS) == 0)
            fail_msg("the agent does not answer");
    if (got < 0)
        fail_msg("%s", error->message);
    return &host->got;
}

const Message *
agent_host_expect(AgentHost *host, FrameKind kind)
{
    const Message *message = agent_host_next(host);

    if (message->kind != kind)
        fail_msg("%s instead of %s: %s", frame_kind_name(message->kind), frame_kind_name(kind),
                 message->kind == FRAME_PROBLEM ? message->problem.text : "");
    return message;
}

const Message *
agent_host_ask(AgentHost *host, const Message *message, FrameKind answer)
{
    agent_host_tell(host, message);
    return agent_host_expect(host, answer);
}

GArray *
agent_host_take_samples(AgentHost *host, uint32_t visit, uint32_t *ret_lost,
                        Stamp *ret_first_arrival)
{
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(WireSample));
    int64_t before_ns;

    while (agent_host_next(host)->kind == FRAME_SAMPLES) {
        if (samples->len == 0 && ret_first_arrival)
            *ret_first_arrival = host->read_at;
        assert_int_equal(host->got.samples.visit, visit);
        g_array_append_vals(samples, host->got.samples.samples, host->got.samples.n_samples);
    }
    /* Its memory, before and after. */
    assert_int_equal(host->got.kind, FRAME_MEMORY);
    assert_int_equal(host->got.memory.visit, visit);
    before_ns = host->got.memory.stamp.raw_ns;
    assert_int_equal(agent_host_expect(host, FRAME_MEMORY)->memory.visit, visit);
    assert_true(host->got.memory.stamp.raw_ns >= before_ns);
    agent_host_expect(host, FRAME_MEASURED);
    assert_int_equal(host->got.measured.visit, visit);
    assert_int_equal(host->got.measured.n_sent, samples->len);
    *ret_lost = host->got.measured.n_lost;
    return samples;
}

Message
agent_host_load(const char *const *argv, const char *const *env)
{
    Message message = { .kind = FRAME_LOAD };

    assert_true(message_pack_strv(argv, message.load.argv, sizeof message.load.argv,
                                  &message.load.argv_len));
    assert_true(
        message_pack_strv(env, message.load.env, sizeof message.load.env, &message.load.env_len));
    return message;
}

Message
agent_host_load_shell(const char *script)
{
    return agent_host_load((const char *const[]){ "sh", "-c", script, NULL },
                           (const char *const[]){ NULL });
}
