/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/balloon_record.h"

#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/virt/guest_memory.h"

/* The entry of this guest that is still to be undone; 0: none. */
static uint64_t
find_record(const Journal *journal, const Guest *guest)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(journal);

    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];

        if (entry->kind == JOURNAL_BALLOON && entry->held && journal_entry_same_boot(entry) &&
            g_strcmp0(entry->uuid, guest_uuid(guest)) == 0)
            return entry->id;
    }
    return 0;
}

bool
balloon_record_add(Journal *journal, const Guest *guest, const char *uri, uint64_t target_kib,
                   GError **error)
{
    uint64_t id = find_record(journal, guest);
    g_autofree char *target = g_strdup_printf("%" G_GUINT64_FORMAT, target_kib);
    g_autofree char *old = NULL;
    uint64_t old_kib;

    if (id)
        return journal_change(journal, id, target, error);
    if (!guest_balloon_actual(guest, &old_kib, error))
        return false;
    old = g_strdup_printf("%" G_GUINT64_FORMAT, old_kib);
    return journal_add(journal,
                       &(JournalEntry){ .kind = JOURNAL_BALLOON,
                                        .held = true,
                                        .target = (char *) guest_name(guest),
                                        .uri = (char *) uri,
                                        .uuid = (char *) guest_uuid(guest),
                                        .old_value = old,
                                        .new_value = target },
                       &id, error);
}

bool
balloon_record_undo(Journal *journal, Connection *connection, const JournalEntry *entry,
                    char **ret_note, GError **error)
{
    g_autoptr(Guest) guest = NULL;
    uint64_t old_kib;

    if (!guest_find_uuid(connection, entry->uuid, &guest, error))
        return false;
    if (!guest) {
        *ret_note = g_strdup_printf("guest %s is gone", entry->target);
        return journal_done(journal, entry->id, "the guest is gone", error);
    }
    if (!entry->old_value || !text_to_u64(entry->old_value, &old_kib, error))
        return false;
    if (!guest_balloon_ask(guest, old_kib, error) ||
        !journal_done(journal, entry->id, "put back", error))
        return false;
    *ret_note = g_strdup_printf("guest %s: balloon asked for %" G_GUINT64_FORMAT " MiB again",
                                entry->target, old_kib / 1024);
    return true;
}
