/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/ring/ring_gather.h"

struct RingGather {
    GHashTable *guests; /* name -> GuestSum */
    double seconds;
    int64_t wall_ns; /* of the last look */
};

typedef struct {
    double seconds;
    bool has_blame;
    GuestView *sum; /* run_ns, wait_ns, causes */
    guint vcpus;
} GuestSum;

static void
guest_sum_free(void *data)
{
    GuestSum *guest = data;

    guest_view_free(guest->sum);
    g_free(guest);
}

RingGather *
ring_gather_new(void)
{
    RingGather *gather = g_new0(RingGather, 1);

    gather->guests = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, guest_sum_free);
    return gather;
}

void
ring_gather_free(RingGather *gather)
{
    if (!gather)
        return;

    g_hash_table_unref(gather->guests);
    g_free(gather);
}

static GuestSum *
find_guest(RingGather *gather, const char *name)
{
    GuestSum *guest = g_hash_table_lookup(gather->guests, name);

    if (!guest) {
        guest = g_new0(GuestSum, 1);
        guest->sum = guest_view_new();
        guest->sum->name = g_strdup(name);
        g_hash_table_insert(gather->guests, guest->sum->name, guest);
    }
    return guest;
}

void
ring_gather_add(RingGather *gather, const NodeView *view)
{
    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *seen = view->guests->pdata[i];
        GuestSum *guest = find_guest(gather, seen->name);

        guest->seconds += view->seconds;
        guest->has_blame = view->has_blame;
        guest->vcpus = seen->vcpus->len;
        guest->sum->run_ns += seen->run_ns;
        guest->sum->wait_ns += seen->wait_ns;
        for (guint k = 0; k < seen->causes->len; k++) {
            const CauseView *cause = seen->causes->pdata[k];

            guest_view_add_cause(guest->sum, cause->kind, cause->name, cause->wait_ns);
        }
    }
    gather->seconds += view->seconds;
    gather->wall_ns = view->wall_ns;
}

bool
ring_gather_is_full(const RingGather *gather)
{
    return gather->seconds >= RING_INTERVAL_SECONDS - 0.5;
}

static RingRecord
make_record(const GuestSum *guest, int64_t wall_ns)
{
    RingRecord record = {
        .wall_ns = wall_ns,
        .interval_ns = (uint64_t) (guest->seconds * 1e9),
        .run_ns = guest->sum->run_ns,
        .wait_ns = guest->sum->wait_ns,
        .vcpus = guest->vcpus,
        .has_blame = guest->has_blame,
    };

    ring_copy_name(record.guest, sizeof record.guest, guest->sum->name);
    for (guint i = 0; i < guest->sum->causes->len; i++) {
        const CauseView *cause = guest->sum->causes->pdata[i];

        if (record.n_causes == RING_CAUSES) {
            record.rest_ns += cause->wait_ns;
            continue;
        }
        record.causes[record.n_causes].kind = cause->kind;
        record.causes[record.n_causes].wait_ns = cause->wait_ns;
        ring_copy_name(record.causes[record.n_causes].name, RING_NAME_BYTES, cause->name);
        record.n_causes++;
    }
    return record;
}

static int
compare_names(const void *a, const void *b)
{
    return g_strcmp0(((const RingRecord *) a)->guest, ((const RingRecord *) b)->guest);
}

GArray *
ring_gather_take(RingGather *gather)
{
    GArray *records = g_array_new(FALSE, FALSE, sizeof(RingRecord));
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, gather->guests);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        GuestSum *guest = value;
        RingRecord record;

        guest_view_finish(guest->sum, guest->seconds);
        record = make_record(guest, gather->wall_ns);
        g_array_append_val(records, record);
    }
    g_array_sort(records, compare_names);
    g_hash_table_remove_all(gather->guests);
    gather->seconds = 0;
    return records;
}
