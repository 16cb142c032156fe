/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often and why each watched vCPU thread left its guest, and how long it stayed away. The two
 * programs are of the kind that gets a tracepoint's record, because since Linux 5.17 the reason is
 * only there: it is no argument of kvm_exit. Where its fields lie is taken from tracefs.
 */
#include <linux/types.h>
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "hostctl/exits/exits_shared.h"

char program_license[] SEC("license") = "GPL";

const volatile __u32 reason_offset, isa_offset; /* in the record, bytes */

/* Which thread ids may be watched: all others are dismissed by one bit. */
__u64 thread_filter[EXITS_FILTER_BITS / 64];

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, EXITS_THREADS_MAX);
    __type(key, __u32);
    __type(value, struct exits_thread);
} threads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, EXITS_SUMS_MAX);
    __type(key, struct exits_key);
    __type(value, struct exits_sum);
} sums SEC(".maps");

static __always_inline struct exits_thread *
find_thread(__u32 tid)
{
    __u32 bit = tid % EXITS_FILTER_BITS;

    if (!(thread_filter[bit / 64] & (1ull << bit % 64)))
        return NULL;
    return bpf_map_lookup_elem(&threads, &tid);
}

SEC("tracepoint")
int
on_kvm_exit(void *record)
{
    __u32 tid = (__u32) bpf_get_current_pid_tgid();
    struct exits_thread *thread = find_thread(tid);
    struct exits_sum first = { .count = 1 }, *sum;
    struct exits_key key = { .thread = tid };

    if (!thread)
        return 0;
    bpf_probe_read_kernel(&key.reason, sizeof key.reason, record + reason_offset);
    bpf_probe_read_kernel(&key.isa, sizeof key.isa, record + isa_offset);
    sum = bpf_map_lookup_elem(&sums, &key);
    if (sum)
        sum->count++;
    else if (bpf_map_update_elem(&sums, &key, &first, BPF_NOEXIST) < 0)
        thread->unnamed.count++;
    thread->open = key;
    thread->exited_ns = bpf_ktime_get_ns();
    return 0;
}

SEC("tracepoint")
int
on_kvm_entry(void *record)
{
    struct exits_thread *thread = find_thread((__u32) bpf_get_current_pid_tgid());
    struct exits_sum *sum;
    struct exits_key key;
    __u64 away_ns;

    if (!thread || !thread->exited_ns)
        return 0;
    away_ns = bpf_ktime_get_ns() - thread->exited_ns;
    thread->exited_ns = 0;
    key = thread->open;
    sum = bpf_map_lookup_elem(&sums, &key);
    if (sum)
        sum->time_ns += away_ns;
    else
        thread->unnamed.time_ns += away_ns;
    return 0;
}
