/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/recover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/base/fault.h"
#include "common/base/sysroot.h"
#include "hostctl/balloon_record.h"
#include "hostctl/host_qemu.h"
#include "hostctl/knob/change.h"
#include "hostctl/knob/ksm_undo.h"
#include "hostctl/virt/guest.h"
#include "hostctl/virt/volume.h"

/* What a step needs. Connections are opened once for each URI. */
typedef struct {
    State *state;
    Journal *journal;
    const Interrupt *interrupt;
    GHashTable *connections; /* URI -> Connection */
} Recovery;

static const char *const outcome_names[] = {
    [RECOVER_PUT_BACK] = "put_back", [RECOVER_GONE] = "gone",   [RECOVER_LEFT] = "left",
    [RECOVER_FAILED] = "failed",     [RECOVER_WOULD] = "would", [RECOVER_HELD] = "held",
};

const char *
recover_outcome_name(RecoverOutcome outcome)
{
    return outcome_names[outcome];
}

void
recover_step_free(RecoverStep *step)
{
    if (!step)
        return;

    journal_entry_free(step->entry);
    g_free(step->text);
    g_free(step);
}

G_GNUC_PRINTF(3, 4)
static void
finish(RecoverStep *step, RecoverOutcome outcome, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(step->text);
    step->outcome = outcome;
    step->text = g_strdup_vprintf(format, args);
    va_end(args);
}

static Connection *
connect_to(Recovery *recovery, const char *uri, GError **error)
{
    Connection *connection = g_hash_table_lookup(recovery->connections, uri);

    if (connection)
        return connection;
    connection =
        connection_open(uri, recovery->state, CONNECTION_TIMEOUT_MS, recovery->interrupt, error);
    if (connection)
        g_hash_table_insert(recovery->connections, g_strdup(uri), connection);
    return connection;
}

static bool
undo_guest(Recovery *recovery, RecoverStep *step, GError **error)
{
    const JournalEntry *entry = step->entry;
    Connection *connection;
    g_autoptr(Guest) guest = NULL;
    bool killed = false;

    if (!entry->uri || !entry->uuid)
        return failure_set(error, FAILURE_FAILED, "the journal does not say which guest");
    connection = connect_to(recovery, entry->uri, error);
    if (!connection || !guest_find_uuid(connection, entry->uuid, &guest, error))
        return false;
    if (guest && !guest_destroy(guest, error))
        return false;
    /* One that libvirt does not know: its maker was killed while libvirt started it. */
    if (!guest && !connection_is_remote(connection) && !host_qemu_kill(entry->uuid, &killed, error))
        return false;
    if (!guest)
        guest_remove_traces(connection, entry->target);

    if (guest || killed)
        finish(step, RECOVER_PUT_BACK, "guest %s (%s): destroyed", entry->target, entry->uri);
    else
        finish(step, RECOVER_GONE, "guest %s (%s): gone already", entry->target, entry->uri);
    return journal_done(recovery->journal, entry->id, "destroyed by recover", error);
}

/* Does any QEMU have the name on its command line? */
static bool
shm_is_used(const char *name)
{
    g_autoptr(Sysroot) live = sysroot_new("/");
    g_autoptr(GPtrArray) qemus = NULL;

    if (!host_qemu_list(live, &qemus, NULL))
        return true;
    for (guint i = 0; i < qemus->len; i++)
        if (strstr(((const HostQemu *) qemus->pdata[i])->command_line, name))
            return true;
    return false;
}

static bool
undo_shm(Recovery *recovery, RecoverStep *step, GError **error)
{
    const JournalEntry *entry = step->entry;
    g_autofree char *path = g_strconcat("/dev/shm/", entry->target, NULL);

    if (!g_str_has_prefix(entry->target, GUEST_SHM_PREFIX) || strchr(entry->target, '/'))
        return failure_set(error, FAILURE_FAILED, "“%s” is no file of ours", entry->target);
    if (shm_is_used(entry->target))
        finish(step, RECOVER_LEFT, "%s: a running guest uses it; it goes with the guest", path);
    else if (unlink(path) == 0)
        finish(step, RECOVER_PUT_BACK, "%s: removed", path);
    else if (errno == ENOENT)
        finish(step, RECOVER_GONE, "%s: gone already", path);
    else
        return failure_set_errno(error, errno, "%s", path);
    return journal_done(recovery->journal, entry->id, "removed by recover", error);
}

