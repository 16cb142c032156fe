/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/qemu_process.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/collect/qemu_arguments.h"

/* What came of looking at one process. */
typedef enum {
    LOOK_IS_GUEST,
    LOOK_IS_NOT,
    LOOK_CANNOT_TELL_VCPUS,
} Look;

void
qemu_process_free(QemuProcess *process)
{
    if (!process)
        return;

    g_free(process->guest);
    g_free(process->uuid);
    g_free(process->counter_page);
    g_clear_pointer(&process->vcpus, g_array_unref);
    g_clear_pointer(&process->others, g_array_unref);
    g_free(process);
}

bool
qemu_process_is_among(const QemuProcess *process, const char *const *names)
{
    return !names || !*names || g_strv_contains(names, process->guest) ||
           (process->uuid && g_strv_contains(names, process->uuid));
}

static bool
read_name(const Sysroot *root, const char *path, char ret_name[THREAD_NAME_SIZE])
{
    g_autofree char *text = NULL;

    if (!sysroot_read(root, path, &text, NULL))
        return false;
    g_strlcpy(ret_name, text, THREAD_NAME_SIZE);
    return true;
}

static void
classify(QemuThread *thread, bool *ret_tcg)
{
    thread->kind = QEMU_THREAD_EMULATOR;
    if (vcpu_thread_parse_name(thread->name, &thread->vcpu, ret_tcg))
        thread->kind = QEMU_THREAD_VCPU;
    else if (g_str_has_prefix(thread->name, "vhost-"))
        thread->kind = QEMU_THREAD_VHOST;
    else if (g_str_has_prefix(thread->name, "IO "))
        thread->kind = QEMU_THREAD_IOTHREAD;
}

static int
compare_vcpus(const void *a, const void *b)
{
    const QemuThread *left = a, *right = b;

    return left->vcpu < right->vcpu ? -1 : left->vcpu > right->vcpu;
}

/* Sorts the threads into vCPUs and others; a thread that ends meanwhile is left out. */
static bool
read_threads(const Sysroot *root, QemuProcess *process)
{
    g_autofree char *dir = g_strdup_printf("proc/%d/task", process->pid);
    g_auto(GStrv) tids = NULL;

    if (!sysroot_list(root, dir, &tids, NULL))
        return false;
    for (char **text = tids; *text; text++) {
        g_autofree char *path = g_strdup_printf("%s/%s/comm", dir, *text);
        QemuThread thread = { .pid = process->pid };
        uint64_t tid;
        bool tcg = false;

        if (!text_to_u64(*text, &tid, NULL) || !read_name(root, path, thread.name))
            continue;
        thread.tid = tid;
        if (!thread_start_ticks(root, process->pid, thread.tid, &thread.start_ticks, NULL))
            continue;
        classify(&thread, &tcg);
        process->tcg |= tcg;
        g_array_append_val(thread.kind == QEMU_THREAD_VCPU ? process->vcpus : process->others,
                           thread);
    }
    g_array_sort(process->vcpus, compare_vcpus);
    return true;
}

static bool
vcpus_are_distinct(const GArray *vcpus)
{
    for (guint i = 1; i < vcpus->len; i++)
        if (g_array_index(vcpus, QemuThread, i).vcpu ==
            g_array_index(vcpus, QemuThread, i - 1).vcpu)
            return false;
    return vcpus->len > 0;
}

static Look
look_at(const Sysroot *root, pid_t pid, QemuProcess **ret_process)
{
    g_auto(GStrv) arguments = qemu_arguments_read(root, pid);
    const char *name = arguments ? qemu_argument_after(arguments, "-name") : NULL;
    g_autoptr(QemuProcess) process = NULL;
    const char *memory;
    ThreadStat stat;

    if (!name)
        return LOOK_IS_NOT;

    process = g_new0(QemuProcess, 1);
    process->pid = pid;
    process->guest = qemu_name_parse(name);
    process->uuid = g_strdup(qemu_argument_after(arguments, "-uuid"));
    process->counter_page = qemu_counter_page(arguments);
    process->memory_kib = ABSENT_U64;
    memory = qemu_argument_after(arguments, "-m");
    if (memory)
        qemu_memory_parse(memory, &process->memory_kib);
    process->vcpus = g_array_new(FALSE, FALSE, sizeof(QemuThread));
    process->others = g_array_new(FALSE, FALSE, sizeof(QemuThread));
    if (!thread_stat_read(root, pid, pid, &stat, NULL) || !read_threads(root, process))
        return LOOK_IS_NOT;
    process->start_ticks = stat.start_ticks;
    process->n_threads = stat.n_threads;

    *ret_process = g_steal_pointer(&process);
    return vcpus_are_distinct((*ret_process)->vcpus) ? LOOK_IS_GUEST : LOOK_CANNOT_TELL_VCPUS;
}

