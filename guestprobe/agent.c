/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "guestprobe/agent_private.h"
#include "guestprobe/child.h"
#include "guestprobe/guest_facts.h"
#include "guestprobe/known_loop.h"

Agent *
agent_new(const AgentOptions *options, GError **error)
{
    g_autoptr(Agent) agent = g_new0(Agent, 1);
    sigset_t signals;

    agent->options = *options;
    agent->timer_fd = agent->signal_fd = -1;
    agent->symbols = (SymbolReader){ .fd = -1 };
    agent->boot_id = guest_boot_id(options->root);
    if (!guest_cpus(options->root, &agent->cpus, error))
        return NULL;
    agent->times = cpu_times_open(options->root, &agent->cpus, error);
    if (!agent->times)
        return NULL;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    agent->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    agent->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (agent->signal_fd < 0 || agent->timer_fd < 0) {
        failure_set_errno(error, errno, "making the agent's timer and signal descriptors");
        return NULL;
    }
    agent->load = load_new();
    return g_steal_pointer(&agent);
}

void
agent_free(Agent *agent)
{
    if (!agent)
        return;

    load_free(agent->load);
    measurement_end(&agent->measurement);
    counter_set_close(agent->counters);
    cpu_times_close(agent->times);
    symbol_reader_close(&agent->symbols);
    if (agent->timer_fd >= 0)
        close(agent->timer_fd);
    if (agent->signal_fd >= 0)
        close(agent->signal_fd);
    g_free(agent->late_problem);
    g_free(agent);
}

bool
agent_send(Agent *agent, GError **error)
{
    return channel_send(agent->channel, &agent->reply, AGENT_SEND_TIMEOUT_MS, error);
}

bool
agent_send_problem(Agent *agent, uint16_t about, const char *text, GError **error)
{
    agent->reply = (Message){ .kind = FRAME_PROBLEM, .problem = { .about = about } };
    agent_copy_text(agent->reply.problem.text, text, sizeof agent->reply.problem.text);
    return agent_send(agent, error);
}

void
agent_copy_text(char *to, const char *text, size_t size)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    size_t len = strlen(valid);

    if (len >= size)
        len = (size_t) (g_utf8_find_prev_char(valid, valid + size) - valid);
    memcpy(to, valid, len);
    to[len] = '\0';
}

/* A load that did what it was asked for and ended is no problem; any other end is. */
static bool
on_load_end(Agent *agent, int status, GError **error)
{
    if (child_exit_code(status) == 0)
        return true;

    g_free(agent->late_problem);
    agent->late_problem =
        WIFSIGNALED(status)
            ? g_strdup_printf("the load was ended by signal %d (%s)", WTERMSIG(status),
                              strsignal(WTERMSIG(status)))
            : g_strdup_printf("the load ended by itself with exit status %d", WEXITSTATUS(status));
    return agent_send_late_problem(agent, error);
}

bool
agent_send_late_problem(Agent *agent, GError **error)
{
    g_autofree char *text = NULL;

    if (agent->measurement.samples || !agent->late_problem)
        return true; /* nothing is sent inside a measuring window */
    text = g_steal_pointer(&agent->late_problem);
    return agent_send_problem(agent, FRAME_LOAD, text, error);
}

static bool
on_signals(Agent *agent, GError **error)
{
    struct signalfd_siginfo info;
    bool child_ended = false;
    int status;

    while (read(agent->signal_fd, &info, sizeof info) == sizeof info) {
        child_ended |= info.ssi_signo == SIGCHLD;
        agent->stop |= info.ssi_signo != SIGCHLD;
    }
    return !child_ended || !load_reap(agent->load, &status) || on_load_end(agent, status, error);
}

static bool
on_timer(Agent *agent, GError **error)
{
    uint64_t expirations;

    if (read(agent->timer_fd, &expirations, sizeof expirations) < 0 || !agent->measurement.samples)
        return true;
    if (measurement_tick(&agent->measurement, agent->counters, agent->times,
                         measurement_clock_ns()))
        return agent_finish_measurement(agent, error);
    agent_set_timer(agent);
    return true;
}

static bool
on_channel(Agent *agent, GError **error)
{
    for (;;) {
        g_autoptr(GError) bad = NULL;
        int got = channel_receive(agent->channel, &agent->request, &agent->read_at, &bad);

        if (got == 0)
            return true;
        if (got < 0 && !channel_is_open(agent->channel)) {
            g_propagate_error(error, g_steal_pointer(&bad));
            return false;
        }
        if (got < 0 ? !agent_send_problem(agent, 0, bad->message, error)
                    : !agent_handle_request(agent, error))
            return false;
    }
}

static bool
serve_round(Agent *agent, GError **error)
{
    struct pollfd fds[] = {
        { .fd = agent->timer_fd, .events = POLLIN },
        { .fd = agent->signal_fd, .events = POLLIN },
        { .fd = channel_fd(agent->channel), .events = POLLIN },
    };

    if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
        return errno == EINTR || failure_set_errno(error, errno, "waiting for the host");
    return (!fds[0].revents || on_timer(agent, error)) &&
           (!fds[1].revents || on_signals(agent, error)) &&
           (!fds[2].revents || on_channel(agent, error));
}

bool
agent_serve(Agent *agent, Channel *channel, GError **error)
{
    bool alive;

    agent->channel = channel;
    agent->request = (Message){ .kind = FRAME_HELLO_ASK };
    alive = agent_handle_request(agent, error);
    while (alive && !agent->stop)
        alive = serve_round(agent, error);

    measurement_end(&agent->measurement);
    known_loop_memory_free(g_steal_pointer(&agent->loop_memory));
    symbol_reader_close(&agent->symbols);
    agent->channel = NULL;
    return alive;
}

bool
agent_pause(Agent *agent, int ms)
{
    struct pollfd signals = { .fd = agent->signal_fd, .events = POLLIN };
    struct signalfd_siginfo info;
    int status;

    if (poll(&signals, 1, ms) <= 0)
        return agent->stop;
    while (read(agent->signal_fd, &info, sizeof info) == sizeof info)
        agent->stop |= info.ssi_signo != SIGCHLD;
    load_reap(agent->load, &status);
    return agent->stop;
}
