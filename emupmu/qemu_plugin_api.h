/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we use of QEMU's TCG plugin interface, declared in our own words: Debian ships no header.
 * Version 1 is QEMU 4.2 to 8.2, version 2 is 9.0; only callbacks that both have are used.
 * Build with -DEMUPMU_PLUGIN_API=3 or more for QEMU 9.1 and later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef EMUPMU_PLUGIN_API
#define EMUPMU_PLUGIN_API 1
#endif

#define PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

/* What QEMU tells at install. */
typedef struct {
    const char *target_name;
    struct {
        int min;
        int cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus;
        int max_vcpus;
    } system;
} qemu_info_t;

enum { QEMU_PLUGIN_CB_NO_REGS = 0 }; /* the callback reads no guest registers */
enum { QEMU_PLUGIN_MEM_RW = 3 };

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

typedef void (*qemu_plugin_flush_cb_t)(qemu_plugin_id_t);
typedef void (*qemu_plugin_vcpu_cb_t)(qemu_plugin_id_t, unsigned vcpu);
typedef void (*qemu_plugin_tb_trans_cb_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*qemu_plugin_tb_exec_cb_t)(unsigned vcpu, void *data);
typedef void (*qemu_plugin_mem_cb_t)(unsigned vcpu, qemu_plugin_meminfo_t, uint64_t vaddr,
                                     void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, qemu_plugin_tb_trans_cb_t);
void qemu_plugin_register_vcpu_idle_cb(qemu_plugin_id_t, qemu_plugin_vcpu_cb_t);
void qemu_plugin_register_flush_cb(qemu_plugin_id_t, qemu_plugin_flush_cb_t);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, qemu_plugin_tb_exec_cb_t,
                                          int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, qemu_plugin_mem_cb_t, int flags,
                                      int rw, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

#if EMUPMU_PLUGIN_API < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
#else
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *buffer, size_t size);
#endif

/* NULL where the translation is gone; valid until the same thread's next call. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *);

#if EMUPMU_PLUGIN_API < 2
/*
 * No part of the interface, and missing in some builds of QEMU: for the sake of an error of QEMU
 * before 8.0, see translations_flushed().
 */
struct CPUState;
struct CPUState *qemu_get_cpu(int index) __attribute__((weak));
void qemu_plugin_disable_mem_helpers(struct CPUState *cpu) __attribute__((weak));
#endif
