/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/knob.h"

#include "hostctl/knob/change.h"

struct Knob {
    Journal *journal;
    char *target;
    Change change;
};

static Knob *
set(Journal *journal, JournalKind kind, const char *target, const char *value, GError **error)
{
    g_autoptr(Knob) knob = g_new0(Knob, 1);

    knob->journal = journal;
    knob->target = g_strdup(target);
    knob->change = (Change){ .kind = kind, .target = knob->target };
    if (!change_make(&knob->change, journal, value, error))
        return NULL;
    return g_steal_pointer(&knob);
}

Knob *
knob_set(Journal *journal, const char *path, const char *value, GError **error)
{
    return set(journal, JOURNAL_FILE, path, value, error);
}

Knob *
knob_set_service(Journal *journal, const char *unit, bool active, GError **error)
{
    return set(journal, JOURNAL_SERVICE, unit, active ? "active" : "inactive", error);
}

bool
knob_change(Knob *knob, const char *value, GError **error)
{
    return change_make(&knob->change, knob->journal, value, error);
}

bool
knob_read(const Sysroot *root, const char *path, char **ret_value, GError **error)
{
    return change_read(root, JOURNAL_FILE, path, ret_value, error);
}

bool
knob_put_back(Knob *knob, char **ret_note, GError **error)
{
    *ret_note = NULL;
    if (knob->change.id == 0)
        return true;
    if (!change_undo(knob->journal, knob->change.id, ret_note, error))
        return false;
    knob->change.id = 0;
    return true;
}

void
knob_free(Knob *knob)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *note = NULL;

    if (!knob)
        return;

    if (!knob_put_back(knob, &note, &error))
        journal_remark(knob->journal, "not put back, hostctl recover will try again: %s",
                       error->message);
    else if (note)
        journal_remark(knob->journal, "%s", note);
    g_free(knob->target);
    g_free(knob);
}
