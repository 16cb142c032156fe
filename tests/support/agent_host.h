/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's side of an agent under test, which runs in a process of its own at the other end of a
 * socket pair. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/wire/channel.h"

#define AGENT_POWERED_OFF 42 /* the agent's exit code when it powered its guest off */

typedef struct {
    Channel *host;
    int second_host; /* the end for the next host, once the first has hung up */
    pid_t agent;
    Message got;
    Stamp read_at;
} AgentHost;

void agent_host_start(AgentHost *host, bool may_power_off);
/* Hangs up as both hosts and waits; gives the agent's exit code. */
int agent_host_end(AgentHost *host);

/* The same as set-up and tear-down of a cmocka test. */
int agent_host_set_up(void **state);
int agent_host_tear_down(void **state);

/* Each fails the test when it cannot; what comes is also kept in host->got. */
void agent_host_tell(AgentHost *host, const Message *message);
const Message *agent_host_next(AgentHost *host);
const Message *agent_host_expect(AgentHost *host, FrameKind kind);
const Message *agent_host_ask(AgentHost *host, const Message *message, FrameKind answer);

/*
 * Takes all SAMPLES of a visit and its MEASURED: an array of WireSample. `ret_first_arrival`
 * (may be NULL): when the first were read.
 */
GArray *agent_host_take_samples(AgentHost *host, uint32_t visit, uint32_t *ret_lost,
                                Stamp *ret_first_arrival);

/* LOAD of a command; of a shell script. */
Message agent_host_load(const char *const *argv, const char *const *env);
Message agent_host_load_shell(const char *script);

/* Requests that many tests send: three events of which cycles does not count; a ping with sequence
 * 77; 500 ms in windows of 100 ms as visit 9. */
extern const Message agent_host_arm, agent_host_unload, agent_host_ping, agent_host_measure;
