/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind whom each vCPU thread waits. Every CPU remembers who was on it lately, but only while a
 * watched thread waits in its queue; when that thread gets the CPU, its wait is shared out among
 * those who were on it. Starts and ends of waits are those of the kernel's own run delay
 * (kernel/sched/stats.h), so the sums agree with schedstat.
 */
#include "hostctl/blame/kernel.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "hostctl/blame/blame_shared.h"
#include "hostctl/blame/culprit.h"

char program_license[] SEC("license") = "GPL";

const volatile bool has_siblings;

/* Which thread and process ids may be watched: most tasks are dismissed by one bit. */
__u64 thread_filter[BLAME_FILTER_BITS / 64];
__u64 guest_filter[BLAME_FILTER_BITS / 64];

__u64 full_waits, full_pairs; /* additions that found their table full */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, BLAME_THREADS_MAX);
    __type(key, __u32);
    __type(value, struct blame_thread);
} threads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, BLAME_GUESTS_MAX);
    __type(key, __u32);
    __type(value, __u32);
} guests SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, BLAME_WAITS_MAX);
    __type(key, struct blame_wait_key);
    __type(value, __u64);
} waits SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, BLAME_PAIRS_MAX);
    __type(key, struct blame_pair_key);
    __type(value, __u64);
} pairs SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1); /* set to the number of CPUs before loading */
    __type(key, __u32);
    __type(value, struct blame_cpu);
} cpus SEC(".maps");

static __always_inline bool
in_filter(const __u64 *filter, __u32 id)
{
    __u32 bit = id % BLAME_FILTER_BITS;

    return filter[bit / 64] & (1ull << bit % 64);
}

static __always_inline struct blame_thread *
find_thread(__u32 tid)
{
    struct blame_thread *thread;

    if (!in_filter(thread_filter, tid))
        return NULL;
    thread = bpf_map_lookup_elem(&threads, &tid);
    return thread && !thread->gone ? thread : NULL;
}

static __always_inline struct blame_cpu *
find_cpu(__u32 number)
{
    return bpf_map_lookup_elem(&cpus, &number);
}

/* How long a group stood still for its quota on its CPU, up to now. */
static __always_inline __u64
throttled_ns(struct cfs_rq *group)
{
    __u64 since_ns;

    if (bpf_core_field_exists(group->throttled_clock_self_time)) {
        since_ns = BPF_CORE_READ(group, throttled_clock_self);
        return BPF_CORE_READ(group, throttled_clock_self_time) +
               (since_ns ? BPF_CORE_READ(group, rq, clock) - since_ns : 0);
    }
    if (bpf_core_field_exists(group->throttled_clock_pelt_time)) {
        since_ns = BPF_CORE_READ(group, throttled_clock_pelt);
        return BPF_CORE_READ(group, throttled_clock_pelt_time) +
               (BPF_CORE_READ(group, throttle_count)
                    ? BPF_CORE_READ(group, rq, clock_pelt) - since_ns
                    : 0);
    }
    return 0;
}

/*
 * The group's sum when a wait begins, plus 1; 0 when this task is not throttled. Where the kernel
 * throttles whole groups, a wait may turn into throttling later, so the sum is always kept.
 */
static __always_inline __u64
throttled_mark(struct task_struct *task, struct cfs_rq *group)
{
    if (bpf_core_field_exists(task->throttled) && !BPF_CORE_READ(task, throttled))
        return 0;
    return throttled_ns(group) + 1;
}

static __always_inline void
begin_wait(struct blame_thread *thread, struct blame_cpu *cpu, __u32 number, __u64 now_ns)
{
    thread->since_ns = now_ns;
    thread->cpu = number;
    thread->waiting = 1;
    __sync_fetch_and_add(&cpu->n_waiting, 1);
}

/* As a cause of others' waiting. */
static __always_inline struct culprit
culprit_of(struct task_struct *task)
{
    __u32 tgid = task->tgid;
    struct culprit culprit = { .cause = tgid, .idle = task->pid == 0 };

    if (in_filter(guest_filter, tgid) && bpf_map_lookup_elem(&guests, &tgid))
        return culprit;
    culprit.cause = task->flags & PF_KTHREAD ? BLAME_CAUSE_KERNEL : BLAME_CAUSE_TASK;
    culprit_name(&culprit, task->group_leader);
    return culprit;
}

