/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /dev/kvm as QEMU's user sees it: QEMU does not run as root, so what we may open says little. */
#pragma once

#include <stdbool.h>

/* The user under whom libvirt runs QEMU may open /dev/kvm. True as well when there is no such user.
 */
bool kvm_device_open_to_qemu(void);

/* /dev/kvm opens for us and answers as KVM does. */
bool kvm_device_works(void);

/*
 * When /dev/kvm is there and closed to QEMU's user, hides it from this thread and those that it
 * starts, in a mount namespace of our own. libvirt asks QEMU with our rights whether it has KVM and
 * with QEMU's whether it may use it, and takes the difference for a change each time. True when it
 * is hidden; without the right to do so it stays, which is slow but not wrong.
 */
bool kvm_device_hide_if_useless(const char *run_dir);
