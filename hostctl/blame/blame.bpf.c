/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind whom each vCPU thread waits. Every CPU remembers who was on it lately; when a watched
 * thread gets the CPU, its wait is shared out among those who were on it. How long it waited is
 * the growth of the kernel's own run delay (task->sched_info, kernel/sched/stats.h), on the clock
 * of its run queue, so the sums are those of schedstat and nothing need be done when a wait begins.
 */
#include "hostctl/blame/kernel.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "hostctl/blame/blame_shared.h"
#include "hostctl/blame/culprit.h"
#include "hostctl/blame/throttling.h"

char program_license[] SEC("license") = "GPL";

const volatile bool has_siblings;

struct blame_look look;

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
has_bit(const __u64 *bits, __u32 bit)
{
    return bits[bit / 64] & (1ull << bit % 64);
}

static __always_inline struct blame_thread *
find_thread(__u32 tid)
{
    struct blame_thread *thread;

    if (!has_bit(look.threads, tid % BLAME_THREAD_BITS))
        return NULL;
    thread = bpf_map_lookup_elem(&threads, &tid);
    return thread && !thread->gone ? thread : NULL;
}

static __always_inline bool
is_home(__u32 number)
{
    return has_bit(look.homes, number % BLAME_CPUS_MAX);
}

static __always_inline void
make_home(__u32 number)
{
    __u32 bit = number % BLAME_CPUS_MAX;

    if (!has_bit(look.homes, bit))
        __sync_fetch_and_or(&look.homes[bit / 64], 1ull << bit % 64);
}

static __always_inline struct blame_cpu *
find_cpu(__u32 number)
{
    return bpf_map_lookup_elem(&cpus, &number);
}

/* When its thread begins to wait or, where wake-ups are not watched, to sleep. */
static __always_inline void
mark_throttled(struct blame_thread *thread, __u64 sum_ns)
{
    thread->throttled_mark = sum_ns + 1;
    if (sum_ns && !look.has_throttled)
        look.has_throttled = 1;
}

/* How long the task has waited in the queue in which it is; 0 for one that runs or sleeps. */
static __always_inline __u64
queued_ns(struct task_struct *task, __u64 now_ns)
{
    __u64 since_ns = task->sched_info.last_queued;

    return since_ns && now_ns > since_ns ? now_ns - since_ns : 0;
}

/* All the time that the task has waited in queues, up to now. */
static __always_inline __u64
delay_ns(struct task_struct *task, __u64 now_ns)
{
    return task->sched_info.run_delay + queued_ns(task, now_ns);
}

/* Who was on the CPU, as a cause of others' waiting. */
static __always_inline struct blame_culprit
culprit_of(const struct blame_cpu *cpu, struct task_struct *task)
{
    struct blame_culprit culprit = { .cause = cpu->guest };
    __u32 tgid = task->tgid;

    if (culprit.cause)
        return culprit;
    culprit.cause = tgid;
    if (has_bit(look.guests, tgid % BLAME_GUEST_BITS) && bpf_map_lookup_elem(&guests, &tgid))
        return culprit;
    culprit.idle = tgid == 0;
    culprit.cause = task->flags & PF_KTHREAD ? BLAME_CAUSE_KERNEL : BLAME_CAUSE_TASK;
    culprit_comm(&culprit, task->group_leader);
    return culprit;
}

static __always_inline struct blame_segment *
segment_at(struct blame_cpu *cpu, __u32 number)
{
    return &cpu->segments[number % BLAME_SEGMENTS];
}

/* The task leaves the CPU, or was on it until now and stays. */
static __always_inline void
remember(struct blame_cpu *cpu, struct task_struct *task, __u64 now_ns)
{
    struct blame_culprit culprit = culprit_of(cpu, task);

    if (cpu->end_ns && !culprit_is(&culprit, &cpu->last)) {
        segment_at(cpu, cpu->head - 1)->end_ns = cpu->end_ns;
        segment_at(cpu, cpu->head)->culprit = culprit;
        cpu->last = culprit;
        cpu->head++;
    }
    cpu->end_ns = now_ns;
}

/* A thread that waits for many: those that found no place beside its sums. */
static __always_inline void
charge_table(struct blame_thread *thread, __u32 tid, const struct blame_culprit *culprit, __u64 ns)
{
    struct blame_wait_key key = { .thread = tid, .cause = culprit->cause };
    __u64 *sum;

    look.has_waits = 1;
    culprit_name(culprit->comm, key.name);
    sum = bpf_map_lookup_elem(&waits, &key);
    if (sum) {
        __sync_fetch_and_add(sum, ns);
    } else if (bpf_map_update_elem(&waits, &key, &ns, BPF_NOEXIST) < 0) {
        thread->other_ns += ns;
        __sync_fetch_and_add(&look.full_waits, 1);
    }
}

/* A thread comes to one CPU at a time, so nobody else adds to its sums. */
static __always_inline void
charge(struct blame_thread *thread, __u32 tid, const struct blame_culprit *culprit, __u64 ns)
{
    if (culprit->idle) {
        thread->idle_ns += ns;
        return;
    }
    if (culprit->cause == thread->guest) {
        thread->self_ns += ns;
        return;
    }
    for (int i = 0; i < BLAME_CAUSES; i++) {
        struct blame_cause *cause = &thread->causes[i];

        if (!cause->ns)
            cause->culprit = *culprit;
        if (culprit_is(&cause->culprit, culprit)) {
            cause->ns += ns;
            return;
        }
    }
    charge_table(thread, tid, culprit, ns);
}