/* The task leaves the CPU while somebody waits for it. */
static __always_inline void
remember(struct blame_cpu *cpu, struct task_struct *task, __u64 now_ns)
{
    struct blame_segment *last = &cpu->segments[(cpu->head - 1) % BLAME_SEGMENTS];
    struct culprit culprit = culprit_of(task);

    if (!cpu->gap && culprit_has(&culprit, last)) {
        last->end_ns = now_ns;
    } else {
        struct blame_segment *segment = &cpu->segments[cpu->head % BLAME_SEGMENTS];

        segment->start_ns = cpu->gap ? 0 : cpu->end_ns;
        segment->end_ns = now_ns;
        segment->cause = culprit.cause;
        segment->idle = culprit.idle;
        __builtin_memcpy(segment->name, culprit.name, sizeof segment->name);
        cpu->head++;
    }
    cpu->gap = 0;
    cpu->end_ns = now_ns;
}

static __always_inline void
charge(struct blame_thread *thread, __u32 tid, const struct blame_segment *segment, __u64 ns)
{
    struct blame_wait_key key = { .thread = tid, .cause = segment->cause };
    __u64 *sum;

    if (segment->idle) {
        thread->idle_ns += ns;
        return;
    }
    if (segment->cause == thread->guest) {
        thread->self_ns += ns;
        return;
    }
    __builtin_memcpy(key.name, segment->name, sizeof key.name);
    sum = bpf_map_lookup_elem(&waits, &key);
    if (sum) {
        __sync_fetch_and_add(sum, ns);
    } else if (bpf_map_update_elem(&waits, &key, &ns, BPF_NOEXIST) < 0) {
        thread->other_ns += ns;
        __sync_fetch_and_add(&full_waits, 1);
    }
}

struct walk {
    struct blame_thread *thread;
    struct blame_cpu *cpu;
    __u64 from_ns, to_ns; /* what is not shared out yet */
    __u32 tid;
};

/* One remembered segment, the latest first; 1 ends the walk. */
static long
charge_segment(__u32 back, struct walk *walk)
{
    struct blame_cpu *cpu = walk->cpu;
    struct blame_segment *segment = &cpu->segments[(cpu->head - 1 - back) % BLAME_SEGMENTS];
    __u64 start_ns = segment->start_ns, end_ns = segment->end_ns;

    if (end_ns <= walk->from_ns || back >= cpu->head)
        return 1;
    if (start_ns < walk->from_ns)
        start_ns = walk->from_ns;
    if (end_ns > walk->to_ns)
        end_ns = walk->to_ns;
    if (end_ns > start_ns) {
        charge(walk->thread, walk->tid, segment, end_ns - start_ns);
        walk->thread->other_ns += walk->to_ns - end_ns;
        walk->to_ns = start_ns;
    }
    return start_ns <= walk->from_ns;
}

/* Shares out the wait that ends now; `throttled` is the group's sum of throttling by now. */
static __always_inline void
end_wait(struct blame_thread *thread, __u32 tid, struct blame_cpu *cpu, __u64 now_ns,
         __u64 throttled)
{
    struct walk walk = { .thread = thread, .cpu = cpu, .tid = tid, .to_ns = now_ns };
    __u64 wait_ns = now_ns > thread->since_ns ? now_ns - thread->since_ns : 0;
    __u64 quota_ns = 0;

    if (thread->throttled_mark && throttled > thread->throttled_mark - 1)
        quota_ns = throttled - (thread->throttled_mark - 1);
    if (quota_ns > wait_ns)
        quota_ns = wait_ns;

    thread->waiting = 0;
    thread->wait_ns += wait_ns;
    thread->quota_ns += quota_ns;
    __sync_fetch_and_add(&cpu->n_waiting, -1);

    /* A throttled wait begins with the throttling. */
    walk.from_ns = now_ns - (wait_ns - quota_ns);
    if (walk.from_ns < now_ns)
        bpf_loop(BLAME_SEGMENTS, charge_segment, &walk, 0);
    if (walk.to_ns > walk.from_ns)
        thread->other_ns += walk.to_ns - walk.from_ns;
}

