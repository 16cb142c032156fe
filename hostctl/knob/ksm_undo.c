/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/ksm_undo.h"

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/sysroot.h"
#include "hostctl/blocking.h"
#include "hostctl/collect/memory.h"
#include "hostctl/knob/change.h"
#include "hostctl/knob/ksm_setting.h"

#define PAGE_KIB 4
/* Every sharer gets its own copy, and the guests' work needs some memory meanwhile. */
#define UNMERGE_MEMORY_PERCENT 120

/* An entry's place in the order of undoing: the settings' order of writing, the service last. */
static size_t
rank(const JournalEntry *entry)
{
    if (entry->kind == JOURNAL_SERVICE)
        return g_str_equal(entry->target, KSM_SERVICE) ? KSM_SETTINGS : G_MAXSIZE;
    if (entry->kind != JOURNAL_FILE || !g_str_has_prefix(entry->target, KSM_SETTING_DIR))
        return G_MAXSIZE;

    for (size_t i = 0; i < KSM_SETTINGS; i++)
        if (g_str_equal(entry->target + sizeof KSM_SETTING_DIR - 1, ksm_setting_names[i]))
            return i;
    return G_MAXSIZE;
}

bool
ksm_entry_is_ours(const JournalEntry *entry)
{
    return rank(entry) != G_MAXSIZE;
}

bool
ksm_entry_is_held(const Journal *journal, const JournalEntry *entry)
{
    g_autofree char *path = sysroot_path(journal_root(journal), "");
    g_autofree char *root = g_canonicalize_filename(path, NULL);

    return entry->held && ksm_entry_is_ours(entry) && journal_entry_same_boot(entry) &&
           g_str_equal(entry->root ? entry->root : "/", root);
}

static const JournalEntry *
entry_of_rank(const GPtrArray *entries, size_t wanted)
{
    for (guint i = 0; i < entries->len; i++)
        if (rank(entries->pdata[i]) == wanted)
            return entries->pdata[i];
    return NULL;
}

/* Writes a value on the way to the old one; the journal knows it as ours, and so what a write that
 * fails leaves: KSM's run is 0 after a 2 that was broken off. */
static bool
write_between(Journal *journal, const JournalEntry *entry, const char *value, GError **error)
{
    g_autoptr(Sysroot) root = sysroot_new(entry->root ? entry->root : "/");
    g_autofree char *left = NULL;

    if (!journal_change(journal, entry->id, value, error))
        return false;
    if (sysroot_write(root, entry->target, value, error))
        return true;
    if (change_read(root, entry->kind, entry->target, &left, NULL))
        journal_change(journal, entry->id, left, NULL);
    return false;
}

/* Is the file still as we left it, so that we may pass through another value? */
static bool
shows_ours(const JournalEntry *entry)
{
    g_autoptr(Sysroot) root = sysroot_new(entry->root ? entry->root : "/");
    g_autofree char *now = NULL;

    return change_read(root, entry->kind, entry->target, &now, NULL) &&
           g_strcmp0(now, entry->new_value) == 0;
}

bool
ksm_unmerge_fits(const Sysroot *root, const KsmStats *stats, GError **error)
{
    uint64_t need_kib = stats->pages_sharing * PAGE_KIB * UNMERGE_MEMORY_PERCENT / 100;
    MemoryStats memory;

    if (stats->pages_sharing == 0)
        return true;
    if (!memory_read(root, &memory, error))
        return false;
    memory.available_kib =
        (uint64_t) fault_number("ksm.available_kib", (double) memory.available_kib);
    if (memory.available_kib < need_kib)
        return failure_set(error, FAILURE_FAILED,
                           "unsharing all pages needs %" G_GUINT64_FORMAT
                           " MiB and %" G_GUINT64_FORMAT
                           " MiB are available: stop guests first, or run with less",
                           need_kib / 1024, memory.available_kib / 1024);
    return true;
}

/*
 * Was page sharing off before, with no page shared? Then none stays shared: with run=0 the kernel
 * would keep the pages of guests that have ended, and its nodes of them, for good.
 */
