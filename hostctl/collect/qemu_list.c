/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/qemu_list.h"

/* How often everything is read, and not only what shows another number of threads. */
#define LOOKS_A_FULL_ONE 10

struct QemuList {
    const Sysroot *root;
    GPtrArray *processes;
    unsigned n_looks;
};

QemuList *
qemu_list_new(const Sysroot *root)
{
    QemuList *list = g_new0(QemuList, 1);

    list->root = root;
    list->processes = g_ptr_array_new_with_free_func((GDestroyNotify) qemu_process_free);
    return list;
}

void
qemu_list_free(QemuList *list)
{
    if (!list)
        return;

    g_ptr_array_unref(list->processes);
    g_free(list);
}

bool
qemu_list_look(QemuList *list, GError **error)
{
    bool full = list->n_looks % LOOKS_A_FULL_ONE == 0;
    GPtrArray *now;

    if (!qemu_process_list_again(list->root, full ? NULL : list->processes, &now, error))
        return false;
    g_ptr_array_unref(list->processes);
    list->processes = now;
    list->n_looks++;
    return true;
}

const GPtrArray *
qemu_list_processes(const QemuList *list)
{
    return list->processes;
}