/* Both CPUs of a core ran guests until now: since the later of their two starts. */
static __always_inline void
count_pair(struct blame_cpu *cpu, __u32 number, __u64 now_ns)
{
    struct blame_cpu *sibling = cpu->sibling == number ? NULL : find_cpu(cpu->sibling);
    struct blame_pair_key key;
    __u64 since_ns, ns, *sum;
    __u32 other;

    if (!cpu->guest || !sibling || !(other = sibling->guest))
        return;
    since_ns = cpu->guest_since_ns;
    if (sibling->guest_since_ns > since_ns)
        since_ns = sibling->guest_since_ns;
    if (since_ns >= now_ns)
        return;

    ns = now_ns - since_ns;
    key.low = cpu->guest < other ? cpu->guest : other;
    key.high = cpu->guest < other ? other : cpu->guest;
    sum = bpf_map_lookup_elem(&pairs, &key);
    if (sum)
        __sync_fetch_and_add(sum, ns);
    else if (bpf_map_update_elem(&pairs, &key, &ns, BPF_NOEXIST) < 0)
        __sync_fetch_and_add(&full_pairs, 1);
}

SEC("tp_btf/sched_switch")
int
BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
         unsigned int prev_state)
{
    __u32 number = bpf_get_smp_processor_id();
    struct blame_cpu *cpu = find_cpu(number);
    struct blame_thread *leaving = NULL, *coming;
    __u64 now_ns = 0;

    if (!cpu)
        return 0;
    if (cpu->n_waiting > 0) {
        now_ns = bpf_ktime_get_ns();
        remember(cpu, prev, now_ns);
    } else {
        cpu->gap = 1;
    }

    if (prev_state == 0)
        leaving = find_thread(prev->pid);
    coming = find_thread(next->pid);
    if (!leaving && !coming && !(has_siblings && cpu->guest))
        return 0;

    if (!now_ns)
        now_ns = bpf_ktime_get_ns();
    if (leaving) {
        leaving->throttled_mark = throttled_mark(prev, prev->se.cfs_rq);
        begin_wait(leaving, cpu, number, now_ns);
    }
    if (coming && coming->waiting)
        end_wait(coming, next->pid, cpu, now_ns, throttled_ns(next->se.cfs_rq));
    if (has_siblings) {
        count_pair(cpu, number, now_ns);
        cpu->guest = 0;
        cpu->guest_since_ns = now_ns;
        cpu->guest = coming ? coming->guest : 0;
    }
    return 0;
}

SEC("tp_btf/sched_wakeup")
int
BPF_PROG(on_wakeup, struct task_struct *task)
{
    struct blame_thread *thread = find_thread(task->pid);
    __u32 number = task->thread_info.cpu;
    struct blame_cpu *cpu;

    /* A task that is woken before it left its CPU does not wait. */
    if (!thread || thread->waiting || task->on_cpu)
        return 0;
    cpu = find_cpu(number);
    if (!cpu)
        return 0;
    thread->throttled_mark = throttled_mark(task, task->se.cfs_rq);
    begin_wait(thread, cpu, number, bpf_ktime_get_ns());
    return 0;
}

/* A waiting thread goes to another queue; the task that is on the old CPU goes on. */
SEC("tp_btf/sched_migrate_task")
int
BPF_PROG(on_migrate, struct task_struct *task, int target)
{
    struct blame_thread *thread = find_thread(task->pid);
    struct blame_cpu *from, *to;
    struct cfs_rq **groups, *group = NULL;
    __u64 now_ns;

    if (!thread || !thread->waiting)
        return 0;
    from = find_cpu(thread->cpu);
    to = find_cpu(target);
    if (!from || !to)
        return 0;

    now_ns = bpf_ktime_get_ns();
    remember(from, task->se.cfs_rq->rq->curr, now_ns);
    end_wait(thread, task->pid, from, now_ns, throttled_ns(task->se.cfs_rq));

    groups = BPF_CORE_READ(task, sched_task_group, cfs_rq);
    bpf_probe_read_kernel(&group, sizeof group, &groups[target]);
    thread->throttled_mark = throttled_mark(task, group);
    begin_wait(thread, to, target, now_ns);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int
BPF_PROG(on_exit, struct task_struct *task)
{
    struct blame_thread *thread = find_thread(task->pid);

    if (thread)
        thread->gone = 1;
    return 0;
}
