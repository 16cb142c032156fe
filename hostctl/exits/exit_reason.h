/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What exit reasons are called: the names that the kernel itself prints in kvm:kvm_exit, so that
 * they are those of perf kvm stat too. Numbers and names are those of asm/vmx.h and asm/svm.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EXIT_ISA_VMX 1
#define EXIT_ISA_SVM 2
/* Ours: exits whose reason is not known because the table in the kernel was full. */
#define EXIT_ISA_UNNAMED UINT32_MAX

#define EXIT_REASON_BYTES 48

/*
 * "HLT", "npf", "INVALID_STATE FAILED_VMENTRY"; one that has no name: "vmx:99", "svm:0xab",
 * "isa3:5"; "unnamed". Different reasons have different names. Returns `name`.
 */
const char *exit_reason_name(uint32_t isa, uint32_t reason, char name[EXIT_REASON_BYTES]);
