/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/guest_memory.h"

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/text.h"
#include "hostctl/virt/guest_private.h"

#define POLL_NS (200 * NS_PER_MS)
#define FRESH_SECONDS 5

static const char *const end_names[] = {
    [BALLOON_REACHED] = "reached",
    [BALLOON_STALLED] = "stalled",
    [BALLOON_LATE] = "late",
};

const char *
balloon_end_name(BalloonEnd end)
{
    return end_names[end];
}

static bool
refuse_over_memory(const Guest *guest, uint64_t target_kib, GError **error)
{
    g_autofree char *target = text_of_kib(target_kib);
    g_autofree char *memory = text_of_kib(guest->max_memory_kib);

    return failure_set(error, FAILURE_FAILED,
                       "guest %s: a balloon target of %s is over its memory of %s", guest->name,
                       target, memory);
}

bool
guest_balloon_ask(Guest *guest, uint64_t target_kib, GError **error)
{
    if (!guest_require_ours(guest, "changed", error))
        return false;
    if (target_kib > guest->max_memory_kib)
        return refuse_over_memory(guest, target_kib, error);
    if (virDomainSetMemoryFlags(guest->domain, target_kib, VIR_DOMAIN_AFFECT_LIVE) < 0)
        return virt_failure(error, "guest %s: setting its balloon", guest->name);
    fault_point("balloon.ask");
    return true;
}

/* Which member each of libvirt's statistics is. */
static const struct {
    int tag;
    size_t offset;
} statistics[] = {
    { VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, offsetof(GuestMemory, actual_kib) },
    { VIR_DOMAIN_MEMORY_STAT_AVAILABLE, offsetof(GuestMemory, available_kib) },
    { VIR_DOMAIN_MEMORY_STAT_UNUSED, offsetof(GuestMemory, unused_kib) },
    { VIR_DOMAIN_MEMORY_STAT_USABLE, offsetof(GuestMemory, usable_kib) },
    { VIR_DOMAIN_MEMORY_STAT_DISK_CACHES, offsetof(GuestMemory, disk_caches_kib) },
    { VIR_DOMAIN_MEMORY_STAT_SWAP_IN, offsetof(GuestMemory, swap_in_kib) },
    { VIR_DOMAIN_MEMORY_STAT_SWAP_OUT, offsetof(GuestMemory, swap_out_kib) },
    { VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT, offsetof(GuestMemory, major_faults) },
    { VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT, offsetof(GuestMemory, minor_faults) },
    { VIR_DOMAIN_MEMORY_STAT_RSS, offsetof(GuestMemory, rss_kib) },
};

static uint64_t *
member(GuestMemory *memory, size_t i)
{
    return (uint64_t *) ((char *) memory + statistics[i].offset);
}

static void
take_statistic(GuestMemory *memory, const virDomainMemoryStatStruct *stat)
{
    if (stat->tag == VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE)
        memory->updated_wall_s = (int64_t) stat->val;
    for (size_t i = 0; i < G_N_ELEMENTS(statistics); i++)
        if (statistics[i].tag == stat->tag)
            *member(memory, i) = stat->val;
}

bool
guest_memory(const Guest *guest, GuestMemory *ret_memory, GError **error)
{
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    int n = virDomainMemoryStats(guest->domain, stats, G_N_ELEMENTS(stats), 0);
    GuestMemory memory = { 0 };

    if (n < 0)
        return virt_failure(error, "guest %s: its memory statistics", guest->name);
    for (size_t i = 0; i < G_N_ELEMENTS(statistics); i++)
        *member(&memory, i) = GUEST_MEMORY_UNKNOWN;
    for (int i = 0; i < n; i++)
        take_statistic(&memory, &stats[i]);

    memory.fresh = memory.updated_wall_s > 0 &&
                   clock_wall_ns() / NS_PER_SECOND - memory.updated_wall_s <= FRESH_SECONDS;
    *ret_memory = memory;
    return true;
}

bool
guest_balloon_actual(const Guest *guest, uint64_t *ret_kib, GError **error)
{
    GuestMemory memory;
    virDomainInfo info;

    if (!guest_memory(guest, &memory, error))
        return false;
    if (memory.actual_kib != GUEST_MEMORY_UNKNOWN) {
        *ret_kib = memory.actual_kib;
        return true;
    }
    /* A guest without a balloon has all its memory. */
    if (virDomainGetInfo(guest->domain, &info) < 0)
        return virt_failure(error, "guest %s", guest->name);
    *ret_kib = info.memory;
    return true;
}

static uint64_t
distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

bool
guest_balloon_await(Guest *guest, uint64_t target_kib, int stall_ms, int timeout_ms,
                    const Interrupt *interrupt, BalloonResult *ret_result, GError **error)
{
    BalloonResult result = { .asked_kib = target_kib, .end = BALLOON_LATE };
    int64_t started_ns = clock_raw_ns(), progress_ns = started_ns, now_ns;
    uint64_t best_kib = UINT64_MAX;

    for (;;) {
        fault_point("balloon.wait");
        if (!guest_balloon_actual(guest, &result.reached_kib, error))
            return false;
        now_ns = clock_raw_ns();
        if (distance(result.reached_kib, target_kib) < best_kib) {
            best_kib = distance(result.reached_kib, target_kib);
            progress_ns = now_ns;
        }
        if (best_kib <= BALLOON_TOLERANCE_KIB)
            result.end = BALLOON_REACHED;
        else if (now_ns - progress_ns >= stall_ms * NS_PER_MS)
            result.end = BALLOON_STALLED;
        if (result.end != BALLOON_LATE || now_ns - started_ns >= timeout_ms * NS_PER_MS)
            break;
        if (!interrupt_sleep(interrupt, POLL_NS, error))
            return false;
    }
    result.took_ns = now_ns - started_ns;
    *ret_result = result;
    return true;
}
