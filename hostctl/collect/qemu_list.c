/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/qemu_list.h"

/* How often everything is read, and not only what shows another number of threads. */
#define LOOKS_A_FULL_ONE 10

struct QemuList {
    const Sysroot *root;
    GPtrArray *processes;
    unsigned n_looks;
    /* Pids that were no QEMU when last looked at, and at two looks: a process that has just been
     * forked becomes QEMU within one. */
    GHashTable *not_qemu, *skip;
};

QemuList *
qemu_list_new(const Sysroot *root)
{
    QemuList *list = g_new0(QemuList, 1);

    list->root = root;
    list->processes = g_ptr_array_new_with_free_func((GDestroyNotify) qemu_process_free);
    list->not_qemu = g_hash_table_new(NULL, NULL);
    list->skip = g_hash_table_new(NULL, NULL);
    return list;
}

void
qemu_list_free(QemuList *list)
{
    if (!list)
        return;

    g_hash_table_unref(list->skip);
    g_hash_table_unref(list->not_qemu);
    g_ptr_array_unref(list->processes);
    g_free(list);
}

/* Who was no QEMU twice is left alone until the next full look, which drops those that ended. */
static void
skip_known(QemuList *list, GHashTable *not_qemu, bool full)
{
    GHashTable *skip = full ? g_hash_table_new(NULL, NULL) : g_hash_table_ref(list->skip);
    GHashTableIter iter;
    void *pid;

    g_hash_table_iter_init(&iter, not_qemu);
    while (g_hash_table_iter_next(&iter, &pid, NULL))
        if (g_hash_table_contains(list->not_qemu, pid) || g_hash_table_contains(list->skip, pid))
            g_hash_table_add(skip, pid);
    g_hash_table_unref(list->skip);
    list->skip = skip;
}

bool
qemu_list_look(QemuList *list, GError **error)
{
    bool full = list->n_looks % LOOKS_A_FULL_ONE == 0;
    g_autoptr(GHashTable) not_qemu = g_hash_table_new(NULL, NULL);
    GPtrArray *now;

    if (!qemu_process_list_again(list->root, full ? NULL : list->processes,
                                 full ? NULL : list->skip, not_qemu, &now, error))
        return false;
    skip_known(list, not_qemu, full);
    g_hash_table_unref(list->not_qemu);
    list->not_qemu = g_steal_pointer(&not_qemu);
    g_ptr_array_unref(list->processes);
    list->processes = now;
    list->n_looks++;
    return true;
}

void
qemu_list_doubt(QemuList *list)
{
    list->n_looks = 0;
}

const GPtrArray *
qemu_list_processes(const QemuList *list)
{
    return list->processes;
}
