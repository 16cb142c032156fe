/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/kvm_tsc.h"

#include <string.h>

#include "common/base/text.h"

#define DEBUGFS_KVM "sys/kernel/debug/kvm"
#define FRAC_BITS_MAX 63

static bool
read_i64(const Sysroot *root, const char *folder, const char *name, int64_t *ret_value)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = NULL;
    gint64 value;

    if (!sysroot_read(root, path, &text, NULL) ||
        !g_ascii_string_to_signed(g_strchomp(text), 10, G_MININT64, G_MAXINT64, &value, NULL))
        return false;
    *ret_value = value;
    return true;
}

/* A CPU without TSC scaling shows no ratio: the guest's TSC then runs as the host's. */
static bool
read_folder(const Sysroot *root, const char *folder, KvmTsc *ret_tsc)
{
    int64_t offset, ratio, bits;
    KvmTsc tsc = { .ratio = 1 };

    if (!read_i64(root, folder, "tsc-offset", &offset))
        return false;
    tsc.offset = offset;
    if (read_i64(root, folder, "tsc-scaling-ratio", &ratio) &&
        read_i64(root, folder, "tsc-scaling-ratio-frac-bits", &bits) && ratio > 0 && bits >= 0 &&
        bits <= FRAC_BITS_MAX) {
        tsc.ratio = (uint64_t) ratio;
        tsc.frac_bits = (unsigned) bits;
    }
    *ret_tsc = tsc;
    return true;
}

bool
kvm_tsc_read(const Sysroot *root, pid_t pid, unsigned vcpu, KvmTsc *ret_tsc)
{
    g_autofree char *begin = g_strdup_printf("%d-", (int) pid);
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, DEBUGFS_KVM, &names, NULL))
        return false;
    for (char **name = names; *name; name++) {
        g_autofree char *folder = NULL;

        if (!g_str_has_prefix(*name, begin))
            continue;
        folder = g_strdup_printf(DEBUGFS_KVM "/%s/vcpu%u", *name, vcpu);
        if (read_folder(root, folder, ret_tsc))
            return true;
    }
    return false;
}

uint64_t
kvm_tsc_to_host(const KvmTsc *tsc, uint64_t guest_tsc)
{
    unsigned __int128 scaled = (unsigned __int128) (guest_tsc - (uint64_t) tsc->offset);

    return (uint64_t) ((scaled << tsc->frac_bits) / tsc->ratio);
}