/* Before Linux 6.4 vhost's workers are kernel threads named after QEMU's process. */
static void
add_kernel_vhost(GPtrArray *processes, const QemuThread *vhost)
{
    for (guint i = 0; i < processes->len; i++) {
        QemuProcess *process = processes->pdata[i];
        g_autofree char *name = g_strdup_printf("vhost-%d", process->pid);

        if (g_str_equal(name, vhost->name))
            g_array_append_val(process->others, *vhost);
    }
}

static bool
may_be_qemu(const char *name)
{
    return g_str_has_prefix(name, "qemu") || g_str_equal(name, "kvm");
}

static int
compare_processes(const void *a, const void *b)
{
    const QemuProcess *left = *(QemuProcess *const *) a, *right = *(QemuProcess *const *) b;
    int order = strcmp(left->guest, right->guest);

    return order ? order : left->pid - right->pid;
}

static void
forget_kernel_vhost(QemuProcess *process)
{
    for (guint i = process->others->len; i > 0; i--)
        if (g_array_index(process->others, QemuThread, i - 1).pid != process->pid)
            g_array_remove_index(process->others, i - 1);
}

/* As many threads as before: whoever follows a vCPU sees its end by itself. */
static bool
is_unchanged(const Sysroot *root, const QemuProcess *process)
{
    ThreadStat stat;

    return thread_stat_read(root, process->pid, process->pid, &stat, NULL) &&
           stat.start_ticks == process->start_ticks && stat.n_threads == process->n_threads;
}

/* Takes the process out of the list when it is unchanged; else NULL. */
static QemuProcess *
take_unchanged(const Sysroot *root, GPtrArray *known, pid_t pid)
{
    for (guint i = 0; known && i < known->len; i++) {
        QemuProcess *process = known->pdata[i];

        if (process->pid != pid)
            continue;
        if (!is_unchanged(root, process))
            return NULL;
        forget_kernel_vhost(process);
        return g_ptr_array_steal_index_fast(known, i);
    }
    return NULL;
}

/* What there is to know before a scan, and what it finds. */
typedef struct {
    const Sysroot *root;
    GPtrArray *known;     /* what is still as in it moves over; may be NULL */
    GHashTable *skip;     /* pids that are not looked at; may be NULL */
    GHashTable *not_qemu; /* filled, unless NULL */
    GPtrArray *guests;    /* every process that was started with a guest's name … */
    GPtrArray *unclear;   /* … and those of them without vCPU threads */
    GArray *vhosts;       /* QemuThread */
} Scan;

static Scan
scan_begin(const Sysroot *root)
{
    return (Scan){
        .root = root,
        .guests = g_ptr_array_new_with_free_func((GDestroyNotify) qemu_process_free),
        .unclear = g_ptr_array_new_with_free_func((GDestroyNotify) qemu_process_free),
        .vhosts = g_array_new(FALSE, FALSE, sizeof(QemuThread)),
    };
}

