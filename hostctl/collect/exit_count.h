/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often KVM left a guest, from debugfs: one number a guest, no reasons. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

/* False for a guest without KVM, and where debugfs is not mounted or not allowed. */
bool exit_count_read(const Sysroot *root, pid_t pid, uint64_t *ret_exits);
