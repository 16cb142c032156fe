/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>

#include "common/base/failure.h"
#include "common/base/swap.h"
#include "guestprobe/agent_private.h"
#include "guestprobe/guest_facts.h"
#include "guestprobe/known_loop.h"

static bool
on_hello_ask(Agent *agent, GError **error)
{
    g_autofree char *facts = guest_facts_json(agent->options.root, hypervisor_cpuid);

    agent->reply = (Message){ .kind = FRAME_HELLO,
                              .hello = { .version = WIRE_VERSION,
                                         .n_vcpus = (uint16_t) CPU_COUNT(&agent->cpus),
                                         .boot_id = agent->boot_id } };
    /* Half an object would be worse than none. */
    g_strlcpy(agent->reply.hello.facts, strlen(facts) < WIRE_FACTS_MAX ? facts : "{}",
              WIRE_FACTS_MAX);
    return agent_send(agent, error);
}

/* NULL with an error when the vector is no list of texts. */
static char **
unpack(const char *bytes, uint16_t len, const char *what, GError **error)
{
    char **strv = message_unpack_strv(bytes, len);

    if (!strv)
        failure_set(error, FAILURE_FAILED, "the %s do not end in a 0", what);
    return strv;
}

static bool
check_command(char **argv, char **env, GError **error)
{
    if (!argv[0] || !*argv[0])
        return failure_set(error, FAILURE_FAILED, "the command is empty");
    for (; *env; env++)
        if (!strchr(*env, '=') || **env == '=')
            return failure_set(error, FAILURE_FAILED,
                               "“%.100s” in the environment is not NAME=value", *env);
    return true;
}

static bool
on_load(Agent *agent, GError **error)
{
    const LoadMessage *load = &agent->request.load;
    g_autoptr(GError) why = NULL;
    g_auto(GStrv) argv = unpack(load->argv, load->argv_len, "arguments", &why);
    g_auto(GStrv) env = argv ? unpack(load->env, load->env_len, "variables", &why) : NULL;
    pid_t pid = 0;
    int refusal;

    if (!env || !check_command(argv, env, &why))
        return agent_fail(agent, why, error);

    refusal = load_start(agent->load, (const char *const *) argv, (const char *const *) env,
                         agent->task.n_events > 0 ? agent_count_load : NULL, agent, &pid);
    agent->reply =
        (Message){ .kind = FRAME_LOADED, .loaded = { .pid = (int32_t) pid, .error = refusal } };
    return agent_send(agent, error);
}

static bool
on_unload(Agent *agent, GError **error)
{
    g_autoptr(GError) why = NULL;

    g_clear_pointer(&agent->late_problem, g_free);
    if (!load_stop(agent->load, AGENT_UNLOAD_TIMEOUT_MS, &why))
        return agent_fail(agent, why, error);
    agent->reply = (Message){ .kind = FRAME_UNLOADED };
    return agent_send(agent, error);
}

void
agent_set_timer(Agent *agent)
{
    int64_t due_ns = agent->measurement.samples ? measurement_due_ns(&agent->measurement) : 0;
    const struct itimerspec at = { .it_value = { .tv_sec = due_ns / NS_PER_SECOND,
                                                 .tv_nsec = due_ns % NS_PER_SECOND } };

    timerfd_settime(agent->timer_fd, TFD_TIMER_ABSTIME, &at, NULL); /* zero: off */
}

static MemoryMessage
memory_now(const Agent *agent, uint32_t visit)
{
    SwapStats swap = swap_read(agent->options.root);

    return (MemoryMessage){ .visit = visit,
                            .stamp = stamp_now(),
                            .swap_total_kib = swap.total_kib,
                            .swap_used_kib = swap.used_kib,
                            .swapped_in_kib = swap.in_kib,
                            .swapped_out_kib = swap.out_kib };
}

static bool
send_memory(Agent *agent, const MemoryMessage *memory, GError **error)
{
    agent->reply = (Message){ .kind = FRAME_MEMORY, .memory = *memory };
    return agent_send(agent, error);
}

static bool
on_measure(Agent *agent, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (!agent->counters)
        return agent_send_problem(agent, FRAME_MEASURE,
                                  agent->task.n_events > 0
                                      ? "no load was started whose events could be counted"
                                      : "no events are armed: send ARM first",
                                  error);
    agent->memory_before = memory_now(agent, agent->request.measure.visit);
    if (!counter_set_restart_turns(agent->counters, &why) ||
        !measurement_begin(&agent->measurement, &agent->request.measure,
                           counter_set_size(agent->counters), measurement_clock_ns(), &why))
        return agent_fail(agent, why, error);
    agent->measurement.canary = canary_start(agent->options.root, agent->counters, NULL);
    agent_set_timer(agent);
    return true;
}

static bool
send_samples(Agent *agent, uint32_t from, GError **error)
{
    const Measurement *measurement = &agent->measurement;
    SamplesMessage *samples = &agent->reply.samples;
    uint32_t n = MIN(measurement->n_samples - from, WIRE_SAMPLES_PER_FRAME);

    agent->reply.kind = FRAME_SAMPLES;
    samples->visit = measurement->visit;
    samples->n_samples = (uint16_t) n;
    memcpy(samples->samples, measurement->samples + from, n * sizeof samples->samples[0]);
    return agent_send(agent, error);
}

