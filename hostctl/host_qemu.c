/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/host_qemu.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/collect/qemu_arguments.h"
#include "hostctl/virt/guest.h"

void
host_qemu_free(HostQemu *qemu)
{
    if (!qemu)
        return;

    g_free(qemu->name);
    g_free(qemu->uuid);
    g_free(qemu->command_line);
    g_free(qemu);
}

static bool
is_qemu(const char *program)
{
    g_autofree char *name = g_path_get_basename(program);

    return g_str_has_prefix(name, "qemu-system-") || g_str_equal(name, "qemu-kvm") ||
           g_str_equal(name, "kvm");
}

/* libvirt starts such a QEMU, without a name, to ask it what it can: there is no guest in it. */
static bool
has_no_machine(char **arguments)
{
    const char *machine = qemu_argument_after(arguments, "-machine");

    return machine && !qemu_argument_after(arguments, "-name") &&
           (g_str_equal(machine, "none") || g_str_has_prefix(machine, "none,"));
}

/* NULL for a process that is no QEMU, or one without a guest. */
static HostQemu *
look_at(const Sysroot *root, const char *pid_text)
{
    g_auto(GStrv) arguments = NULL;
    const char *name;
    HostQemu *qemu;
    uint64_t pid;

    if (!text_to_u64(pid_text, &pid, NULL) || pid > G_MAXINT32)
        return NULL;
    arguments = qemu_arguments_read(root, (pid_t) pid);
    if (!arguments || !arguments[0] || !is_qemu(arguments[0]) || has_no_machine(arguments))
        return NULL;

    name = qemu_argument_after(arguments, "-name");
    qemu = g_new0(HostQemu, 1);
    qemu->pid = (pid_t) pid;
    qemu->name = name ? qemu_name_parse(name) : g_strdup_printf("process %s", pid_text);
    qemu->uuid = g_strdup(qemu_argument_after(arguments, "-uuid"));
    qemu->command_line = g_strjoinv(" ", arguments);
    qemu->ours = strstr(qemu->command_line, "\"" GUEST_CHANNEL_NAME "\"") ||
                 strstr(qemu->command_line, "name=" GUEST_CHANNEL_NAME);
    return qemu;
}

static int
compare_pids(const void *a, const void *b)
{
    pid_t first = (*(HostQemu *const *) a)->pid, second = (*(HostQemu *const *) b)->pid;

    return (first > second) - (first < second);
}

bool
host_qemu_list(const Sysroot *root, GPtrArray **ret_qemus, GError **error)
{
    g_autoptr(GPtrArray) qemus = g_ptr_array_new_with_free_func((GDestroyNotify) host_qemu_free);
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, "proc", &names, error))
        return false;
    for (char **name = names; *name; name++) {
        HostQemu *qemu = look_at(root, *name);

        if (qemu)
            g_ptr_array_add(qemus, qemu);
    }
    g_ptr_array_sort(qemus, compare_pids);
    *ret_qemus = g_steal_pointer(&qemus);
    return true;
}

bool
host_qemu_allow(const Sysroot *root, const char *action, bool shared_host, GError **error)
{
    g_autoptr(GPtrArray) qemus = NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) foreign = NULL;
    g_autofree char *list = NULL;
    g_autofree char *printable = NULL;

    if (shared_host)
        return true;
    if (!host_qemu_list(root, &qemus, error))
        return false;
    for (guint i = 0; i < qemus->len; i++) {
        const HostQemu *qemu = qemus->pdata[i];

        if (!qemu->ours)
            g_strv_builder_add(builder, qemu->name);
    }
    foreign = g_strv_builder_end(builder);
    if (!foreign[0])
        return true;
    list = g_strjoinv(", ", foreign);
    printable = text_printable(list, 500);
    return failure_set(error, FAILURE_FAILED,
                       "%s: guests that hostctl did not make are running and would feel it: %s "
                       "(--shared-host changes it all the same)",
                       action, printable);
}

bool
host_qemu_kill(const char *uuid, bool *ret_killed, GError **error)
{
    g_autoptr(Sysroot) live = sysroot_new("/");
    g_autoptr(GPtrArray) qemus = NULL;
    bool killed = false;

    if (!host_qemu_list(live, &qemus, error))
        return false;
    for (guint i = 0; i < qemus->len; i++) {
        const HostQemu *qemu = qemus->pdata[i];

        if (!qemu->ours || g_strcmp0(qemu->uuid, uuid) != 0)
            continue;
        if (kill(qemu->pid, SIGKILL) < 0 && errno != ESRCH)
            return failure_set_errno(error, errno, "QEMU of guest %s (process %d)", qemu->name,
                                     (int) qemu->pid);
        killed = true;
    }
    *ret_killed = killed;
    return true;
}
