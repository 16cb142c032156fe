/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exits/exits.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "common/base/failure.h"
#include "hostctl/exits/exits_shared.h"
#include "hostctl/exits/tracepoint.h"

#include "exits.skel.h"

#define BATCH 512 /* entries of a table that one system call gives */

const ExitsPlace exits_place_kvm = { "kvm", "kvm_exit", "kvm_entry", "exit_reason", "isa" };

struct Exits {
    struct exits_bpf *bpf;
    struct bpf_link *links[2];
    GHashTable *threads; /* tids that are watched */
    GArray *sums;        /* ExitSum, by thread, isa, reason */
};

/* libbpf must not write to a terminal that is not its own; errors come as codes. */
static int
print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    return 0;
}

static bool
fail_to_load(int code, GError **error)
{
    if (code == -EPERM || code == -EACCES)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "not allowed to load a BPF program: run as root, or with CAP_BPF and"
                           " CAP_PERFMON");
    return failure_set(error, FAILURE_UNSUPPORTED, "this kernel does not take the BPF program (%s)",
                       g_strerror(-code));
}

static bool
set_offsets(const Sysroot *root, const ExitsPlace *place, struct exits_bpf *bpf, GError **error)
{
    g_autofree char *format = NULL;
    uint32_t reason, isa;

    if (!tracepoint_read(root, place->category, place->exit, "format", &format, error))
        return false;
    if (!tracepoint_field(format, place->reason_field, &reason, error) ||
        !tracepoint_field(format, place->isa_field, &isa, error)) {
        g_prefix_error(error, "%s:%s: ", place->category, place->exit);
        return false;
    }
    bpf->rodata->reason_offset = reason;
    bpf->rodata->isa_offset = isa;
    return true;
}

static bool
attach(Exits *exits, const ExitsPlace *place, GError **error)
{
    const struct {
        struct bpf_program *program;
        const char *tracepoint;
    } pairs[] = {
        { exits->bpf->progs.on_kvm_entry, place->entry },
        { exits->bpf->progs.on_kvm_exit, place->exit },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        exits->links[i] =
            bpf_program__attach_tracepoint(pairs[i].program, place->category, pairs[i].tracepoint);
        if (!exits->links[i])
            return failure_set(error, FAILURE_UNSUPPORTED,
                               "%s:%s takes no BPF program (%s): root, or CAP_PERFMON with"
                               " readable tracepoints, is needed",
                               place->category, pairs[i].tracepoint, g_strerror(errno));
    }
    return true;
}

bool
exits_open(const Sysroot *root, const ExitsPlace *place, Exits **ret_exits, GError **error)
{
    g_autoptr(Exits) exits = g_new0(Exits, 1);
    int code;

    exits->threads = g_hash_table_new(NULL, NULL);
    exits->sums = g_array_new(FALSE, FALSE, sizeof(ExitSum));
    libbpf_set_print(print_nothing);
    exits->bpf = exits_bpf__open();
    if (!exits->bpf)
        return fail_to_load(-errno, error);
    if (!set_offsets(root, place, exits->bpf, error))
        return false;
    code = exits_bpf__load(exits->bpf);
    if (code < 0)
        return fail_to_load(code, error);
    if (!attach(exits, place, error))
        return false;
    *ret_exits = g_steal_pointer(&exits);
    return true;
}

void
exits_close(Exits *exits)
{
    if (!exits)
        return;

    for (size_t i = 0; i < G_N_ELEMENTS(exits->links); i++)
        bpf_link__destroy(exits->links[i]);
    exits_bpf__destroy(exits->bpf);
    g_hash_table_unref(exits->threads);
    g_array_unref(exits->sums);
    g_free(exits);
}

static int
compare_sums(const void *a, const void *b)
{
    const ExitSum *left = a, *right = b;

    if (left->thread != right->thread)
        return left->thread < right->thread ? -1 : 1;
    if (left->isa != right->isa)
        return left->isa < right->isa ? -1 : 1;
    return left->reason < right->reason ? -1 : left->reason > right->reason;
}

static void
drop_sums(Exits *exits, pid_t thread)
{
    const ExitSum *sums;
    guint n;

    if (!exits_read(exits, NULL))
        return;
    sums = exits_of(exits, thread, &n);
    for (guint i = 0; i < n; i++) {
        const struct exits_key key = { (uint32_t) thread, sums[i].reason, sums[i].isa };

        bpf_map_delete_elem(bpf_map__fd(exits->bpf->maps.sums), &key);
    }
}

