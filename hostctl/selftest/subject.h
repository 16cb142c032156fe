/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guest that a self-test starts, ends, and tries. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/command.h"
#include "hostctl/selftest/clock_check.h"
#include "hostctl/selftest/trial.h"
#include "hostctl/virt/connection.h"
#include "hostctl/workbench.h"

typedef struct SelftestSubject SelftestSubject;

/*
 * Starts it and waits until its probe talks. It is in the journal until it is ended. Errors as of
 * provision(), and a host whose guests have no counters to test.
 */
SelftestSubject *selftest_subject_new(const CommandContext *context, Workbench *bench,
                                      Connection *connection, GError **error);
/* Ends the guest, with an error when that fails; call selftest_subject_free() after it. */
bool selftest_subject_end(SelftestSubject *subject, GError **error);
void selftest_subject_free(SelftestSubject *subject); /* ends the guest too */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SelftestSubject, selftest_subject_free)

/* "accelerator tcg (…), emulated counters". */
const char *selftest_subject_summary(const SelftestSubject *subject);
CounterSource selftest_subject_source(const SelftestSubject *subject);

/* For trial_run(); dies with `subject`. */
const TrialSubject *selftest_subject_trial(const SelftestSubject *subject);

/* One burst of clock echoes (TimeSyncPing), appended. */
bool selftest_subject_echo(SelftestSubject *subject, GArray *pings, GError **error);

/* KVM's map of its TSC; NULL: not known. */
const KvmTsc *selftest_subject_tsc(const SelftestSubject *subject);