struct walk {
    struct blame_thread *thread;
    struct blame_cpu *cpu;
    __u64 from_ns, to_ns; /* what is not shared out yet */
    __u32 tid;
};

/* One remembered segment, the latest first; 1 ends the walk. The oldest tells of its end alone. */
static long
charge_segment(__u32 back, struct walk *walk)
{
    struct blame_cpu *cpu = walk->cpu;
    struct blame_segment *segment = segment_at(cpu, cpu->head - 1 - back);
    __u64 start_ns = segment_at(cpu, cpu->head - 2 - back)->end_ns;
    __u64 end_ns = segment->end_ns;

    if (end_ns <= walk->from_ns || back >= cpu->head)
        return 1;
    if (start_ns < walk->from_ns)
        start_ns = walk->from_ns;
    if (end_ns > walk->to_ns)
        end_ns = walk->to_ns;
    if (end_ns > start_ns) {
        charge(walk->thread, walk->tid, &segment->culprit, end_ns - start_ns);
        walk->thread->other_ns += walk->to_ns - end_ns;
        walk->to_ns = start_ns;
    }
    return start_ns <= walk->from_ns;
}

/* Shares out what the task waited in this CPU's queue, whose wait ends now. What it waited before
 * it came into this queue is of a switch that was not shown to us, so nobody can be named. */
static __always_inline void
end_wait(struct blame_thread *thread, struct task_struct *task, struct blame_cpu *cpu, __u64 now_ns)
{
    struct walk walk = { .thread = thread, .cpu = cpu, .tid = task->pid, .to_ns = now_ns };
    __u64 throttled = throttled_ns(task->se.cfs_rq, true);
    __u64 here_ns = queued_ns(task, now_ns);
    __u64 sum_ns = task->sched_info.run_delay + here_ns;
    __u64 wait_ns = thread->seen && sum_ns > thread->delay_ns ? sum_ns - thread->delay_ns : 0;
    __u64 unseen_ns = here_ns && wait_ns > here_ns ? wait_ns - here_ns : 0;
    __u64 by_quota_ns = quota_ns(thread, throttled, wait_ns - unseen_ns);

    thread->seen = 1;
    thread->delay_ns = sum_ns;
    mark_throttled(thread, throttled);
    if (!wait_ns)
        return;
    thread->wait_ns += wait_ns;
    thread->quota_ns += by_quota_ns;
    thread->other_ns += unseen_ns;

    /* A throttled wait begins with the throttling. */
    walk.from_ns = now_ns - (wait_ns - unseen_ns - by_quota_ns);
    segment_at(cpu, cpu->head - 1)->end_ns = cpu->end_ns;
    if (walk.from_ns < now_ns)
        bpf_loop(BLAME_SEGMENTS - 1, charge_segment, &walk, 0);
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
        __sync_fetch_and_add(&look.full_pairs, 1);
}

SEC("tp_btf/sched_switch")
int
BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
    __u32 number = bpf_get_smp_processor_id();
    struct blame_thread *leaving, *coming;
    struct blame_cpu *cpu;
    __u64 now_ns;

    if (!is_home(number) || !(cpu = find_cpu(number)))
        return 0;
    now_ns = prev->se.cfs_rq->rq->clock;
    remember(cpu, prev, now_ns);
    leaving = look.has_throttled && cpu->guest ? find_thread(prev->pid) : NULL;
    if (leaving)
        mark_throttled(leaving, throttled_ns(prev->se.cfs_rq, true));
    coming = find_thread(next->pid);
    if (coming)
        end_wait(coming, next, cpu, now_ns);
    if (has_siblings && (coming || cpu->guest)) {
        count_pair(cpu, number, now_ns);
        cpu->guest_since_ns = now_ns;
    }
    cpu->guest = coming ? coming->guest : 0;
    return 0;
}

/* A waiting thread goes to another queue; the task that is on the old CPU goes on. A thread that
 * is woken there has not waited here. */
SEC("tp_btf/sched_migrate_task")
int
BPF_PROG(on_migrate, struct task_struct *task, int target)
{
    struct blame_thread *thread = find_thread(task->pid);
    struct cfs_rq **groups, *group = NULL;
    struct blame_cpu *from;
    struct rq *rq;

    if (!thread)
        return 0;
    make_home(target);
    rq = task->se.cfs_rq->rq;
    from = find_cpu(task->thread_info.cpu);
    if (from && thread->seen && delay_ns(task, rq->clock) > thread->delay_ns) {
        remember(from, rq->curr, rq->clock);
        end_wait(thread, task, from, rq->clock);
    }
    groups = BPF_CORE_READ(task, sched_task_group, cfs_rq);
    bpf_probe_read_kernel(&group, sizeof group, &groups[target]);
    mark_throttled(thread, throttled_ns(group, false));
    return 0;
}

/* Attached once a watched thread's group was throttled: what the group stood still while the thread
 * slept is no wait of the thread's. */
SEC("tp_btf/sched_wakeup")
int
BPF_PROG(on_wakeup, struct task_struct *task)
{
    struct blame_thread *thread = find_thread(task->pid);

    if (thread)
        mark_throttled(thread, throttled_ns(task->se.cfs_rq, true));
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
