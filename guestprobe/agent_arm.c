/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests that say what counts: on each CPU, about each load, or by turns. */
#include <string.h>

#include "common/base/failure.h"
#include "guestprobe/agent_private.h"

static_assert((int) WIRE_SOURCE_AUTO == COUNTER_SOURCE_AUTO &&
                  (int) WIRE_SOURCE_HARDWARE == COUNTER_SOURCE_HARDWARE &&
                  (int) WIRE_SOURCE_EMULATED == COUNTER_SOURCE_EMULATED &&
                  (int) WIRE_SOURCE_SOFTWARE == COUNTER_SOURCE_SOFTWARE,
              "sources are the same on the wire and in common/pmu");

static CounterSet *
open_counters(Agent *agent, const ArmMessage *arm, GError **error)
{
    const char *events[EVENT_MAX + 1] = { NULL };

    for (unsigned i = 0; i < arm->n_events; i++)
        events[i] = arm->events[i];
    return counter_set_open((CounterSource) arm->source, agent->options.root, &agent->cpus, events,
                            agent->options.kernel, error);
}

static bool
send_armed(Agent *agent, GError **error)
{
    Counters *first;
    ArmedMessage *armed = &agent->reply.armed;

    first = counter_set_at(agent->counters, 0);
    agent->reply = (Message){ .kind = FRAME_ARMED };
    armed->source = (uint8_t) counters_source(first);
    armed->n_events = (uint8_t) counters_n_events(first);
    for (unsigned i = 0; i < armed->n_events; i++)
        armed->error[i] = counters_event_errno(first, i);
    agent_copy_text(armed->text, counters_problem(first), sizeof armed->text);
    return agent_send(agent, error);
}

bool
agent_on_arm(Agent *agent, GError **error)
{
    g_autoptr(GError) why = NULL;

    agent->task.n_events = 0;
    counter_set_close(g_steal_pointer(&agent->counters));
    agent->counters = open_counters(agent, &agent->request.arm, &why);
    if (!agent->counters)
        return agent_fail(agent, why, error);
    return send_armed(agent, error);
}

/* The turns as a layout; false with an error when they are not as documented. */
static bool
read_turns(const ArmTurnsMessage *wanted, BudgetLayout *layout, GError **error)
{
    const uint32_t all = (uint32_t) ((1ull << wanted->arm.n_events) - 1);

    static_assert(WIRE_TURNS_MAX >= BUDGET_PHASE_MAX, "every layout can be asked for");
    if (wanted->arm.source != WIRE_SOURCE_HARDWARE && wanted->arm.source != WIRE_SOURCE_SOFTWARE)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "only counters of the kernel can take turns");
    if (wanted->arm.n_events == 0 || wanted->arm.n_events >= EVENT_MAX)
        return failure_set(error, FAILURE_FAILED, "%u events cannot take turns (1 to %d can)",
                           wanted->arm.n_events, EVENT_MAX - 1);
    if (wanted->n_turns > BUDGET_PHASE_MAX)
        return failure_set(error, FAILURE_FAILED, "%u turns (at most %d)", wanted->n_turns,
                           BUDGET_PHASE_MAX);
    *layout = (BudgetLayout){ .turn_windows = wanted->turn_windows, .n_phases = wanted->n_turns };
    for (unsigned i = 0; i < wanted->n_turns; i++) {
        if (wanted->turns[i] & ~all || (i == 0 && wanted->turns[i] != all))
            return failure_set(error, FAILURE_FAILED,
                               "turn %u has other events than those that were named", i + 1);
        layout->phases[i].guest = wanted->turns[i];
    }
    return true;
}

bool
agent_on_arm_turns(Agent *agent, GError **error)
{
    const ArmTurnsMessage *wanted = &agent->request.arm_turns;
    const char *events[EVENT_MAX + 1] = { NULL };
    g_autofree BudgetLayout *layout = g_new0(BudgetLayout, 1);
    g_autoptr(GError) why = NULL;

    agent->task.n_events = 0;
    counter_set_close(g_steal_pointer(&agent->counters));
    if (!read_turns(wanted, layout, &why))
        return agent_fail(agent, why, error);
    for (unsigned i = 0; i < wanted->arm.n_events; i++)
        events[i] = wanted->arm.events[i];
    agent->counters = counter_set_open_turns((CounterSource) wanted->arm.source, &agent->cpus,
                                             events, layout, agent->options.kernel, &why);
    if (!agent->counters)
        return agent_fail(agent, why, error);
    return send_armed(agent, error);
}

/* Which events can count is asked on the CPUs, where that can be known before a load is there. */
bool
agent_on_arm_task(Agent *agent, GError **error)
{
    g_autoptr(GError) why = NULL;
    bool sent;

    agent->task.n_events = 0;
    counter_set_close(g_steal_pointer(&agent->counters));
    agent->counters = open_counters(agent, &agent->request.arm, &why);
    if (!agent->counters)
        return agent_fail(agent, why, error);
    if (counters_source(counter_set_at(agent->counters, 0)) == COUNTER_SOURCE_EMULATED) {
        counter_set_close(g_steal_pointer(&agent->counters));
        return agent_send_problem(agent, FRAME_ARM_TASK,
                                  "the emulated page counts the whole guest, not one task", error);
    }
    sent = send_armed(agent, error);
    counter_set_close(g_steal_pointer(&agent->counters));
    agent->task = agent->request.arm;
    return sent;
}

bool
agent_count_load(pid_t pid, void *data)
{
    Agent *agent = data;
    const char *events[EVENT_MAX + 1] = { NULL };
    g_autoptr(GError) why = NULL;

    for (unsigned i = 0; i < agent->task.n_events; i++)
        events[i] = agent->task.events[i];
    counter_set_close(g_steal_pointer(&agent->counters));
    agent->counters = counter_set_open_command((CounterSource) agent->task.source,
                                               agent->options.root, pid, events, &why);
    if (!agent->counters) {
        g_free(agent->late_problem);
        agent->late_problem = g_strdup_printf("the load cannot be counted: %s", why->message);
    }
    return agent->counters != NULL;
}
