/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/kvm_device.h"

#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <linux/kvm.h>
#include <pwd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/autofd.h"

#define DEVICE "/dev/kvm"
#define API_VERSION 12 /* the only one there ever was since Linux 2.6.22 */
#define MAX_GROUPS 64

static const char *const qemu_users[] = { "libvirt-qemu", "qemu" };

static const struct passwd *
qemu_user(void)
{
    const struct passwd *user = NULL;

    for (size_t i = 0; !user && i < G_N_ELEMENTS(qemu_users); i++)
        user = getpwnam(qemu_users[i]);
    return user;
}

bool
kvm_device_open_to_qemu(void)
{
    const struct passwd *user = qemu_user();
    gid_t groups[MAX_GROUPS];
    int n_groups = MAX_GROUPS;
    int status = 0;
    pid_t child;

    if (!user || geteuid() != 0 || getgrouplist(user->pw_name, user->pw_gid, groups, &n_groups) < 0)
        return true;

    /* Only a process of that user sees what modes and access lists come to. */
    child = fork();
    if (child == 0) {
        if (setgroups((size_t) n_groups, groups) < 0 ||
            setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
            _exit(0);
        _exit(access(DEVICE, R_OK | W_OK) == 0 ? 0 : 1);
    }
    return child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
           WEXITSTATUS(status) == 0;
}

bool
kvm_device_works(void)
{
    autofd int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

    return fd >= 0 && ioctl(fd, KVM_GET_API_VERSION, 0) == API_VERSION;
}

/* A file that nobody may open stands where the device was. */
static bool
hide(const char *run_dir)
{
    g_autofree char *closed = g_build_filename(run_dir, "no-kvm", NULL);
    autofd int fd = open(closed, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0);

    return fd >= 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
           mount(closed, DEVICE, NULL, MS_BIND, NULL) == 0;
}

bool
kvm_device_hide_if_useless(const char *run_dir)
{
    static bool hidden;

    if (hidden || access(DEVICE, F_OK) < 0 || kvm_device_open_to_qemu())
        return hidden;
    hidden = hide(run_dir);
    return hidden;
}
