/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * VM exits that a test makes happen as it likes: entering getpriority(reason, isa) stands for
 * kvm:kvm_exit, entering getpgid() for kvm:kvm_entry. Loading, attaching, tables and reading are
 * those of real exits; only which tracepoints, and where their fields lie, is another.
 */
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include "hostctl/exits/exits.h"

static const ExitsPlace stand_in = { "syscalls", "sys_enter_getpriority", "sys_enter_getpgid",
                                     "which", "who" };

static inline void
leave(uint32_t isa, uint32_t reason)
{
    syscall(SYS_getpriority, reason, isa);
}

static inline void
enter(void)
{
    syscall(SYS_getpgid, 0);
}