/* A bit is only a hint, shared by several threads: it stays. */
static void
set_bit(Exits *exits, pid_t thread)
{
    uint32_t bit = (uint32_t) thread % EXITS_FILTER_BITS;

    exits->bpf->bss->thread_filter[bit / 64] |= 1ull << bit % 64;
}

bool
exits_watch(Exits *exits, pid_t thread, bool *ret_watched, GError **error)
{
    const struct exits_thread state = { 0 };
    uint32_t tid = (uint32_t) thread;

    exits_forget(exits, thread);
    if (bpf_map_update_elem(bpf_map__fd(exits->bpf->maps.threads), &tid, &state, BPF_ANY) < 0) {
        if (errno != E2BIG)
            return failure_set_errno(error, errno, "VM exits: watching thread %d", (int) thread);
        *ret_watched = false;
        return true;
    }
    g_hash_table_add(exits->threads, GINT_TO_POINTER(thread));
    set_bit(exits, thread);
    *ret_watched = true;
    return true;
}

void
exits_forget(Exits *exits, pid_t thread)
{
    uint32_t tid = (uint32_t) thread;

    if (!g_hash_table_remove(exits->threads, GINT_TO_POINTER(thread)))
        return;
    bpf_map_delete_elem(bpf_map__fd(exits->bpf->maps.threads), &tid);
    drop_sums(exits, thread);
}

static void
add_sum(Exits *exits, uint32_t thread, uint32_t isa, uint32_t reason, const struct exits_sum *sum)
{
    const ExitSum row = { (pid_t) thread, isa, reason, sum->count, sum->time_ns };

    g_array_append_val(exits->sums, row);
}

static bool
read_named(Exits *exits, GError **error)
{
    g_autofree struct exits_key *keys = g_new(struct exits_key, BATCH);
    g_autofree struct exits_sum *values = g_new(struct exits_sum, BATCH);
    uint64_t at[4] = { 0 }; /* where the next batch begins: as large as a key */
    bool first = true;
    int code;

    do {
        uint32_t n = BATCH;

        code = bpf_map_lookup_batch(bpf_map__fd(exits->bpf->maps.sums), first ? NULL : at, at, keys,
                                    values, &n, NULL);
        if (code < 0 && errno != ENOENT)
            return failure_set_errno(error, errno, "VM exits: reading their table");
        for (uint32_t i = 0; i < n; i++)
            add_sum(exits, keys[i].thread, keys[i].isa, keys[i].reason, &values[i]);
        first = false;
    } while (code == 0);
    return true;
}

static void
read_unnamed(Exits *exits)
{
    GHashTableIter iter;
    void *key;

    g_hash_table_iter_init(&iter, exits->threads);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        uint32_t tid = GPOINTER_TO_UINT(key);
        struct exits_thread thread;

        if (bpf_map_lookup_elem(bpf_map__fd(exits->bpf->maps.threads), &tid, &thread) == 0 &&
            thread.unnamed.count > 0)
            add_sum(exits, tid, EXIT_ISA_UNNAMED, 0, &thread.unnamed);
    }
}

bool
exits_read(Exits *exits, GError **error)
{
    g_array_set_size(exits->sums, 0);
    if (!read_named(exits, error))
        return false;
    read_unnamed(exits);
    g_array_sort(exits->sums, compare_sums);
    return true;
}

const ExitSum *
exits_of(const Exits *exits, pid_t thread, guint *ret_n)
{
    const ExitSum *sums = (const ExitSum *) exits->sums->data;
    guint low = 0, high = exits->sums->len, end;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (sums[middle].thread < thread)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < exits->sums->len && sums[end].thread == thread;)
        end++;
    *ret_n = end - low;
    return sums ? sums + low : NULL;
}

uint64_t
exits_missed(const Exits *exits)
{
    struct bpf_program *program = NULL;
    uint64_t missed = 0;

    bpf_object__for_each_program(program, exits->bpf->obj)
    {
        struct bpf_prog_info info = { 0 };
        uint32_t size = sizeof info;

        if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
            missed += info.recursion_misses;
    }
    return missed;
}
