/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/accelerator.h"

#include <string.h>

#include "common/base/failure.h"
#include "hostctl/virt/kvm_device.h"

static const char *const names[] = { [ACCELERATOR_KVM] = "kvm", [ACCELERATOR_TCG] = "tcg" };

const char *
accelerator_name(Accelerator accelerator)
{
    return names[accelerator];
}

/* A whole word of the first "flags" line. */
static bool
cpu_has(const char *cpuinfo, const char *flag)
{
    const char *line = strstr(cpuinfo, "\nflags");
    g_autofree char *flags = NULL;
    g_auto(GStrv) words = NULL;

    if (!line)
        return false;
    flags = g_strndup(line + 1, strcspn(line + 1, "\n"));
    words = g_strsplit_set(flags, " \t:", -1);
    return g_strv_contains((const char *const *) words, flag);
}

/* Why not; NULL when it is usable. */
static const char *
kvm_obstacle(const Sysroot *root)
{
    g_autofree char *cpuinfo = NULL;

    if (!sysroot_read(root, "proc/cpuinfo", &cpuinfo, NULL))
        return "/proc/cpuinfo cannot be read";
    if (!cpu_has(cpuinfo, "vmx") && !cpu_has(cpuinfo, "svm"))
        return "the CPU shows neither vmx nor svm (a virtual machine without nesting, or switched "
               "off in the firmware)";
    if (!sysroot_exists(root, "dev/kvm"))
        return "/dev/kvm is not there (modprobe kvm_intel or kvm_amd)";
    if (!sysroot_is_live(root))
        return NULL;
    if (!kvm_device_works())
        return "/dev/kvm does not answer";
    if (!kvm_device_open_to_qemu())
        return "/dev/kvm is closed to QEMU's user (chgrp kvm /dev/kvm; chmod 660 /dev/kvm)";
    return NULL;
}

bool
accelerator_kvm_usable(const Sysroot *root, char **ret_reason)
{
    const char *obstacle = kvm_obstacle(root);

    *ret_reason = g_strdup(obstacle ? obstacle : "the CPU has vmx or svm and /dev/kvm works");
    return obstacle == NULL;
}

bool
accelerator_decide(const char *wanted, bool kvm_usable, const char *why,
                   Accelerator *ret_accelerator, char **ret_reason, GError **error)
{
    if (g_str_equal(wanted, "tcg")) {
        *ret_accelerator = ACCELERATOR_TCG;
        *ret_reason = g_strdup("asked for");
        return true;
    }
    if (g_str_equal(wanted, "kvm") && !kvm_usable)
        return failure_set(error, FAILURE_UNSUPPORTED, "no KVM: %s", why);
    if (!g_str_equal(wanted, "kvm") && !g_str_equal(wanted, "auto"))
        return failure_set(error, FAILURE_USAGE,
                           "“%s” is not an accelerator (want kvm, tcg or auto)", wanted);

    *ret_accelerator = kvm_usable ? ACCELERATOR_KVM : ACCELERATOR_TCG;
    *ret_reason = kvm_usable ? g_strdup(why) : g_strdup_printf("no KVM: %s", why);
    return true;
}

bool
accelerator_choose(const Sysroot *root, const char *wanted, Accelerator *ret_accelerator,
                   char **ret_reason, GError **error)
{
    g_autofree char *why = NULL;
    bool usable = accelerator_kvm_usable(root, &why);

    return accelerator_decide(wanted, usable, why, ret_accelerator, ret_reason, error);
}
