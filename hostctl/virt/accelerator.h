/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * KVM or TCG, decided by what works: /dev/kvm may be there and open, and no ordinary guest boot
 * under it, when the CPU shows neither vmx nor svm.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"

typedef enum {
    ACCELERATOR_KVM,
    ACCELERATOR_TCG,
} Accelerator;

/* "kvm", "tcg". */
const char *accelerator_name(Accelerator accelerator);

/* True when KVM is usable here; *ret_reason says why or why not in one line. Free with g_free(). */
bool accelerator_kvm_usable(const Sysroot *root, char **ret_reason);

/*
 * `wanted` is "kvm", "tcg" or "auto" (kvm where usable). "kvm" on a host without it is an error
 * that says why. *ret_reason is for the reader: with auto, why it came out so. Free with g_free().
 */
bool accelerator_choose(const Sysroot *root, const char *wanted, Accelerator *ret_accelerator,
                        char **ret_reason, GError **error);

/* The same where it is known already whether KVM is usable, and why. */
bool accelerator_decide(const char *wanted, bool kvm_usable, const char *why,
                        Accelerator *ret_accelerator, char **ret_reason, GError **error);
