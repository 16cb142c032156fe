/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guest's end of the wire: does what the host asks, and says what came of it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/pmu/pmu_kernel.h"
#include "common/wire/channel.h"

typedef struct {
    const Sysroot *root;     /* where facts, CPUs and the counter page are looked for */
    const PmuKernel *kernel; /* NULL: the machine we run on */
    void (*power_off)(void); /* what BYE does; NULL: refuse it */
} AgentOptions;

typedef struct Agent Agent;

/*
 * Blocks SIGCHLD, SIGTERM, SIGINT and SIGHUP for itself. The options are copied, what they point to
 * must outlive the agent. Error: no descriptors left.
 */
Agent *agent_new(const AgentOptions *options, GError **error);
void agent_free(Agent *agent); /* ends its load */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Agent, agent_free)

/*
 * Serves one host until its channel ends. A measurement ends with it; the load and what is armed
 * stay for the next host. True when a signal asked the agent to end; false with an error that says
 * why the channel ended.
 */
bool agent_serve(Agent *agent, Channel *channel, GError **error);

/* Sleeps unless a signal asks the agent to end: then true, at once. */
bool agent_pause(Agent *agent, int ms);
