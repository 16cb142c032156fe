/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/guest_view.h"

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/link/time_sync.h"
#include "hostctl/run/counter_layout.h"

#define FETCH_TIMEOUT_MS 15000
#define ECHO_BUDGET_MS 3000
#define WORK_TIMEOUT_MS 10000

/* One interval more than the host measures: see visit.c. */
static int64_t
duration_ns(const Plan *plan)
{
    return (int64_t) (plan->measure_seconds * NS_PER_SECOND) + plan->interval_ms * NS_PER_MS;
}

bool
guest_view_start(Lab *lab, FleetGuest *micro, int64_t visit_id, GError **error)
{
    const Message request = {
        .kind = FRAME_MEASURE,
        .measure = {
            .visit = (uint32_t) visit_id,
            .interval_ns = lab->plan->interval_ms * NS_PER_MS,
            .duration_ns = duration_ns(lab->plan),
        },
    };

    micro->measure_asked = stamp_now();
    if (!guest_link_send(micro->link, &request, error))
        return false;
    fault_point("view.start");
    return true;
}

/* A guest that counts by turns says behind its counts whose turn it was. */
static int64_t
turn_of(const Lab *lab, const WireSample *sample, guint n_events)
{
    const BudgetLayout *layout = lab->rig->layout;
    uint64_t turn = n_events < sample->n_values ? sample->values[n_events] : 0;

    return layout && counter_layout_guest_takes_turns(layout) && turn <= layout->n_phases
               ? (int64_t) turn
               : 0;
}

static bool
write_sample(Lab *lab, const FleetGuest *micro, int64_t visit_id, const WireSample *sample,
             GError **error)
{
    GuestSampleRow row = {
        .key = { micro->row_id, sample->vcpu, visit_id, sample->stamp },
        .steal_ns = sample->steal_ns,
        .busy_ns = sample->busy_ns,
        .canary_branches = sample->canary_branches,
        .canary_misses = sample->canary_misses,
    };
    guint n_events = g_strv_length(lab->plan->events);

    row.phase = turn_of(lab, sample, n_events);
    for (guint i = 0; i < n_events; i++)
        row.cells.counts[i] = i < sample->n_values ? sample->values[i] : ABSENT_U64;
    row.cells.enabled_ns[0] = sample->enabled_ns;
    row.cells.running_ns[0] = sample->running_ns;
    return writer_guest_sample(lab->writer, &row, error);
}

static bool
write_samples(Lab *lab, const FleetGuest *micro, int64_t visit_id, const SamplesMessage *samples,
              unsigned *room, GError **error)
{
    if (samples->visit != (uint32_t) visit_id)
        return true;
    if (!writer_begin(lab->writer, error))
        return false;
    for (unsigned i = 0; i<samples->n_samples && * room> 0; i++) {
        if (samples->samples[i].vcpu >= micro->vcpus)
            continue;
        if (!write_sample(lab, micro, visit_id, &samples->samples[i], error))
            return false;
        (*room)--;
    }
    return writer_commit(lab->writer, error);
}

/* The first was taken when the guest was asked to measure, the second before it answered. */
static bool
write_memory(Lab *lab, const FleetGuest *micro, int64_t visit_id, const MemoryMessage *memory,
             unsigned *n_written, GError **error)
{
    MemorySampleRow row = memory_sample_row_none;

    if (memory->visit != (uint32_t) visit_id || *n_written >= 2)
        return true;
    row.guest_id = micro->row_id;
    row.visit_id = visit_id;
    row.stamp = *n_written == 0 ? micro->measure_asked : stamp_now();
    row.swap_used_kib = memory->swap_used_kib;
    row.swap_total_kib = memory->swap_total_kib;
    row.swapped_in_kib = memory->swapped_in_kib;
    row.swapped_out_kib = memory->swapped_out_kib;
    (*n_written)++;
    return writer_begin(lab->writer, error) && writer_memory_sample(lab->writer, &row, error) &&
           writer_commit(lab->writer, error);
}

bool
guest_view_fetch(Lab *lab, FleetGuest *micro, int64_t visit_id, GError **error)
{
    static const FrameKind answers[] = { FRAME_SAMPLES, FRAME_MEMORY, FRAME_MEASURED };
    g_autofree Message *message = g_new0(Message, 1);
    int64_t interval_ns = lab->plan->interval_ms * NS_PER_MS;
    int64_t ticks = duration_ns(lab->plan) / interval_ns + 1;
    unsigned room = (unsigned) ticks * micro->vcpus;
    unsigned most_frames = 2 * room + 4, frames = 0, n_memory = 0;
    int64_t deadline_ns = clock_raw_ns() + FETCH_TIMEOUT_MS * NS_PER_MS;

    for (;;) {
        int left_ms = (int) ((deadline_ns - clock_raw_ns()) / NS_PER_MS);

        if (!interrupt_check(lab->interrupt, error))
            return false;
        if (left_ms <= 0 || frames++ > most_frames)
            return failure_set(error, FAILURE_FAILED,
                               "guest %s: its samples do not end (%u frames)", micro->name, frames);
        /* One await takes all kinds: SAMPLES come first, MEASURED says that was all. */
        if (!guest_link_await_any(micro->link, answers, G_N_ELEMENTS(answers), left_ms,
                                  lab->interrupt, message, error))
            return false;
        if (message->kind == FRAME_MEASURED && message->measured.visit == (uint32_t) visit_id)
            break;
        if (message->kind == FRAME_SAMPLES &&
            !write_samples(lab, micro, visit_id, &message->samples, &room, error))
            return false;
        if (message->kind == FRAME_MEMORY &&
            !write_memory(lab, micro, visit_id, &message->memory, &n_memory, error))
            return false;
    }

    fault_point("view.fetch");
    if (message->measured.n_lost > 0)
        return lab_note(lab, visit_id, micro->row_id, "warning", error,
                        "guest %s: its probe lost %u ticks", micro->name, message->measured.n_lost);
    return true;
}

bool
guest_view_work(Lab *lab, FleetGuest *micro, WorkMessage *ret_work, GError **error)
{
    const Message request = { .kind = FRAME_WORK_ASK };
    g_autofree Message *reply = g_new0(Message, 1);

    if (!guest_link_ask(micro->link, &request, FRAME_WORK, WORK_TIMEOUT_MS, lab->interrupt, reply,
                        error)) {
        g_prefix_error(error, "guest %s: its work: ", micro->name);
        return false;
    }
    *ret_work = reply->work;
    return true;
}

bool
guest_view_echo(Lab *lab, FleetGuest *micro, int64_t visit_id, GError **error)
{
    g_autoptr(GArray) pings = g_array_new(FALSE, FALSE, sizeof(TimeSyncPing));

    if (!time_sync_burst(micro->link, TIME_SYNC_BURST, ECHO_BUDGET_MS, lab->interrupt, pings,
                         error)) {
        g_prefix_error(error, "guest %s: ", micro->name);
        return false;
    }
    if (!writer_begin(lab->writer, error))
        return false;
    for (guint i = 0; i < pings->len; i++) {
        const TimeSyncPing *ping = &g_array_index(pings, TimeSyncPing, i);
        const PingRow row = {
            micro->row_id, visit_id,       ping->t1_ns,     ping->t2_ns,         ping->t3_ns,
            ping->t4_ns,   ping->host_tsc, ping->guest_tsc, ping->guest_wall_ns,
        };

        if (!writer_ping(lab->writer, &row, error))
            return false;
    }
    return writer_commit(lab->writer, error);
}
