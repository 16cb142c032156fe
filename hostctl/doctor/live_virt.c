/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/live.h"
#include "hostctl/link/guest_link.h"
#include "hostctl/virt/connection.h"
#include "hostctl/virt/guest.h"
#include "hostctl/virt/perf_domains.h"

#define HELLO_MS 3000

static void
free_guest(void *data)
{
    DoctorGuest *guest = data;

    g_free(guest->name);
    g_free(guest->facts);
    g_free(guest);
}

static DoctorGuest *
ask_guest(const Guest *guest, const Interrupt *interrupt)
{
    g_autofree char *socket = NULL;
    g_autoptr(GuestLink) link = NULL;
    HelloMessage hello;
    DoctorGuest *said;

    if (!guest_channel_path(guest, &socket, NULL) ||
        !(link = guest_link_open(guest_name(guest), socket, NULL)) ||
        !guest_link_hello(link, HELLO_MS, interrupt, &hello, NULL))
        return NULL;
    said = g_new0(DoctorGuest, 1);
    said->name = g_strdup(guest_name(guest));
    said->facts = g_strdup(hello.facts);
    return said;
}

/* One is enough: guests of one host differ by their XML only, and a silent one takes its time. */
static void
ask_guests(DoctorLive *live, Connection *connection, const Interrupt *interrupt)
{
    g_autoptr(GPtrArray) guests = NULL;

    if (!guest_list_ours(connection, &guests, NULL))
        return;
    for (guint i = 0; i < guests->len && live->guests->len == 0; i++) {
        DoctorGuest *said = ask_guest(guests->pdata[i], interrupt);

        if (said)
            g_ptr_array_add(live->guests, said);
    }
}

void
doctor_live_look_virt(DoctorLive *live, const char *uri, const Interrupt *interrupt)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(State) state = state_open(&error);
    g_autoptr(Connection) connection = NULL;

    live->guests = g_ptr_array_new_with_free_func(free_guest);
    if (!state ||
        !(connection = connection_open(uri, state, CONNECTION_TIMEOUT_MS, interrupt, &error))) {
        live->virt_problem = g_strdup(error->message);
        /* The embedded driver serves one process at a time: a run has it for itself. */
        live->virt_busy = state && !state_lock(state, NULL);
        return;
    }
    live->virt_uri = g_strdup(connection_uri(connection));
    live->libvirt_version = g_strdup(connection_libvirt_version(connection));
    live->qemu_version = g_strdup(connection_hypervisor_version(connection));
    perf_domains_list(connection, &live->perf_domains, NULL);

    /* While a run measures, nobody talks to its guests; those of another machine have no socket
     * here. */
    if (!connection_is_remote(connection) && state_lock(state, NULL))
        ask_guests(live, connection, interrupt);
}
