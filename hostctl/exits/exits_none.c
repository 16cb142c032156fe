/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In place of exits.c where it was not built. */
#include "common/base/failure.h"
#include "hostctl/exits/exits.h"

const ExitsPlace exits_place_kvm;

bool
exits_open(const Sysroot *root, const ExitsPlace *place, Exits **ret_exits, GError **error)
{
    return failure_set(error, FAILURE_UNSUPPORTED,
                       "hostctl was built without BPF programs (meson option “blame”: it wants"
                       " clang, bpftool and libbpf)");
}

void
exits_close(Exits *exits)
{
}

bool
exits_watch(Exits *exits, pid_t thread, bool *ret_watched, GError **error)
{
    return exits_open(NULL, NULL, NULL, error);
}

void
exits_forget(Exits *exits, pid_t thread)
{
}

bool
exits_read(Exits *exits, GError **error)
{
    return exits_open(NULL, NULL, NULL, error);
}

const ExitSum *
exits_of(const Exits *exits, pid_t thread, guint *ret_n)
{
    *ret_n = 0;
    return NULL;
}

uint64_t
exits_missed(const Exits *exits)
{
    return 0;
}
