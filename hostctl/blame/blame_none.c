/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In place of blame.c where it was not built. */
#include "common/base/failure.h"
#include "hostctl/blame/blame.h"

bool
blame_open(const Sysroot *root, Blame **ret_blame, GError **error)
{
    return failure_set(error, FAILURE_UNSUPPORTED,
                       "hostctl was built without blame (meson option “blame”: it wants clang,"
                       " bpftool and libbpf)");
}

void
blame_close(Blame *blame)
{
}

bool
blame_watch(Blame *blame, const GPtrArray *processes, GError **error)
{
    return blame_open(NULL, NULL, error);
}

bool
blame_take(Blame *blame, BlameReport **ret_report, GError **error)
{
    return blame_open(NULL, NULL, error);
}

bool
blame_cost(Blame *blame, BlameCost *ret_cost, GError **error)
{
    return blame_open(NULL, NULL, error);
}
