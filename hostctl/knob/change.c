/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/change.h"

#include <string.h>
#include <sys/wait.h>

#include "common/base/failure.h"
#include "common/base/fault.h"

/* "none" out of "[none] scan-time"; other texts as they are. */
static char *
chosen_word(const char *text)
{
    const char *open = strchr(text, '[');
    const char *close = open ? strchr(open, ']') : NULL;

    return close ? g_strndup(open + 1, close - open - 1) : g_strdup(text);
}

static bool
read_file(const Sysroot *root, const char *target, char **ret_value, GError **error)
{
    g_autofree char *text = NULL;

    if (!sysroot_read(root, target, &text, error))
        return false;
    *ret_value = chosen_word(g_strstrip(text));
    return true;
}

/* *ret_status: its exit code, or -1 where there is no such program. */
static bool
run_program(const char *const *argv, int *ret_status, GError **error)
{
    g_autoptr(GError) problem = NULL;
    int wait_status;

    if (!g_spawn_sync(NULL, (char **) argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                      NULL, NULL, NULL, NULL, &wait_status, &problem)) {
        if (g_error_matches(problem, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT)) {
            *ret_status = -1;
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    return true;
}

static bool
run_systemctl(const char *verb, const char *unit, int *ret_status, GError **error)
{
    const char *const argv[] = { "systemctl", "--quiet", verb, unit, NULL };

    return run_program(argv, ret_status, error);
}

static bool
read_service(const Sysroot *root, const char *target, char **ret_value, GError **error)
{
    int status;

    if (!run_systemctl("is-active", target, &status, error))
        return false;
    *ret_value = g_strdup(status == 0 ? "active" : "inactive");
    return true;
}

static bool
write_service(const Sysroot *root, const char *target, const char *value, GError **error)
{
    const char *verb = g_str_equal(value, "active") ? "start" : "stop";
    int status;

    if (!run_systemctl(verb, target, &status, error))
        return false;
    if (status != 0)
        return failure_set(error, FAILURE_FAILED, "systemctl %s %s failed", verb, target);
    return true;
}

static bool
read_module(const Sysroot *root, const char *target, char **ret_value, GError **error)
{
    g_autofree char *path = g_build_filename("sys/module", target, NULL);

    *ret_value = g_strdup(sysroot_exists(root, path) ? "loaded" : "absent");
    return true;
}

static bool
write_module(const Sysroot *root, const char *target, const char *value, GError **error)
{
    bool load = g_str_equal(value, "loaded");
    const char *const argv[] = { "modprobe", load ? "--" : "--remove", target, NULL };
    int status;

    if (!run_program(argv, &status, error))
        return false;
    if (status != 0)
        return failure_set(error, FAILURE_FAILED, "modprobe %s%s failed (dmesg says why)",
                           load ? "" : "--remove ", target);
    return true;
}

static const struct {
    bool (*read)(const Sysroot *root, const char *target, char **ret_value, GError **error);
    bool (*write)(const Sysroot *root, const char *target, const char *value, GError **error);
} ways[] = {
    [JOURNAL_FILE] = { read_file, sysroot_write },
    [JOURNAL_SERVICE] = { read_service, write_service },
    [JOURNAL_MODULE] = { read_module, write_module },
};

bool
change_read(const Sysroot *root, JournalKind kind, const char *target, char **ret_value,
            GError **error)
{
    g_return_val_if_fail(kind < G_N_ELEMENTS(ways), false);
    return ways[kind].read(root, target, ret_value, error);
}

/* The kernel may show what it took in another way ("Y" for "1"): the journal must know that. */
static bool
note_shown_value(const Change *change, Journal *journal, const char *value, GError **error)
{
    g_autofree char *shown = NULL;

    if (!change_read(journal_root(journal), change->kind, change->target, &shown, error))
        return false;
    return g_str_equal(shown, value) || journal_change(journal, change->id, shown, error);
}

static bool
write_value(Change *change, Journal *journal, const char *value, GError **error)
{
    g_autoptr(GError) undo_problem = NULL;
    g_autofree char *note = NULL;

    if (ways[change->kind].write(journal_root(journal), change->target, value, error)) {
        fault_point("setting.write");
        return note_shown_value(change, journal, value, error);
    }

    /* A refused write can have changed something all the same: KSM's run is 0 after a failed 2. */
    if (note_shown_value(change, journal, value, &undo_problem) &&
        change_undo(journal, change->id, &note, &undo_problem))
        change->id = 0;
    else
        g_prefix_error(error, "(%s) ", undo_problem->message);
    return false;
}

bool
change_make(Change *change, Journal *journal, const char *value, GError **error)
{
    const Sysroot *root = journal_root(journal);
    g_autofree char *now = NULL;
    JournalEntry entry = { .kind = change->kind,
                           .held = change->held,
                           .until_recover = change->until_recover,
                           .unshared = change->unshared,
                           .target = (char *) change->target,
                           .new_value = (char *) value };

    g_return_val_if_fail(change->kind < G_N_ELEMENTS(ways), false);
    if (change->id != 0)
        return journal_change(journal, change->id, value, error) &&
               write_value(change, journal, value, error);

    if (!change_read(root, change->kind, change->target, &now, error))
        return false;
    if (g_str_equal(now, value))
        return true;
    entry.old_value = now;
    return journal_add(journal, &entry, &change->id, error) &&
           write_value(change, journal, value, error);
}

static bool
write_back(const Sysroot *root, const JournalEntry *entry, GError **error)
{
    g_autofree char *shown = NULL;

    if (!ways[entry->kind].write(root, entry->target, entry->old_value, error) ||
        !change_read(root, entry->kind, entry->target, &shown, error))
        return false;
    fault_point("setting.put_back");
    if (!g_str_equal(shown, entry->old_value))
        return failure_set(error, FAILURE_FAILED, "%s shows “%s” after “%s” was written",
                           entry->target, shown, entry->old_value);
    return true;
}

bool
change_undo(Journal *journal, uint64_t id, char **ret_note, GError **error)
{
    g_autoptr(JournalEntry) entry = journal_get(journal, id);
    g_autoptr(Sysroot) root = NULL;
    g_autofree char *now = NULL;
    g_autofree char *note = NULL;

    *ret_note = NULL;
    if (!entry)
        return true;
    g_return_val_if_fail(entry->kind < G_N_ELEMENTS(ways) && entry->old_value, false);

    root = sysroot_new(entry->root ? entry->root : "/");
    if (entry->kind == JOURNAL_FILE && !sysroot_exists(root, entry->target))
        return journal_done(journal, id, "the file is gone", error);
    if (!change_read(root, entry->kind, entry->target, &now, error))
        return false;
    if (g_str_equal(now, entry->old_value))
        return journal_done(journal, id, "was back already", error);

    if (g_strcmp0(now, entry->new_value) != 0 && g_strcmp0(now, entry->earlier_value) != 0) {
        note =
            g_strdup_printf("%s: somebody else set “%s” (we had set “%s”, before us it was “%s”); "
                            "left as it is",
                            entry->target, now, entry->new_value, entry->old_value);
        if (!journal_done(journal, id, "left alone, somebody else changed it", error))
            return false;
        *ret_note = g_steal_pointer(&note);
        return true;
    }
    return write_back(root, entry, error) && journal_done(journal, id, "put back", error);
}
