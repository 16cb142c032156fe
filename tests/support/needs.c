/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/needs.h"

#include <glib.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
has_hardware_counters(void)
{
    struct perf_event_attr attr = { .size = sizeof attr,
                                    .type = PERF_TYPE_HARDWARE,
                                    .config = PERF_COUNT_HW_CPU_CYCLES,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1 };
    int fd = (int) syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The device alone proves nothing: a nested, paravirtual one hangs an ordinary guest kernel. */
static bool
has_kvm(void)
{
    g_autofree char *cpuinfo = NULL;

    return access("/dev/kvm", R_OK | W_OK) == 0 &&
           g_file_get_contents("/proc/cpuinfo", &cpuinfo, NULL, NULL) &&
           (strstr(cpuinfo, " vmx ") || strstr(cpuinfo, " svm "));
}

static bool
is_root(void)
{
    return geteuid() == 0;
}

static bool
has_btf(void)
{
    return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static bool
has_ksm(void)
{
    return access("/sys/kernel/mm/ksm/run", W_OK) == 0;
}

static bool
has_two_cpus(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN) >= 2;
}

static const struct {
    const char *what;
    bool (*probe)(void);
    const char *missing;
} needs[] = {
    { "hardware-counters", has_hardware_counters, "the kernel offers no hardware counters here" },
    { "kvm", has_kvm, "no usable KVM (needs vmx or svm in /proc/cpuinfo and /dev/kvm)" },
    { "root", is_root, "this test must run as root" },
    { "btf", has_btf, "no /sys/kernel/btf/vmlinux" },
    { "two-cpus", has_two_cpus, "this machine has one CPU only" },
    { "ksm", has_ksm, "/sys/kernel/mm/ksm/run cannot be written" },
};

static bool
is_promised(const char *what)
{
    const char *promised = g_getenv("TEST_MUST_HAVE");
    g_auto(GStrv) words = g_strsplit(promised ? promised : "", " ", -1);

    return g_strv_contains((const char *const *) words, what);
}

bool
machine_has(const char *what)
{
    for (size_t i = 0; i < G_N_ELEMENTS(needs); i++) {
        if (!g_str_equal(needs[i].what, what))
            continue;
        if (needs[i].probe())
            return true;
        if (is_promised(what)) {
            g_printerr("TEST_MUST_HAVE promises “%s”: %s\n", what, needs[i].missing);
            exit(EXIT_FAILURE);
        }
        g_print("SKIP: %s\n", needs[i].missing);
        return false;
    }
    g_printerr("“%s” is not a known need: add it to tests/support/needs.c\n", what);
    exit(EXIT_FAILURE);
}