static bool
undo_disk(Recovery *recovery, RecoverStep *step, GError **error)
{
    const JournalEntry *entry = step->entry;
    g_autofree char *name = g_strconcat(STATE_DISKS "/", entry->target, NULL);
    g_autofree char *path = state_file(recovery->state, name);

    if (*entry->target == '.' || strchr(entry->target, '/'))
        return failure_set(error, FAILURE_FAILED, "“%s” is no disk of ours", entry->target);
    if (unlink(path) == 0)
        finish(step, RECOVER_PUT_BACK, "%s: removed", path);
    else if (errno == ENOENT)
        finish(step, RECOVER_GONE, "%s: gone already", path);
    else
        return failure_set_errno(error, errno, "%s", path);
    return journal_done(recovery->journal, entry->id, "removed by recover", error);
}

static bool
undo_volume(Recovery *recovery, RecoverStep *step, GError **error)
{
    const JournalEntry *entry = step->entry;
    g_auto(GStrv) parts = g_strsplit(entry->target, "/", 2);
    Connection *connection;
    bool found;

    if (!entry->uri || g_strv_length(parts) != 2 || strchr(parts[1], '/'))
        return failure_set(error, FAILURE_FAILED, "“%s” is no volume of ours", entry->target);
    connection = connect_to(recovery, entry->uri, error);
    if (!connection || !volume_delete(connection, parts[0], parts[1], &found, error))
        return false;
    finish(step, found ? RECOVER_PUT_BACK : RECOVER_GONE, "volume %s (%s): %s", entry->target,
           entry->uri, found ? "removed" : "gone already");
    return journal_done(recovery->journal, entry->id, "removed by recover", error);
}

static bool
undo_balloon(Recovery *recovery, RecoverStep *step, GError **error)
{
    const JournalEntry *entry = step->entry;
    g_autofree char *note = NULL;
    Connection *connection;

    if (!entry->uri || !entry->uuid)
        return failure_set(error, FAILURE_FAILED, "the journal does not say which guest");
    connection = connect_to(recovery, entry->uri, error);
    if (!connection || !balloon_record_undo(recovery->journal, connection, entry, &note, error))
        return false;
    finish(step, RECOVER_PUT_BACK, "%s", note);
    return true;
}

static bool
undo_change(Recovery *recovery, RecoverStep *step, GError **error)
{
    const JournalEntry *entry = step->entry;
    g_autofree char *note = NULL;

    if (!change_undo(recovery->journal, entry->id, &note, error))
        return false;
    if (note)
        finish(step, RECOVER_LEFT, "%s", note);
    else
        finish(step, RECOVER_PUT_BACK, "%s: “%s” again (had been set to “%s”)", entry->target,
               entry->old_value, entry->new_value ? entry->new_value : "");
    return true;
}

/* In the order of undoing: no guest may run on what is taken away next. */
static const struct {
    JournalKind kind;
    bool (*undo)(Recovery *recovery, RecoverStep *step, GError **error);
} ways[] = {
    { JOURNAL_GUEST, undo_guest },     { JOURNAL_SHM, undo_shm },
    { JOURNAL_DISK, undo_disk },       { JOURNAL_VOLUME, undo_volume },
    { JOURNAL_BALLOON, undo_balloon }, { JOURNAL_FILE, undo_change },
    { JOURNAL_SERVICE, undo_change },  { JOURNAL_MODULE, undo_change },
};

static void
undo_step(Recovery *recovery, RecoverStep *step,
          bool (*undo)(Recovery *recovery, RecoverStep *step, GError **error))
{
    g_autoptr(GError) error = NULL;

    if (!undo(recovery, step, &error))
        finish(step, RECOVER_FAILED, "%s: %s", step->entry->target, error->message);
}

/* KSM's files have an order of their own. What it closes is reported file by file. */
static void
undo_ksm(Recovery *recovery, GPtrArray *steps)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < steps->len; i++) {
        RecoverStep *step = steps->pdata[i];

        if (!step->text && ksm_entry_is_ours(step->entry))
            g_ptr_array_add(entries, step->entry);
    }
    ksm_put_back_entries(recovery->journal, entries, recovery->interrupt, notes, &error);

    for (guint i = 0; i < steps->len; i++) {
        RecoverStep *step = steps->pdata[i];
        const JournalEntry *entry = step->entry;
        g_autoptr(JournalEntry) still = journal_get(recovery->journal, entry->id);

        if (step->text || !ksm_entry_is_ours(entry))
            continue;
        if (still)
            finish(step, RECOVER_FAILED, "%s: %s", entry->target,
                   error ? error->message : "not put back");
        else
            finish(step, RECOVER_PUT_BACK, "%s: “%s” again (had been set to “%s”)", entry->target,
                   entry->old_value, entry->new_value);
        for (guint k = 0; k < notes->len; k++)
            if (g_str_has_prefix(notes->pdata[k], entry->target))
                finish(step, RECOVER_LEFT, "%s", (const char *) notes->pdata[k]);
    }
}

