/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a condition asks of the host beside page sharing: watchdog, governor, turbo, polling, huge
 * pages. Each is a journaled file of the kernel; freeing the object puts all of them back.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/knob/journal.h"
#include "hostctl/run/plan_condition.h"

typedef struct HostSettings HostSettings;

/* Touches nothing yet. `journal` gives the Sysroot and outlives the object. */
HostSettings *host_settings_new(Journal *journal);
void host_settings_free(HostSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostSettings, host_settings_free)

/* Whether this host has what the condition asks for: FAILURE_UNSUPPORTED, and nothing is touched.
 */
bool host_settings_check(const Sysroot *root, const PlanCondition *condition, uint64_t guests_kib,
                         GError **error);

/*
 * Makes the host as the condition wants it, and puts back what an earlier condition had changed and
 * this one leaves. `guests_kib`: with huge pages, so much is kept free in pages of 2 MiB. `notes`
 * (char *) gets one line for each file: what it is now. FAILURE_UNSUPPORTED when this host has no
 * such setting.
 */
bool host_settings_apply(HostSettings *settings, const PlanCondition *condition,
                         uint64_t guests_kib, GPtrArray *notes, GError **error);

/* Everything as it was. Notes (may be NULL) say what somebody else had changed. */
bool host_settings_put_back(HostSettings *settings, GPtrArray *notes, GError **error);
