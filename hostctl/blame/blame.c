/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/blame/blame.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "hostctl/blame/blame_private.h"

#include "blame.skel.h"

/* libbpf must not write to a terminal that is not its own; errors come as codes. */
static int
print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    return 0;
}

static uint32_t
sibling_of(const Sysroot *root, int cpu)
{
    g_autofree char *path =
        g_strdup_printf("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    g_autofree char *list = NULL;
    cpu_set_t siblings;

    if (!sysroot_read(root, path, &list, NULL) || !cpuset_parse(list, &siblings, NULL))
        return cpu;
    for (int other = 0; other < CPU_SETSIZE; other++)
        if (other != cpu && CPU_ISSET(other, &siblings))
            return other;
    return cpu;
}

/* The program in the kernel sees a thread come to another CPU, and not where it was before. */
void
blame_show_home(Blame *blame, const Watched *watched)
{
    ThreadStat stat;

    if (thread_stat_read(blame->root, watched->pid, watched->tid, &stat, NULL) && stat.cpu >= 0 &&
        stat.cpu < BLAME_CPUS_MAX)
        __atomic_fetch_or(&blame->bpf->bss->look.homes[stat.cpu / 64], 1ull << stat.cpu % 64,
                          __ATOMIC_RELAXED);
}

static bool
write_siblings(const Blame *blame, int n_cpus, GError **error)
{
    g_autofree struct blame_cpu *state = g_new0(struct blame_cpu, 1);

    for (int cpu = 0; cpu < n_cpus; cpu++) {
        uint32_t key = cpu;

        state->sibling = sibling_of(blame->root, cpu);
        if (bpf_map_update_elem(bpf_map__fd(blame->bpf->maps.cpus), &key, state, BPF_ANY) < 0)
            return failure_set_errno(error, errno, "blame: the table of CPUs");
    }
    return true;
}

static bool
has_siblings(const Sysroot *root, int n_cpus)
{
    for (int cpu = 0; cpu < n_cpus; cpu++)
        if (sibling_of(root, cpu) != (uint32_t) cpu)
            return true;
    return false;
}

static bool
fail_to_load(int code, GError **error)
{
    if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "this kernel does not describe itself (/sys/kernel/btf/vmlinux,"
                           " CONFIG_DEBUG_INFO_BTF): who waits for whom cannot be told, only how"
                           " long");
    if (code == -EPERM || code == -EACCES)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "not allowed to load a BPF program: run as root, or with CAP_BPF and"
                           " CAP_PERFMON");
    return failure_set(error, FAILURE_UNSUPPORTED,
                       "this kernel does not take the BPF program (%s); Linux 6.1 or later is"
                       " needed",
                       g_strerror(-code));
}

bool
blame_open(const Sysroot *root, Blame **ret_blame, GError **error)
{
    g_autoptr(Blame) blame = g_new0(Blame, 1);
    int n_cpus = libbpf_num_possible_cpus();
    int code;

    blame->root = root;
    blame->stats_fd = -1;
    if (n_cpus <= 0)
        return failure_set(error, FAILURE_UNSUPPORTED, "the number of CPUs is not known");

    libbpf_set_print(print_nothing);
    blame->bpf = blame_bpf__open();
    if (!blame->bpf)
        return fail_to_load(-errno, error);
    blame->bpf->rodata->has_siblings = has_siblings(root, n_cpus);
    bpf_map__set_max_entries(blame->bpf->maps.cpus, n_cpus);
    if (!blame->bpf->rodata->has_siblings)
        bpf_map__set_max_entries(blame->bpf->maps.pairs, 1);
    bpf_program__set_autoattach(blame->bpf->progs.on_wakeup, false);
    code = blame_bpf__load(blame->bpf);
    if (code < 0)
        return fail_to_load(code, error);
    if (!write_siblings(blame, n_cpus, error))
        return false;
    code = blame_bpf__attach(blame->bpf);
    if (code < 0)
        return fail_to_load(code, error);

    blame->threads = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    blame->guests = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    blame->present = g_hash_table_new(NULL, NULL);
    *ret_blame = g_steal_pointer(&blame);
    return true;
}

void
blame_close(Blame *blame)
{
    if (!blame)
        return;

    blame_bpf__destroy(blame->bpf);
    g_clear_pointer(&blame->threads, g_hash_table_unref);
    g_clear_pointer(&blame->guests, g_hash_table_unref);
    g_clear_pointer(&blame->present, g_hash_table_unref);
    g_clear_pointer(&blame->waits, g_hash_table_unref);
    g_clear_pointer(&blame->pairs, g_hash_table_unref);
    if (blame->stats_fd >= 0)
        close(blame->stats_fd);
    g_free(blame);
}

static void
set_bit(uint64_t *bits, uint32_t bit)
{
    bits[bit / 64] |= 1ull << bit % 64;
}

/* Bits are only hints, so a program that reads in the middle of this misses nothing: a bit that
 * is needed is set before and after. */