/* Nothing that was set survives a restart of the machine, and no guest does; their disks do. */
static bool
gone_with_restart(const JournalEntry *entry)
{
    return !journal_entry_same_boot(entry) && entry->kind != JOURNAL_DISK &&
           entry->kind != JOURNAL_VOLUME;
}

static void
close_earlier_boot(Recovery *recovery, RecoverStep *step)
{
    g_autoptr(GError) error = NULL;

    if (journal_done(recovery->journal, step->entry->id, "the machine was restarted", &error))
        finish(step, RECOVER_GONE, "%s: gone with the machine's restart", step->entry->target);
    else
        finish(step, RECOVER_FAILED, "%s: %s", step->entry->target, error->message);
}

static bool
undo_all(Recovery *recovery, GPtrArray *steps, GError **error)
{
    for (guint i = 0; i < steps->len; i++) {
        RecoverStep *step = steps->pdata[i];

        if (gone_with_restart(step->entry))
            close_earlier_boot(recovery, step);
    }
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
        if (ways[way].kind == JOURNAL_FILE)
            undo_ksm(recovery, steps);
        for (guint i = 0; i < steps->len; i++) {
            RecoverStep *step = steps->pdata[i];

            if (step->text || step->entry->kind != ways[way].kind)
                continue;
            if (!interrupt_check(recovery->interrupt, error))
                return false;
            undo_step(recovery, step, ways[way].undo);
            fault_point("recover.step");
        }
    }
    return true;
}

/* What somebody set to stay is no leftover. */
static bool
is_wanted(const JournalEntry *entry, bool leftovers_only)
{
    return !leftovers_only || !entry->held;
}

/* One step for each entry; those that are held, and all in a dry run, are finished at once. */
static bool
plan_steps(const Journal *journal, bool leftovers_only, bool dry_run, GPtrArray *steps,
           GError **error)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(journal);

    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];
        RecoverStep *step;

        if (!is_wanted(entry, leftovers_only))
            continue;
        if (!entry->held && entry->pid != getpid() && journal_entry_owner_alive(entry))
            return failure_set(error, FAILURE_FAILED,
                               "process %d (%s) is still at work and puts its changes back itself",
                               (int) entry->pid, entry->command ? entry->command : "unknown");
        step = g_new0(RecoverStep, 1);
        step->entry = journal_entry_copy(entry);
        g_ptr_array_add(steps, step);
        if (entry->held && !entry->until_recover && journal_entry_same_boot(entry))
            finish(step, RECOVER_HELD, "%s: set by hand to stay; hostctl %s restore puts it back",
                   entry->target, entry->kind == JOURNAL_BALLOON ? "balloon" : "ksm");
        else if (dry_run)
            finish(step, RECOVER_WOULD, "%s %s: would be put back", journal_kind_name(entry->kind),
                   entry->target);
    }
    return true;
}

static bool
recover_wanted(State *state, Journal *journal, bool leftovers_only, bool dry_run,
               const Interrupt *interrupt, GPtrArray **ret_steps, GError **error)
{
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func((GDestroyNotify) recover_step_free);
    g_autoptr(GHashTable) connections =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) connection_free);
    Recovery recovery = { state, journal, interrupt, connections };

    if (!plan_steps(journal, leftovers_only, dry_run, steps, error))
        return false;
    if (!dry_run && !undo_all(&recovery, steps, error))
        return false;
    *ret_steps = g_steal_pointer(&steps);
    return true;
}

bool
recover_all(State *state, Journal *journal, bool dry_run, const Interrupt *interrupt,
            GPtrArray **ret_steps, GError **error)
{
    return recover_wanted(state, journal, false, dry_run, interrupt, ret_steps, error);
}

bool
recover_leftovers(State *state, Journal *journal, const Interrupt *interrupt, GPtrArray **ret_steps,
                  GError **error)
{
    return recover_wanted(state, journal, true, false, interrupt, ret_steps, error);
}

bool
recover_judge(const GPtrArray *steps, GError **error)
{
    guint failed = 0;

    for (guint i = 0; i < steps->len; i++)
        failed += ((const RecoverStep *) steps->pdata[i])->outcome == RECOVER_FAILED;
    return failed == 0 ||
           failure_set(error, FAILURE_FAILED, "%u of %u could not be put back (see above)", failed,
                       steps->len);
}
