/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/embed_group.h"

#include <string.h>
#include <unistd.h>

#define GROUPS "sys/fs/cgroup"
#define PARENT "machine"
#define ROOT_DIGITS 8
/* Groups below a guest's. */
static const char *const below[] = { "emulator", "vcpu", "iothread" };

static bool
is_below(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(below); i++)
        if (g_str_has_prefix(name, below[i]))
            return true;
    return false;
}

/* rmdir(2) takes a group without processes and without groups below it, and nothing else. */
static void
remove_group(const Sysroot *root, const char *folder)
{
    g_autofree char *path = sysroot_path(root, folder);
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, folder, &names, NULL))
        return;
    for (char **name = names; *name; name++) {
        g_autofree char *child = g_build_filename(path, *name, NULL);

        if (is_below(*name))
            rmdir(child);
    }
    rmdir(path);
}

/* "PREFIX" + digits + "SUFFIX". */
static bool
is_of_guest(const char *group, const char *prefix, const char *suffix)
{
    size_t digits;

    if (!g_str_has_prefix(group, prefix))
        return false;
    group += strlen(prefix);
    digits = strspn(group, "0123456789");
    return digits > 0 && g_str_equal(group + digits, suffix);
}

static void
remove_in(const Sysroot *root, const char *parent, const char *prefix, const char *suffix)
{
    g_auto(GStrv) groups = NULL;

    if (!sysroot_exists(root, parent) || !sysroot_list(root, parent, &groups, NULL))
        return;
    for (char **group = groups; *group; group++) {
        g_autofree char *folder = g_build_filename(parent, *group, NULL);

        if (is_of_guest(*group, prefix, suffix))
            remove_group(root, folder);
    }
}

void
embed_group_remove(const Sysroot *root, const char *embed_root, const char *name)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, embed_root, -1);
    g_autofree char *prefix = g_strdup_printf("qemu-embed-%.*s-", ROOT_DIGITS, digest);
    g_autofree char *suffix = g_strdup_printf("-%s.libvirt-qemu", name);
    g_auto(GStrv) controllers = NULL;

    /* Version 2 has one tree, version 1 one for each controller. */
    remove_in(root, GROUPS "/" PARENT, prefix, suffix);
    if (!sysroot_list(root, GROUPS, &controllers, NULL))
        return;
    for (char **controller = controllers; *controller; controller++) {
        g_autofree char *parent = g_build_filename(GROUPS, *controller, PARENT, NULL);

        remove_in(root, parent, prefix, suffix);
    }
}
