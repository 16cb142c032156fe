/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "guestprobe/agent.h"
#include "guestprobe/cmd.h"
#include "guestprobe/port.h"
#include "guestprobe/realtime.h"

/* A port without a host says so only when asked. */
#define NO_HOST_MS 100

static void
power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
}

/* Only where process 1 is the appliance's init or we are: nobody else's guest ends by our word. */
static bool
is_appliance(void)
{
    return getpid() == 1 || getppid() == 1;
}

/* True: a signal asked to end. False with the reason why there is no host any more. */
static bool
serve_one_host(Agent *agent, const char *path, GError **error)
{
    int fd = port_open(path, error);
    g_autoptr(Channel) channel = NULL;

    if (fd < 0)
        return false;
    channel = channel_new(fd);
    while (!port_has_host(fd))
        if (agent_pause(agent, NO_HOST_MS))
            return true;
    return agent_serve(agent, channel, error);
}

/* Host after host, until a signal ends it. A reason that repeats itself is said once. */
static void
serve(Agent *agent, const char *path)
{
    g_autofree char *said = NULL;

    for (;;) {
        g_autoptr(GError) ended = NULL;

        if (serve_one_host(agent, path, &ended))
            return;
        if (g_strcmp0(said, ended->message) != 0)
            fprintf(stderr, "guestprobe: %s: %s; waiting for the next host\n", path,
                    ended->message);
        g_free(said);
        said = g_strdup(ended->message);
        if (agent_pause(agent, NO_HOST_MS))
            return;
    }
}

int
cmd_agent(const Options *options, GError **error)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autofree char *path = options->port ? g_strdup(options->port) : port_find(root, error);
    const AgentOptions agent_options = {
        .root = root,
        .power_off = options->may_power_off && is_appliance() ? power_off : NULL,
    };
    g_autoptr(Agent) agent = NULL;

    if (!path)
        return -1;
    if (access(path, F_OK) != 0) {
        port_open(path, error); /* says why */
        return -1;
    }
    agent = agent_new(&agent_options, error);
    if (!agent)
        return -1;
    realtime_enter();
    serve(agent, path);
    return 0;
}