static void
write_filters(Blame *blame)
{
    uint64_t threads[BLAME_THREAD_BITS / 64] = { 0 }, guests[BLAME_GUEST_BITS / 64] = { 0 };
    GHashTableIter iter;
    void *key;

    g_hash_table_iter_init(&iter, blame->threads);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        set_bit(threads, GPOINTER_TO_UINT(key) % BLAME_THREAD_BITS);
    g_hash_table_iter_init(&iter, blame->guests);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        set_bit(guests, GPOINTER_TO_UINT(key) % BLAME_GUEST_BITS);
    memcpy(blame->bpf->bss->look.threads, threads, sizeof threads);
    memcpy(blame->bpf->bss->look.guests, guests, sizeof guests);
}

void
blame_forget(Blame *blame)
{
    GHashTableIter iter;
    void *key, *value;
    bool any = false;

    g_hash_table_iter_init(&iter, blame->threads);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        uint32_t tid = GPOINTER_TO_UINT(key);

        if (!((Watched *) value)->leaving)
            continue;
        bpf_map_delete_elem(bpf_map__fd(blame->bpf->maps.threads), &tid);
        g_hash_table_iter_remove(&iter);
        any = true;
    }
    g_hash_table_iter_init(&iter, blame->guests);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        uint32_t pid = GPOINTER_TO_UINT(key);

        if (g_hash_table_contains(blame->present, key))
            continue;
        bpf_map_delete_elem(bpf_map__fd(blame->bpf->maps.guests), &pid);
        g_hash_table_iter_remove(&iter);
        any = true;
    }
    if (any)
        write_filters(blame);
}

/* The kernel's table takes the thread first, and its bit later. */
static bool
watch_thread(Blame *blame, const QemuThread *thread, GError **error)
{
    Watched *watched = g_hash_table_lookup(blame->threads, GINT_TO_POINTER(thread->tid));
    struct blame_thread state = { .guest = thread->pid };
    uint32_t tid = thread->tid;
    uint64_t start_ticks;

    if (watched && watched->start_ticks == thread->start_ticks) {
        watched->leaving = false;
        return true;
    }
    if (bpf_map_update_elem(bpf_map__fd(blame->bpf->maps.threads), &tid, &state, BPF_ANY) < 0) {
        if (errno != E2BIG)
            return failure_set_errno(error, errno, "blame: watching thread %d", thread->tid);
        blame->unwatched++;
        return true;
    }
    /* A thread that ended before it was watched cannot tell of its end. */
    if (!thread_start_ticks(blame->root, thread->pid, thread->tid, &start_ticks, NULL) ||
        start_ticks != thread->start_ticks) {
        bpf_map_delete_elem(bpf_map__fd(blame->bpf->maps.threads), &tid);
        g_hash_table_remove(blame->threads, GINT_TO_POINTER(thread->tid));
        return true;
    }

    watched = g_new0(Watched, 1);
    watched->pid = thread->pid;
    watched->tid = thread->tid;
    watched->vcpu = thread->vcpu;
    watched->start_ticks = thread->start_ticks;
    g_hash_table_replace(blame->threads, GINT_TO_POINTER(thread->tid), watched);
    return true;
}

static bool
watch_guest(Blame *blame, const QemuProcess *process, GError **error)
{
    uint32_t pid = process->pid, yes = 1;

    g_hash_table_add(blame->present, GINT_TO_POINTER(process->pid));
    g_hash_table_replace(blame->guests, GINT_TO_POINTER(process->pid), g_strdup(process->guest));
    if (bpf_map_update_elem(bpf_map__fd(blame->bpf->maps.guests), &pid, &yes, BPF_ANY) < 0 &&
        errno != E2BIG)
        return failure_set_errno(error, errno, "blame: watching process %d", process->pid);
    for (guint i = 0; i < process->vcpus->len; i++)
        if (!watch_thread(blame, &g_array_index(process->vcpus, QemuThread, i), error))
            return false;
    return true;
}

bool
blame_watch(Blame *blame, const GPtrArray *processes, GError **error)
{
    GHashTableIter iter;
    void *value;

    g_hash_table_remove_all(blame->present);
    blame->unwatched = 0;
    g_hash_table_iter_init(&iter, blame->threads);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        ((Watched *) value)->leaving = true;
    for (guint i = 0; i < processes->len; i++)
        if (!watch_guest(blame, processes->pdata[i], error))
            return false;
    write_filters(blame);
    g_hash_table_iter_init(&iter, blame->threads);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (!((Watched *) value)->reported.seen)
            blame_show_home(blame, value);
    return true;
}

bool
blame_cost(Blame *blame, BlameCost *ret_cost, GError **error)
{
    struct bpf_program *program = NULL;
    BlameCost cost = { 0 };

    if (blame->stats_fd < 0)
        blame->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
    if (blame->stats_fd < 0)
        return failure_set_errno(error, errno, "counting what BPF programs cost");
    bpf_object__for_each_program(program, blame->bpf->obj)
    {
        struct bpf_prog_info info = { 0 };
        uint32_t size = sizeof info;

        if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) < 0)
            return failure_set_errno(error, errno, "asking what a BPF program cost");
        cost.run_ns += info.run_time_ns;
        cost.calls += info.run_cnt;
    }
    *ret_cost = cost;
    return true;
}
