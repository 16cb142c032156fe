/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CPU quotas on the control groups in which libvirt keeps guests, of both cgroup versions. */
#pragma once

#include "common/base/sysroot.h"

/*
 * "machine-qemu-1-web.scope/libvirt/vcpu0: 50 %" for each group with a quota, joined by ", ", the
 * percentage of one CPU; "" for none. Free with g_free().
 */
char *quota_find(const Sysroot *root);
