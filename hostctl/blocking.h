/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A system call that may stand in the kernel for minutes, made in a thread of its own. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/interrupt.h"

typedef bool (*BlockingCall)(void *data, GError **error);

/*
 * Runs `call` in a thread and waits for it, while signals are heard. When one comes, or the time is
 * over, the system call in which the thread stands is broken off (it fails with EINTR), and so
 * again until `call` returns: it must not try once more. Returns what `call` returned; when that
 * failed after it was broken off, the error is FAILURE_INTERRUPTED, or says how long it took.
 */
bool blocking_run(BlockingCall call, void *data, int64_t timeout_ns, const Interrupt *interrupt,
                  GError **error);
