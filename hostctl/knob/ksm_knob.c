/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/ksm_knob.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/blocking.h"
#include "hostctl/collect/ksm.h"
#include "hostctl/knob/change.h"
#include "hostctl/knob/ksm_undo.h"

#define POLL_NS (100 * NS_PER_MS)

struct KsmKnob {
    Journal *journal;
    Change files[KSM_SETTINGS];
    char *targets[KSM_SETTINGS];
    Change service;
};

static void
adopt_held(KsmKnob *knob)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(knob->journal);

    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];

        if (!ksm_entry_is_held(knob->journal, entry))
            continue;
        if (entry->kind == JOURNAL_SERVICE)
            knob->service.id = entry->id;
        else
            knob->files[ksm_setting_index(strrchr(entry->target, '/') + 1)].id = entry->id;
    }
}

KsmKnob *
ksm_knob_new(Journal *journal, bool held, GError **error)
{
    KsmKnob *knob;

    if (!sysroot_exists(journal_root(journal), KSM_SETTING_DIR "run")) {
        failure_set(error, FAILURE_UNSUPPORTED,
                    "this kernel has no page sharing (/" KSM_SETTING_DIR " is not there)");
        return NULL;
    }
    knob = g_new0(KsmKnob, 1);
    knob->journal = journal;
    for (size_t i = 0; i < KSM_SETTINGS; i++) {
        knob->targets[i] = g_strconcat(KSM_SETTING_DIR, ksm_setting_names[i], NULL);
        knob->files[i] = (Change){ .kind = JOURNAL_FILE, .target = knob->targets[i], .held = held };
    }
    knob->service = (Change){ .kind = JOURNAL_SERVICE, .target = KSM_SERVICE, .held = held };
    if (held)
        adopt_held(knob);
    return knob;
}

void
ksm_knob_free(KsmKnob *knob)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;

    if (!knob)
        return;

    if (!knob->service.held && !ksm_knob_put_back(knob, notes, &error))
        journal_remark(knob->journal, "not put back, hostctl recover will try again: %s",
                       error->message);
    for (guint i = 0; i < notes->len; i++)
        journal_remark(knob->journal, "%s", (const char *) notes->pdata[i]);
    for (size_t i = 0; i < KSM_SETTINGS; i++)
        g_free(knob->targets[i]);
    g_free(knob);
}

static bool
set_file(KsmKnob *knob, size_t i, const char *value, GError **error)
{
    KsmStats stats;

    if (i == KSM_SETTING_RUN && knob->files[i].id == 0)
        knob->files[i].unshared =
            ksm_read(journal_root(knob->journal), &stats, NULL) && stats.pages_shared == 0;
    return change_make(&knob->files[i], knob->journal, value, error);
}

/* Its value in `settings`, NULL when it is not there. */
static const char *
wanted(size_t i, const KsmSetting *settings, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (g_str_equal(settings[k].name, ksm_setting_names[i]))
            return settings[k].value;
    return NULL;
}

static bool
check_settings(const KsmKnob *knob, const KsmSetting *settings, size_t n, GError **error)
{
    const Sysroot *root = journal_root(knob->journal);

    for (size_t k = 0; k < n; k++) {
        size_t i = ksm_setting_index(settings[k].name);

        if (!ksm_setting_check(&settings[k], error))
            return false;
        /* A kernel without an advisor has it off. */
        if (i == KSM_SETTING_ADVISOR && g_str_equal(settings[k].value, "none"))
            continue;
        if (!sysroot_exists(root, knob->targets[i]))
            return failure_set(error, FAILURE_UNSUPPORTED, "this kernel has no KSM setting %s",
                               settings[k].name);
    }
    return true;
}

/* ksmtuned writes run, pages_to_scan and sleep_millisecs anew each minute. */
static bool
stop_ksmtuned(KsmKnob *knob, GError **error)
{
    if (!sysroot_is_live(journal_root(knob->journal)))
        return true;
    return change_make(&knob->service, knob->journal, "inactive", error);
}

static bool
advisor_is_on(const KsmKnob *knob)
{
    g_autofree char *mode = NULL;

    return change_read(journal_root(knob->journal), JOURNAL_FILE,
                       knob->targets[KSM_SETTING_ADVISOR], &mode, NULL) &&
           !g_str_equal(mode, "none");
}

