/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A running fake_qemu (tests/support/fake_qemu.c), ended when its struct is freed. */
#pragma once

#include <sys/types.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/qemu_process.h"

typedef struct {
    char *name;
    pid_t pid;
    int stdin_fd;
} FakeGuest;

/*
 * Starts one with `vcpus` threads that burn on host CPU `cpu`; `more` are further arguments
 * ("BUSY_US IDLE_US HELPERS"), NULL for none. Its name carries this process's id, so that tests
 * in parallel do not meet. Ends the test program when it cannot be started.
 */
FakeGuest *fake_guest_start(const char *name, int vcpus, int cpu, const char *more);
void fake_guest_end(FakeGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeGuest, fake_guest_end)

/* A teardown for cmocka: ends those that a failed test has left. */
int fake_guest_end_all(void **state);

/* Of the processes on this host, those that this test started. */
GPtrArray *fake_guests_find(const Sysroot *root);
/* The run and the delay of all its vCPUs, from schedstat. */
void fake_guest_sched(const Sysroot *root, const FakeGuest *guest, uint64_t *ret_run_ns,
                      uint64_t *ret_delay_ns);

/* Puts the process under a CPU quota of so many percent of one CPU (cgroup version 1 or 2).
 * The folder to give to fake_quota_remove(), after the guest's end; NULL where it is not allowed.
 */
char *fake_quota_add(const FakeGuest *guest, unsigned percent);
void fake_quota_remove(char *folder);
