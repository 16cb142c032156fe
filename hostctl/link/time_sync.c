/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/link/time_sync.h"

#include "common/base/failure.h"
#include "common/base/fault.h"

#define ECHO_TIMEOUT_MS 1000
/* In a burst each earlier ping can have one; more of them is a flood. */
#define MAX_LATE_ECHOES 64

static bool
take_ping(GuestLink *link, uint32_t sequence, const Interrupt *interrupt, Message *reply,
          TimeSyncPing *ret_ping, GError **error)
{
    Stamp sent = stamp_now(), read_at;
    const Message ping = { .kind = FRAME_PING,
                           .ping = { .sequence = sequence, .t1_ns = sent.raw_ns } };

    if (!guest_link_send(link, &ping, error))
        return false;
    /* An echo that came late belongs to an earlier ping: its sequence number tells. */
    for (unsigned i = 0; i == 0 || reply->pong.sequence != sequence; i++) {
        if (i > MAX_LATE_ECHOES)
            return failure_set(error, FAILURE_FAILED, "guest %s: echoes that nobody asked for",
                               guest_link_name(link));
        if (!guest_link_await(link, FRAME_PONG, ECHO_TIMEOUT_MS, interrupt, reply, &read_at, error))
            return false;
    }

    *ret_ping = (TimeSyncPing){
        .t1_ns = sent.raw_ns,
        .t2_ns = reply->pong.t2_ns,
        .t3_ns = reply->pong.t3_ns,
        .t4_ns = read_at.raw_ns,
        .host_tsc = sent.tsc,
        .guest_tsc = reply->pong.guest_tsc,
        .guest_wall_ns = reply->pong.guest_wall_ns,
    };
    return true;
}

bool
time_sync_burst(GuestLink *link, unsigned n, int budget_ms, const Interrupt *interrupt,
                GArray *pings, GError **error)
{
    g_autofree Message *reply = g_new0(Message, 1);
    int64_t deadline_ns = clock_raw_ns() + budget_ms * NS_PER_MS;
    g_autoptr(GError) lost = NULL;
    unsigned taken = 0;

    for (uint32_t i = 0; i < n && clock_raw_ns() < deadline_ns; i++) {
        int64_t next_ns = clock_raw_ns() + TIME_SYNC_GAP_NS;
        TimeSyncPing ping;

        fault_point("clock.echo");
        g_clear_error(&lost);
        if (take_ping(link, i, interrupt, reply, &ping, &lost)) {
            g_array_append_val(pings, ping);
            taken++;
        }
        if (!interrupt_sleep_until(interrupt, next_ns, error))
            return false;
    }
    if (taken == 0)
        return failure_set(error, FAILURE_FAILED, "no clock echo came back: %s",
                           lost ? lost->message : "no time for one");
    return true;
}