bool
agent_finish_measurement(Agent *agent, GError **error)
{
    Measurement *measurement = &agent->measurement;
    MeasuredMessage measured = { .visit = measurement->visit,
                                 .n_sent = measurement->n_samples,
                                 .n_lost = measurement_lost(measurement) };
    MemoryMessage memory;
    bool sent = true;

    if (!measurement->samples)
        return true;

    memory = memory_now(agent, measured.visit);
    for (uint32_t from = 0; sent && from < measured.n_sent; from += WIRE_SAMPLES_PER_FRAME)
        sent = send_samples(agent, from, error);
    measurement_end(measurement);
    agent_set_timer(agent);
    if (!sent || !send_memory(agent, &agent->memory_before, error) ||
        !send_memory(agent, &memory, error))
        return false;
    agent->reply = (Message){ .kind = FRAME_MEASURED, .measured = measured };
    return agent_send(agent, error) && agent_send_late_problem(agent, error);
}

static void
run_loop(const LoopMessage *loop, const void *memory)
{
    if (loop->loop == WIRE_LOOP_OF_LOADS)
        known_loop_loads(loop->rounds, memory, KNOWN_LOOP_MEMORY_BYTES);
    else
        known_loop_branches(loop->rounds);
}

/* One sample of each CPU before the loop and one behind it. */
static bool
sample_loop(Agent *agent, GError **error)
{
    const MeasureMessage edges = { .visit = agent->request.loop.visit,
                                   .interval_ns = WIRE_INTERVAL_MIN_NS,
                                   .duration_ns = WIRE_INTERVAL_MIN_NS };
    Measurement *measurement = &agent->measurement;

    agent->memory_before = memory_now(agent, edges.visit);
    if (!measurement_begin(measurement, &edges, counter_set_size(agent->counters),
                           measurement_clock_ns(), error))
        return false;
    measurement_tick(measurement, agent->counters, agent->times, measurement->begin_ns);
    run_loop(&agent->request.loop, agent->loop_memory);
    measurement_tick(measurement, agent->counters, agent->times,
                     measurement->begin_ns + measurement->interval_ns);
    return true;
}

/* The memory stays for the next loop: the host, too, would count how it is made. */
static bool
on_loop(Agent *agent, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (!agent->counters)
        return agent_send_problem(agent, FRAME_LOOP, "no events are armed: send ARM first", error);
    if (agent->request.loop.loop == WIRE_LOOP_OF_LOADS && !agent->loop_memory)
        agent->loop_memory = known_loop_memory_new(&why);
    if (why || !sample_loop(agent, &why))
        return agent_fail(agent, why, error);
    return agent_finish_measurement(agent, error);
}

static bool
on_ping(Agent *agent, GError **error)
{
    const PingMessage *ping = &agent->request.ping;
    Stamp now;

    agent->reply = (Message){ .kind = FRAME_PONG };
    agent->reply.pong.sequence = ping->sequence;
    agent->reply.pong.t1_ns = ping->t1_ns;
    agent->reply.pong.t2_ns = agent->read_at.raw_ns;
    now = stamp_now();
    agent->reply.pong.t3_ns = now.raw_ns;
    agent->reply.pong.guest_tsc = now.tsc;
    agent->reply.pong.guest_wall_ns = now.wall_ns;
    return agent_send(agent, error);
}

static bool
on_work_ask(Agent *agent, GError **error)
{
    agent->reply = (Message){ .kind = FRAME_WORK };
    agent->reply.work.stamp = stamp_now();
    agent->reply.work.units = load_work(agent->load);
    return agent_send(agent, error);
}

static bool
on_symbols_ask(Agent *agent, GError **error)
{
    if (agent->measurement.samples)
        return agent_send_problem(agent, FRAME_SYMBOLS_ASK, "not while it measures", error);
    agent->reply.kind = FRAME_SYMBOLS;
    symbol_reader_read(&agent->symbols, agent->options.root, &agent->request.symbols_ask,
                       &agent->reply.symbols);
    return agent_send(agent, error);
}

static bool
on_bye(Agent *agent, GError **error)
{
    if (!agent->options.power_off)
        return agent_send_problem(agent, FRAME_BYE,
                                  "this probe may not power its guest off (it runs without "
                                  "--may-power-off, or is not the appliance's)",
                                  error);

    load_stop(agent->load, AGENT_UNLOAD_TIMEOUT_MS, NULL);
    agent->stop = true;
    agent->options.power_off();
    return true;
}

static const struct {
    FrameKind kind;
    bool (*handle)(Agent *agent, GError **error);
    bool ends_measurement;
} requests[] = {
    { FRAME_HELLO_ASK, on_hello_ask, false },
    { FRAME_ARM, agent_on_arm, true },
    { FRAME_ARM_TASK, agent_on_arm_task, true },
    { FRAME_ARM_TURNS, agent_on_arm_turns, true },
    { FRAME_LOAD, on_load, true },
    { FRAME_UNLOAD, on_unload, true },
    { FRAME_MEASURE, on_measure, true },
    { FRAME_PING, on_ping, false },
    { FRAME_BYE, on_bye, true },
    { FRAME_LOOP, on_loop, true },
    { FRAME_WORK_ASK, on_work_ask, false },
    { FRAME_SYMBOLS_ASK, on_symbols_ask, false },
};

bool
agent_fail(Agent *agent, const GError *why, GError **error)
{
    return agent_send_problem(agent, agent->request.kind, why->message, error);
}

bool
agent_handle_request(Agent *agent, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (requests[i].kind != agent->request.kind)
            continue;
        if (requests[i].ends_measurement && !agent_finish_measurement(agent, error))
            return false;
        return requests[i].handle(agent, error);
    }
    return agent_send_problem(agent, agent->request.kind, "this is no request to a guest", error);
}
