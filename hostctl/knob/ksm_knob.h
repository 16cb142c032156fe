/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page sharing as one knob: the files of /sys/kernel/mm/ksm in an order that the kernel accepts,
 * all of them put back on free. Files that this kernel lacks are an error only when asked for.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hostctl/interrupt.h"
#include "hostctl/knob/journal.h"

typedef struct {
    const char *name; /* a file name below sys/kernel/mm/ksm: "pages_to_scan" */
    const char *value;
} KsmSetting;

/* The files that may be set, in the order in which they are written ("run" last). */
extern const char *const ksm_setting_names[];
extern const size_t ksm_setting_names_length;

/* The words of a plan. Off is run=2, waited for until pages_shared is 0. */
extern const KsmSetting ksm_off[];
extern const size_t ksm_off_length;
extern const KsmSetting ksm_on[]; /* run=1, pages_to_scan 1000, sleep 20 ms, no advisor */
extern const size_t ksm_on_length;

/* Is this a known setting with a value that the kernel could take? Touches nothing. */
bool ksm_setting_check(const KsmSetting *setting, GError **error);

typedef struct KsmKnob KsmKnob;

/*
 * Touches nothing yet. FAILURE_UNSUPPORTED where the kernel has no KSM. `held`: set by hand, see
 * JournalEntry. The service ksmtuned, which would overwrite settings, is stopped by the first
 * ksm_knob_apply() and started again at the end.
 */
KsmKnob *ksm_knob_new(Journal *journal, bool held, GError **error);
void ksm_knob_free(KsmKnob *knob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KsmKnob, ksm_knob_free)

/*
 * Writes the settings; may be called again for the next condition. run=2 needs memory for a copy
 * of every shared page: refused when MemAvailable is too small for that. With run=2 it returns
 * when pages_shared is 0 (or fails after `timeout_ms`).
 */
bool ksm_knob_apply(KsmKnob *knob, const KsmSetting *settings, size_t n, int timeout_ms,
                    const Interrupt *interrupt, GError **error);

/* The service ksmtuned rules: everything of ours put back, the service started. Undone on free. */
bool ksm_knob_apply_ksmtuned(KsmKnob *knob, GError **error);

/*
 * Everything as it was; "run" is written last. Notes (char *) say what was left alone because
 * somebody else had changed it. Tries every file before it reports the first error.
 */
bool ksm_knob_put_back(KsmKnob *knob, GPtrArray *notes, GError **error);
