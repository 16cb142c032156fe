/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page sharing as one knob: the files of /sys/kernel/mm/ksm in an order that the kernel accepts,
 * all of them put back on free. Files that this kernel lacks are an error only when asked for.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "hostctl/interrupt.h"
#include "hostctl/knob/journal.h"
#include "hostctl/knob/ksm_setting.h"

typedef struct KsmKnob KsmKnob;

/*
 * Touches nothing yet. FAILURE_UNSUPPORTED where the kernel has no KSM. With `held` the settings
 * stay when the knob is freed, under the record of the first such knob: see ksm_put_back_held() in
 * ksm_undo.h.
 */
KsmKnob *ksm_knob_new(Journal *journal, bool held, GError **error);
void ksm_knob_free(KsmKnob *knob); /* as knob_free() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KsmKnob, ksm_knob_free)

/*
 * Writes the settings; may be called again for the next condition. The service ksmtuned, which
 * would overwrite them, is stopped first and started again at the end. A setting that the kernel
 * takes only without shared pages is preceded by run=2. run=2 needs memory for a copy of every
 * shared page, and is refused when MemAvailable is too small for that; it is done when
 * pages_shared is 0, and fails after `timeout_ms`. A signal is heard while the kernel unmerges: the
 * write is broken off, and page sharing is as it was but for the pages that are unmerged already.
 */
bool ksm_knob_apply(KsmKnob *knob, const KsmSetting *settings, size_t n, int timeout_ms,
                    const Interrupt *interrupt, GError **error);

/* Our settings put back, and the service ksmtuned started; it is stopped again at the end. */
bool ksm_knob_apply_ksmtuned(KsmKnob *knob, GError **error);

/*
 * Everything as it was, "run" last. Notes (char *, may be NULL) say what was left alone because
 * somebody else had changed it. Tries every file before it reports the first error.
 */
bool ksm_knob_put_back(KsmKnob *knob, GPtrArray *notes, GError **error);
