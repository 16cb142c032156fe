/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/cpuinfo.h"

#include <errno.h>
#include <string.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/text.h"

/* One processor takes about 2 KiB; the whole file of a large machine is over a MiB. */
#define FIRST_PROCESSOR_BYTES 16384

static char *
field(char **lines, const char *key)
{
    size_t length = strlen(key);

    for (; *lines && **lines; lines++) {
        const char *colon = strchr(*lines, ':');

        if (!colon || strncmp(*lines, key, length) != 0)
            continue;
        if (strspn(*lines + length, " \t") == (size_t) (colon - *lines) - length)
            return g_strstrip(g_strdup(colon + 1));
    }
    return g_strdup("");
}

static bool
number(char **lines, const char *key, unsigned *ret_value)
{
    g_autofree char *text = field(lines, key);
    uint64_t value;

    if (!text_to_u64(text, &value, NULL) || value > G_MAXUINT)
        return false;
    *ret_value = (unsigned) value;
    return true;
}

CpuInfo *
cpuinfo_parse(const char *text, GError **error)
{
    g_autoptr(CpuInfo) info = g_new0(CpuInfo, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *flags = field(lines, "flags");

    info->vendor = field(lines, "vendor_id");
    info->model_name = field(lines, "model name");
    info->microcode = field(lines, "microcode");
    info->flags = g_strsplit(flags, " ", -1);
    number(lines, "stepping", &info->stepping);
    number(lines, "siblings", &info->siblings);
    number(lines, "cpu cores", &info->cores);
    if (*info->vendor == '\0' || !number(lines, "cpu family", &info->family) ||
        !number(lines, "model", &info->model)) {
        failure_set(error, FAILURE_UNSUPPORTED,
                    "no vendor_id, cpu family and model: not the cpuinfo of an x86 machine");
        return NULL;
    }
    return g_steal_pointer(&info);
}

CpuInfo *
cpuinfo_read(const Sysroot *root, GError **error)
{
    autofd int fd = sysroot_open(root, "proc/cpuinfo", error);
    char text[FIRST_PROCESSOR_BYTES];
    ssize_t length;
    CpuInfo *info;

    if (fd < 0)
        return NULL;
    length = read(fd, text, sizeof text - 1);
    if (length < 0) {
        failure_set_errno(error, errno, "/proc/cpuinfo");
        return NULL;
    }
    text[length] = '\0';
    info = cpuinfo_parse(text, error);
    if (!info)
        g_prefix_error(error, "/proc/cpuinfo: ");
    return info;
}

void
cpuinfo_free(CpuInfo *info)
{
    if (!info)
        return;

    g_free(info->vendor);
    g_free(info->model_name);
    g_free(info->microcode);
    g_strfreev(info->flags);
    g_free(info);
}

bool
cpuinfo_has_flag(const CpuInfo *info, const char *flag)
{
    return g_strv_contains((const char *const *) info->flags, flag);
}

bool
cpuinfo_is_intel(const CpuInfo *info)
{
    return g_str_equal(info->vendor, "GenuineIntel");
}

bool
cpuinfo_is_amd(const CpuInfo *info)
{
    return g_str_equal(info->vendor, "AuthenticAMD") || g_str_equal(info->vendor, "HygonGenuine");
}