static void
scan_end(Scan *scan)
{
    g_clear_pointer(&scan->guests, g_ptr_array_unref);
    g_ptr_array_unref(scan->unclear);
    g_array_unref(scan->vhosts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scan, scan_end)

static void
scan_one(Scan *scan, const char *entry)
{
    QemuThread task = { .kind = QEMU_THREAD_VHOST };
    g_autofree char *path = NULL;
    QemuProcess *process;
    uint64_t pid;

    if (!text_to_u64(entry, &pid, NULL) || pid > G_MAXINT)
        return;
    if (scan->skip && g_hash_table_contains(scan->skip, GINT_TO_POINTER((int) pid)))
        return;
    task.pid = task.tid = (pid_t) pid;
    process = take_unchanged(scan->root, scan->known, task.pid);
    if (process) {
        g_ptr_array_add(scan->guests, process);
        return;
    }
    path = g_strdup_printf("proc/%s/comm", entry);
    if (!read_name(scan->root, path, task.name))
        return;
    if (g_str_has_prefix(task.name, "vhost-")) {
        if (thread_start_ticks(scan->root, task.pid, task.tid, &task.start_ticks, NULL))
            g_array_append_val(scan->vhosts, task);
        return;
    }
    if (!may_be_qemu(task.name)) {
        if (scan->not_qemu)
            g_hash_table_add(scan->not_qemu, GINT_TO_POINTER((int) pid));
        return;
    }
    if (look_at(scan->root, task.pid, &process) == LOOK_IS_GUEST)
        g_ptr_array_add(scan->guests, process);
    else if (process)
        g_ptr_array_add(scan->unclear, process);
}

static bool
scan(Scan *scan, GError **error)
{
    GPtrArray *guests = scan->guests;
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(scan->root, "proc", &names, error))
        return false;

    for (char **entry = names; *entry; entry++)
        scan_one(scan, *entry);
    for (guint i = 0; i < scan->vhosts->len; i++)
        add_kernel_vhost(guests, &g_array_index(scan->vhosts, QemuThread, i));
    if (guests->len > 0)
        qsort(guests->pdata, guests->len, sizeof guests->pdata[0], compare_processes);
    return true;
}

bool
qemu_process_list_again(const Sysroot *root, GPtrArray *known, GHashTable *skip,
                        GHashTable *not_qemu, GPtrArray **ret_processes, GError **error)
{
    g_auto(Scan) look = scan_begin(root);

    look.known = known;
    look.skip = skip;
    look.not_qemu = not_qemu;
    if (!scan(&look, error))
        return false;

    *ret_processes = g_steal_pointer(&look.guests);
    return true;
}

bool
qemu_process_list(const Sysroot *root, GPtrArray **ret_processes, GError **error)
{
    return qemu_process_list_again(root, NULL, NULL, NULL, ret_processes, error);
}

static bool
is_called(const QemuProcess *process, const char *guest)
{
    return g_str_equal(process->guest, guest) ||
           (process->uuid && g_ascii_strcasecmp(process->uuid, guest) == 0);
}

static bool
fail_not_found(const GPtrArray *guests, const char *guest, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < guests->len && i < 20; i++) {
        const QemuProcess *process = guests->pdata[i];
        g_autofree char *name = text_printable(process->guest, 64);

        g_string_append_printf(names, "%s%s", i ? ", " : "", name);
    }
    if (guests->len == 0)
        return failure_set(error, FAILURE_FAILED,
                           "no guest “%s” runs on this host, and no other either", guest);
    return failure_set(error, FAILURE_FAILED, "no guest “%s” runs on this host (there are: %s%s)",
                       guest, names->str, guests->len > 20 ? ", …" : "");
}

static bool
fail_unclear(const QemuProcess *process, GError **error)
{
    g_autofree char *name = text_printable(process->guest, 64);

    return failure_set(error, FAILURE_FAILED,
                       "guest “%s” (process %d): its vCPU threads cannot be told apart; start QEMU"
                       " with -name guest=%s,debug-threads=on and one thread per vCPU",
                       name, process->pid, name);
}

bool
qemu_process_find(const Sysroot *root, const char *guest, QemuProcess **ret_process, GError **error)
{
    g_auto(Scan) look = scan_begin(root);
    GPtrArray *guests = look.guests, *unclear = look.unclear;
    guint n_found = 0, found = 0;

    if (!scan(&look, error))
        return false;

    for (guint i = 0; i < guests->len; i++) {
        if (!is_called(guests->pdata[i], guest))
            continue;
        n_found++;
        found = i;
    }
    for (guint i = 0; n_found == 0 && i < unclear->len; i++)
        if (is_called(unclear->pdata[i], guest))
            return fail_unclear(unclear->pdata[i], error);
    if (n_found == 0)
        return fail_not_found(guests, guest, error);
    if (n_found > 1)
        return failure_set(error, FAILURE_FAILED,
                           "%u guests are called “%s”; give the UUID instead", n_found, guest);

    *ret_process = g_ptr_array_steal_index(guests, found);
    return true;
}
