/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control groups of a guest under the embedded driver. libvirt makes them itself where no
 * systemd does, and forgets them when the guest ends under another process than the one that
 * started it.
 */
#pragma once

#include "common/base/sysroot.h"

/*
 * Removes the groups that guest `name`, which has gone, has left: those whose name carries this
 * driver's root and the guest's name, and that hold no process. libvirt calls them
 * "qemu-embed-ROOT-ID-NAME.libvirt-qemu", ROOT being the first 8 digits of the SHA-256 of the
 * root's path (its src/hypervisor/domain_driver.c). Never fails: what is in use stays.
 */
void embed_group_remove(const Sysroot *root, const char *embed_root, const char *name);
