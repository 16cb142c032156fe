/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where KVM tells how often it left a guest, in debugfs: one number a guest, no reasons. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hostctl/collect/kept_number.h"

/* False for a guest without KVM, and where debugfs is not mounted or not allowed. */
bool exit_count_open(const Sysroot *root, pid_t pid, KeptNumber *ret_exits);
