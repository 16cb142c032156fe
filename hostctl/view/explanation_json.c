/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json/builder.h"
#include "hostctl/view/explanation_private.h"

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
        json_put_number(builder, "share_ratio", explanation_share(guest, cause));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

/* What the guest fights for: the resource of an anomaly record; NULL when it does not. */
static const char *
resource(const GuestView *guest)
{
    const CauseView *worst = guest_view_worst(guest);

    if (guest_view_wait_ratio(guest) >= WAIT_RATIO_LOW)
        return worst && worst->kind == BLAME_QUOTA ? "cpu_quota" : "cpu";
    return guest->io_stalled_us != ABSENT_U64 && guest->io_stalled_us > 0 ? "io" : NULL;
}

static void
add_contenders(const GuestView *guest, JsonBuilder *builder)
{
    json_put_text(builder, "resource", resource(guest));
    json_put_text(builder, "contended_task", guest->name);
    json_builder_set_member_name(builder, "contending_tasks");
    json_builder_begin_array(builder);
    for (guint i = 0; i < guest->causes->len; i++) {
        const CauseView *cause = guest->causes->pdata[i];

        if ((cause->kind == BLAME_GUEST || cause->kind == BLAME_HOST) &&
            explanation_share(guest, cause) >= 0.01)
            json_builder_add_string_value(builder, cause->name);
    }
    json_builder_end_array(builder);
}

static void
add_neighbours(const Explanation *explanation, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, "neighbours");
    json_builder_begin_array(builder);
    for (guint i = 0; i < explanation->neighbours->len; i++) {
        const NeighbourView *neighbour = explanation->neighbours->pdata[i];

        json_builder_begin_object(builder);
        json_put_text(builder, "name", neighbour->name);
        json_put_text(builder, "shares", neighbour->shares);
        json_put_number(builder, "run_ratio", neighbour->run_ratio);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_evidence(const Explanation *explanation, JsonBuilder *builder)
{
    const GuestView *guest = explanation->guest;

    json_builder_set_member_name(builder, "evidence");
    json_builder_begin_object(builder);
    json_put_text(builder, "counters",
                  guest->source == COUNTER_SOURCE_AUTO ? NULL : counter_source_name(guest->source));
    json_put_number(builder, "branch_misses_per_cycle",
                    1e4 * guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES));
    json_put_number(builder, "cache_misses_per_cycle",
                    1e4 * guest_view_ratio(guest, VIEW_CACHE_MISSES, VIEW_CYCLES));
    json_put_number(builder, "instructions_per_cycle",
                    guest_view_ratio(guest, VIEW_INSTRUCTIONS, VIEW_CYCLES));
    json_put_number(builder, "branch_baseline_ratio", explanation->baseline_ratio);
    json_put_u64(builder, "throttled_ns", guest->throttled_ns);
    json_put_u64(builder, "quota_percent", guest->cgroup.quota_percent);
    json_put_u64(builder, "io_stalled_us", guest->io_stalled_us);
    json_put_u64(builder, "llc_bytes", guest->has_resctrl ? guest->resctrl.llc_bytes : ABSENT_U64);
    add_neighbours(explanation, builder);
    json_builder_end_object(builder);
}

void
explanation_build_json(const Explanation *explanation, JsonBuilder *builder)
{
    const GuestView *guest = explanation->guest;

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    json_put_text(builder, "domain", guest->name);
    json_put_text(builder, "title", guest->title);
    json_put_number(builder, "seconds", explanation->seconds);
    json_put_u64(builder, "vcpus", guest->vcpus->len);
    json_put_u64(builder, "run_ns", guest->run_ns);
    json_put_u64(builder, "wait_ns", guest->wait_ns);
    json_put_number(builder, "wait_ratio", guest_view_wait_ratio(guest));
    json_put_text(builder, "verdict", verdict_name(guest->verdict));
    add_causes(guest, builder);
    json_put_text(builder, "no_blame", explanation->no_blame);
    add_contenders(guest, builder);
    add_evidence(explanation, builder);
    json_builder_set_member_name(builder, "advice");
    json_builder_begin_array(builder);
    for (guint i = 0; i < explanation->advice->len; i++)
        json_builder_add_string_value(builder, explanation->advice->pdata[i]);
    json_builder_end_array(builder);
    json_put_text(builder, "text", explanation->text);
    json_builder_end_object(builder);
}