static bool
leaves_pages_shared(const JournalEntry *run)
{
    g_autoptr(Sysroot) root = sysroot_new(run->root ? run->root : "/");
    KsmStats stats;

    return run->unshared && g_strcmp0(run->old_value, "0") == 0 && ksm_read(root, &stats, NULL) &&
           ksm_unmerge_fits(root, &stats, NULL);
}

typedef struct {
    Journal *journal;
    const JournalEntry *run;
} Unmerge;

static bool
write_two(void *data, GError **error)
{
    const Unmerge *unmerge = data;

    return write_between(unmerge->journal, unmerge->run, "2", error);
}

/* The kernel unmerges inside of write(), for minutes where much is shared. */
static bool
unmerge(Journal *journal, const JournalEntry *run, const Interrupt *interrupt, GError **error)
{
    g_autoptr(Sysroot) root = sysroot_new(run->root ? run->root : "/");
    Unmerge work = { journal, run };
    KsmStats stats;

    if (ksm_read(root, &stats, error) && ksm_unmerge_fits(root, &stats, error) &&
        blocking_run(write_two, &work, KSM_UNMERGE_SECONDS * NS_PER_SECOND, interrupt, error))
        return true;
    g_prefix_error(error, "unsharing all pages: ");
    return false;
}

/* pages_to_scan is refused while the advisor is on; two settings while pages are shared. */
static bool
clear_the_way(Journal *journal, const GPtrArray *entries, const Interrupt *interrupt,
              GError **error)
{
    const JournalEntry *advisor = entry_of_rank(entries, KSM_SETTING_ADVISOR);
    const JournalEntry *run = entry_of_rank(entries, KSM_SETTING_RUN);
    bool needs_unmerged = false;

    for (size_t i = 0; ksm_setting_needs_unmerged(i); i++)
        needs_unmerged |= entry_of_rank(entries, i) != NULL;

    if (advisor && entry_of_rank(entries, KSM_SETTING_PAGES) &&
        g_strcmp0(advisor->new_value, "none") != 0 && shows_ours(advisor) &&
        !write_between(journal, advisor, "none", error))
        return false;
    if (!run || !shows_ours(run) || !(needs_unmerged || leaves_pages_shared(run)))
        return true;
    return unmerge(journal, run, interrupt, error);
}

static void
undo_one(Journal *journal, const JournalEntry *entry, GPtrArray *notes, GError **first)
{
    g_autofree char *note = NULL;

    if (!change_undo(journal, entry->id, &note, *first ? NULL : first))
        return;
    if (note && notes)
        g_ptr_array_add(notes, g_steal_pointer(&note));
}

bool
ksm_put_back_entries(Journal *journal, GPtrArray *entries, const Interrupt *interrupt,
                     GPtrArray *notes, GError **error)
{
    g_autoptr(GError) first = NULL;
    g_autoptr(GError) in_the_way = NULL;

    if (!clear_the_way(journal, entries, interrupt, &in_the_way) && notes)
        g_ptr_array_add(notes, g_strdup_printf("page sharing: %s", in_the_way->message));
    for (size_t i = 0; i <= KSM_SETTINGS; i++)
        for (guint k = 0; k < entries->len; k++)
            if (rank(entries->pdata[k]) == i)
                undo_one(journal, entries->pdata[k], notes, &first);
    if (!first)
        return true;
    g_propagate_error(error, g_steal_pointer(&first));
    if (in_the_way)
        g_prefix_error(error, "%s; then: ", in_the_way->message);
    return false;
}

bool
ksm_put_back_held(Journal *journal, const Interrupt *interrupt, GPtrArray *notes, GError **error)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(journal);

    for (guint i = entries->len; i > 0; i--)
        if (!ksm_entry_is_held(journal, entries->pdata[i - 1]))
            g_ptr_array_remove_index(entries, i - 1);
    return ksm_put_back_entries(journal, entries, interrupt, notes, error);
}
