/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the agent's loop (agent.c) and its answers (agent_requests.c) share. */
#pragma once

#include <sched.h>

#include "guestprobe/agent.h"
#include "guestprobe/counter_set.h"
#include "guestprobe/cpu_times.h"
#include "guestprobe/load.h"
#include "guestprobe/measurement.h"
#include "guestprobe/symbol_reader.h"

#define AGENT_SEND_TIMEOUT_MS 5000
#define AGENT_UNLOAD_TIMEOUT_MS 10000

struct Agent {
    AgentOptions options;
    uint64_t boot_id;
    cpu_set_t cpus; /* online when the agent began */
    int timer_fd, signal_fd;
    bool stop; /* a signal asked for it, or the guest is powered off */

    Channel *channel; /* of the host that is served now */
    Message request, reply;
    Stamp read_at; /* when the request's bytes were read */

    CounterSet *counters; /* NULL: nothing is armed, or what is armed waits for a load */
    ArmMessage task;      /* what each load is counted by; no events: CPUs are counted */
    CpuTimesReader *times;
    Measurement measurement;
    MemoryMessage memory_before; /* of the measurement that goes on, when it was asked for */
    Load *load;
    void *loop_memory;  /* of the loop of loads, once it was asked for; NULL */
    char *late_problem; /* how the load ended, until it may be said */
    SymbolReader symbols;
};

/* Sends agent->reply. */
bool agent_send(Agent *agent, GError **error);
bool agent_send_problem(Agent *agent, uint16_t about, const char *text, GError **error);
bool agent_send_late_problem(Agent *agent, GError **error);

/* As much of the text as fits, whole characters, UTF-8. */
void agent_copy_text(char *to, const char *text, size_t size);

/* Answers agent->request with a PROBLEM. */
bool agent_fail(Agent *agent, const GError *why, GError **error);

/* ARM, ARM_TASK, ARM_TURNS. */
bool agent_on_arm(Agent *agent, GError **error);
bool agent_on_arm_task(Agent *agent, GError **error);
bool agent_on_arm_turns(Agent *agent, GError **error);

/* A LoadForked: the load's own counters, which count from its exec(3) on. `data` is the Agent. */
bool agent_count_load(pid_t pid, void *data);

/* Does agent->request; false only when the answer could not be sent. */
bool agent_handle_request(Agent *agent, GError **error);

/* Makes the timer go off at the measurement's next tick. */
void agent_set_timer(Agent *agent);

/* Sends what was measured so far, if anything was, and forgets it. */
bool agent_finish_measurement(Agent *agent, GError **error);
