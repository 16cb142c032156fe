/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP turned into something that a wait can poll. The first signal is
 * remembered, the descriptor stays readable; nothing is stopped from inside a signal handler.
 * Every function takes NULL for "cannot be interrupted".
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Interrupt Interrupt;

/* Handles the three signals and ignores SIGPIPE until freed. Only one may be there at a time. */
Interrupt *interrupt_new(GError **error);
/* One that no signal reaches, for tests: see interrupt_raise(). */
Interrupt *interrupt_new_manual(GError **error);
void interrupt_free(Interrupt *interrupt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Interrupt, interrupt_free)

void interrupt_raise(Interrupt *interrupt, int signal_number);

/* For poll(2) with POLLIN: readable from the first signal on. -1 when `interrupt` is NULL. */
int interrupt_fd(const Interrupt *interrupt);

/* The first signal that came, or 0. */
int interrupt_signal(const Interrupt *interrupt);

/* False, with FAILURE_INTERRUPTED that names the signal, once one came. */
bool interrupt_check(const Interrupt *interrupt, GError **error);

/* Sleeps; false, with FAILURE_INTERRUPTED, as soon as a signal comes (or came before). */
bool interrupt_sleep(const Interrupt *interrupt, int64_t duration_ns, GError **error);

/* The same, with what it is for and the time left on the terminal, where there is one. */
bool interrupt_sleep_shown(const Interrupt *interrupt, int64_t duration_ns, const char *what,
                           GError **error);

/* The same up to a moment of clock_raw_ns(); returns at once when it has passed. */
bool interrupt_sleep_until(const Interrupt *interrupt, int64_t raw_ns, GError **error);
