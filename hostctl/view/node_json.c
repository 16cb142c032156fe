/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/view/node_json.h"

#include "common/json/builder.h"

static void
add_causes(const GuestView *guest, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, "causes");
    json_builder_begin_array(builder);
    for (guint i = 0; i < guest->causes->len; i++) {
        const CauseView *cause = guest->causes->pdata[i];

        json_builder_begin_object(builder);
        json_put_text(builder, "kind", blame_kind_name(cause->kind));
        json_put_text(builder, "name", cause->name);
        json_put_u64(builder, "wait_ns", cause->wait_ns);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_guest(const GuestView *guest, JsonBuilder *builder)
{
    json_builder_begin_object(builder);
    json_put_text(builder, "name", guest->name);
    json_put_text(builder, "title", guest->title);
    json_put_text(builder, "uuid", guest->uuid);
    json_put_u64(builder, "vcpus", guest->vcpus->len);
    json_put_text(builder, "verdict", verdict_name(guest->verdict));
    json_put_u64(builder, "run_ns", guest->run_ns);
    json_put_u64(builder, "wait_ns", guest->wait_ns);
    json_put_number(builder, "wait_ratio", guest_view_wait_ratio(guest));
    json_put_text(builder, "counters",
                  guest->source == COUNTER_SOURCE_AUTO ? NULL : counter_source_name(guest->source));
    json_put_number(builder, "instructions_per_cycle",
                    guest_view_ratio(guest, VIEW_INSTRUCTIONS, VIEW_CYCLES));
    json_put_number(builder, "branch_misses_per_cycle",
                    1e4 * guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES));
    json_put_number(builder, "cache_misses_per_cycle",
                    1e4 * guest_view_ratio(guest, VIEW_CACHE_MISSES, VIEW_CYCLES));
    json_put_number(builder, "exits", guest->exits);
    json_put_u64(builder, "memory_kib", guest->memory_kib);
    json_put_u64(builder, "balloon_kib", guest->balloon_kib);
    json_put_u64(builder, "rss_kib", guest->rss_kib);
    json_put_u64(builder, "merged_pages", guest->merged_pages);
    json_put_u64(builder, "throttled_ns", guest->throttled_ns);
    json_put_u64(builder, "io_stalled_us", guest->io_stalled_us);
    add_causes(guest, builder);
    json_builder_end_object(builder);
}

static void
add_node(const NodeView *view, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, "node");
    json_builder_begin_object(builder);
    json_put_u64(builder, "cpus", view->n_cpus);
    json_put_u64(builder, "vcpus", view->n_vcpus);
    json_put_number(builder, "vcpu_per_cpu_ratio", node_view_cpu_ratio(view));
    json_put_u64(builder, "memory_kib", view->memory.total_kib);
    json_put_u64(builder, "memory_given_kib", view->memory_given_kib);
    json_put_number(builder, "memory_given_ratio", node_view_memory_ratio(view));
    json_put_u64(builder, "memory_available_kib", view->memory.available_kib);
    json_put_u64(builder, "swap_used_kib", view->memory.swap_used_kib);
    json_put_u64(builder, "ksm_pages_sharing",
                 view->has_ksm ? view->ksm.pages_sharing : ABSENT_U64);
    json_put_number(builder, "ksmd_ratio", view->ksmd_ratio);
    json_put_text(builder, "no_blame", view->has_blame ? NULL : view->no_blame);
    json_builder_end_object(builder);
}

static void
add_pairs(const NodeView *view, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, "pairs");
    json_builder_begin_array(builder);
    for (guint i = 0; i < view->pairs->len; i++) {
        const PairView *pair = view->pairs->pdata[i];

        json_builder_begin_object(builder);
        json_put_text(builder, "guest", pair->guest);
        json_put_text(builder, "other", pair->other);
        json_put_u64(builder, "run_ns", pair->run_ns);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void
node_view_build_json(const NodeView *view, JsonBuilder *builder)
{
    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    json_put_u64(builder, "wall_ns", (uint64_t) view->wall_ns);
    json_put_number(builder, "seconds", view->seconds);
    add_node(view, builder);
    json_builder_set_member_name(builder, "guests");
    json_builder_begin_array(builder);
    for (guint i = 0; i < view->guests->len; i++)
        add_guest(view->guests->pdata[i], builder);
    json_builder_end_array(builder);
    add_pairs(view, builder);
    json_builder_end_object(builder);
}
