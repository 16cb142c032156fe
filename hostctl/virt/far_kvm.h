/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether another machine runs guests under KVM, by what its libvirt says. libvirt offers KVM where
 * /dev/kvm is there; whether the CPU can do it is in its list of the CPU's features.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/virt/connection.h"

/* As accelerator_kvm_usable(). A CPU that its libvirt does not know is taken for able. */
bool far_kvm_usable(Connection *connection, char **ret_reason);

/* The CPU in what libvirt says of a host, as an element; NULL: none. Free with g_free(). */
char *far_kvm_host_cpu(const char *capabilities_xml);

/* Does a CPU with all its features listed have vmx or svm? */
bool far_kvm_cpu_able(const char *cpu_xml);
