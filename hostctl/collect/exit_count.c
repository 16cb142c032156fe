/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/exit_count.h"

#define KVM_DIR "sys/kernel/debug/kvm"

/* The folder of a guest is called PID-DESCRIPTOR. */
bool
exit_count_open(const Sysroot *root, pid_t pid, KeptNumber *ret_exits)
{
    g_autofree char *prefix = g_strdup_printf("%d-", pid);
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, KVM_DIR, &names, NULL))
        return false;
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf(KVM_DIR "/%s/exits", *name);

        if (g_str_has_prefix(*name, prefix))
            return kept_number_open(root, path, "", ret_exits);
    }
    return false;
}
