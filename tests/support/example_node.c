/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/example_node.h"

#include <math.h>

#define SECONDS 2.0
#define MS 1000000ull

static GuestView *
add_guest(NodeView *view, const char *name, double run_ms, double wait_ms)
{
    GuestView *guest = guest_view_new();
    VcpuView vcpu = { .run_ns = run_ms * MS, .wait_ns = wait_ms * MS };

    vcpu.total = (SchedReading){ 10 * vcpu.run_ns, 10 * vcpu.wait_ns, 1000 };
    guest->name = g_strdup(name);
    guest->pid = 1000 + (pid_t) view->guests->len;
    guest->run_ns = vcpu.run_ns;
    guest->wait_ns = vcpu.wait_ns;
    guest->memory_kib = 1024 * 1024;
    guest->rss_kib = 700 * 1024;
    guest->merged_pages = 12345;
    g_array_append_val(guest->vcpus, vcpu);
    g_ptr_array_add(view->guests, guest);
    view->n_vcpus++;
    view->memory_given_kib += guest->memory_kib;
    return guest;
}

static void
add_cause(GuestView *guest, BlameKind kind, const char *name, double wait_ms)
{
    g_ptr_array_add(guest->causes, cause_view_new(kind, name, wait_ms * MS));
}

static void
add_web(NodeView *view)
{
    GuestView *web = add_guest(view, "web-3", 900, 424);
    VcpuView *vcpu = &g_array_index(web->vcpus, VcpuView, 0);
    static const double counts[VIEW_EVENTS] = { 4e9, 3e9, 6e8, 1.2e7, 4e6 };

    web->title = g_strdup("Shop, front");
    web->uuid = g_strdup("5d3ab8a0-6c0b-4a7e-9d0c-1f2e3d4c5b6a");
    web->source = COUNTER_SOURCE_HARDWARE;
    web->exits = 25000;
    web->balloon_kib = 786432;
    web->io_stalled_us = 40000;
    web->cgroup.quota_percent = 80;
    web->throttled_ns = 38 * MS;
    web->cgroup.throttled_ns = 380 * MS;
    vcpu->counted = true;
    vcpu->enabled_ns = vcpu->running_ns = vcpu->total.run_ns;
    for (int event = 0; event < VIEW_EVENTS; event++) {
        web->counts[event] = counts[event];
        vcpu->counts[event] = 10 * counts[event];
    }
    add_cause(web, BLAME_HOST, "ksmd", 85);
    add_cause(web, BLAME_GUEST, "db-1", 301);
    add_cause(web, BLAME_QUOTA, "", 38);
}

NodeView *
example_node_with(unsigned n)
{
    NodeView *view = node_view_new();
    PairView *pair = g_new0(PairView, 1);

    view->wall_ns = 1700000000000000000;
    view->seconds = SECONDS;
    view->n_cpus = 2;
    for (unsigned cpu = 0; cpu < 2; cpu++)
        g_array_append_val(view->cpus, ((CpuView){ cpu, cpu ? 0.98 : 0.4 }));
    view->memory = (MemoryStats){ 4194304, 1048576, 0, 0 };
    view->has_ksm = true;
    view->ksm.run = 1;
    view->ksm.pages_sharing = 51200;
    view->ksmd_ratio = 0.05;
    view->has_pressure = true;
    view->pressure.cpu_some_us = 5000000;
    view->has_blame = true;
    view->take_seconds = 0.001;

    add_web(view);
    add_cause(add_guest(view, "db-1", 1900, 19), BLAME_GUEST, "web-3", 19);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("bulk-%03u", i);

        add_cause(add_guest(view, name, 100, 18 - i * 0.05), BLAME_GUEST, "db-1", 18 - i * 0.05);
    }
    add_guest(view, "idle-1", 2, 0);
    for (guint i = 0; i < view->guests->len; i++)
        guest_view_finish(view->guests->pdata[i], SECONDS);

    pair->guest = g_strdup("web-3");
    pair->other = g_strdup("db-1");
    pair->run_ns = 1500 * MS;
    g_ptr_array_add(view->pairs, pair);
    return view;
}

NodeView *
example_node(void)
{
    return example_node_with(0);
}