static bool
write_two(void *knob, GError **error)
{
    return set_file(knob, KSM_SETTING_RUN, "2", error);
}

/* The kernel unmerges inside of write(), for minutes where much is shared. */
static bool
unmerge(KsmKnob *knob, int timeout_ms, const Interrupt *interrupt, GError **error)
{
    const Sysroot *root = journal_root(knob->journal);
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;
    KsmStats stats;

    if (!ksm_read(root, &stats, error) || !ksm_unmerge_fits(root, &stats, error) ||
        !blocking_run(write_two, knob, timeout_ms * NS_PER_MS, interrupt, error)) {
        g_prefix_error(error, "unsharing all pages: ");
        return false;
    }

    for (;;) {
        fault_point("ksm.unmerge");
        if (!ksm_read(root, &stats, error))
            return false;
        if (stats.pages_shared == 0)
            return true;
        if (clock_raw_ns() > deadline_ns)
            return failure_set(error, FAILURE_FAILED,
                               "%" G_GUINT64_FORMAT " pages are still shared %d s after run=2",
                               stats.pages_shared, timeout_ms / 1000);
        if (!interrupt_sleep(interrupt, POLL_NS, error))
            return false;
    }
}

/* True when a setting that the kernel takes only without shared pages is to change. */
static bool
must_unmerge_first(const KsmKnob *knob, const KsmSetting *settings, size_t n)
{
    const Sysroot *root = journal_root(knob->journal);

    for (size_t i = 0; ksm_setting_needs_unmerged(i); i++) {
        const char *value = wanted(i, settings, n);
        g_autofree char *now = NULL;

        if (value && change_read(root, JOURNAL_FILE, knob->targets[i], &now, NULL) &&
            !g_str_equal(now, value))
            return true;
    }
    return false;
}

static bool
write_settings(KsmKnob *knob, const KsmSetting *settings, size_t n, GError **error)
{
    for (size_t i = 0; i < KSM_SETTINGS; i++) {
        const char *value = wanted(i, settings, n);

        if (!value || !sysroot_exists(journal_root(knob->journal), knob->targets[i]))
            continue;
        if (!set_file(knob, i, value, error))
            return false;
    }
    return true;
}

bool
ksm_knob_apply(KsmKnob *knob, const KsmSetting *settings, size_t n, int timeout_ms,
               const Interrupt *interrupt, GError **error)
{
    const char *run = wanted(KSM_SETTING_RUN, settings, n);
    bool pass_through = must_unmerge_first(knob, settings, n);
    g_autofree char *run_before = NULL;

    if (!check_settings(knob, settings, n, error) || !stop_ksmtuned(knob, error))
        return false;
    if (wanted(KSM_SETTING_PAGES, settings, n) && advisor_is_on(knob) &&
        !set_file(knob, KSM_SETTING_ADVISOR, "none", error))
        return false;
    if (!change_read(journal_root(knob->journal), JOURNAL_FILE, knob->targets[KSM_SETTING_RUN],
                     &run_before, error))
        return false;
    if ((pass_through || g_strcmp0(run, "2") == 0) && !unmerge(knob, timeout_ms, interrupt, error))
        return false;
    return write_settings(knob, settings, n, error) &&
           (run || !pass_through || set_file(knob, KSM_SETTING_RUN, run_before, error));
}

bool
ksm_knob_apply_ksmtuned(KsmKnob *knob, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    if (!ksm_knob_put_back(knob, notes, error) ||
        !change_make(&knob->service, knob->journal, "active", error)) {
        g_prefix_error(error, "the service " KSM_SERVICE " (Debian's package ksmtuned): ");
        return false;
    }
    return true;
}

bool
ksm_knob_put_back(KsmKnob *knob, GPtrArray *notes, GError **error)
{
    g_autoptr(GPtrArray) entries =
        g_ptr_array_new_with_free_func((GDestroyNotify) journal_entry_free);

    for (size_t i = 0; i <= KSM_SETTINGS; i++) {
        Change *change = i < KSM_SETTINGS ? &knob->files[i] : &knob->service;
        JournalEntry *entry = change->id ? journal_get(knob->journal, change->id) : NULL;

        if (entry)
            g_ptr_array_add(entries, entry);
        change->id = 0;
    }
    /* A signal is what most often brings us here: it must not keep anything from its old value. */
    return ksm_put_back_entries(knob->journal, entries, NULL, notes, error);
}
