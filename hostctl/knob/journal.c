/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/knob/journal_line.h"
#include "hostctl/process_id.h"
#include "hostctl/remote_host.h"

#define JOURNAL_NAME "journal.jsonl"
#define COMPACT_OVER_BYTES 65536

struct Journal {
    const Sysroot *root;
    char *root_path; /* NULL: the live machine */
    char *dir;
    char *path;
    GMutex lock;        /* guards what follows */
    GPtrArray *entries; /* unfinished, the oldest first */
    uint64_t last_id;
    GPtrArray *remarks; /* char * */
    unsigned damaged_lines;
    int fd;       /* -1 until something is written */
    off_t length; /* up to the end of the last whole line */
};

static JournalEntry *
find_entry(const Journal *journal, uint64_t id)
{
    for (guint i = 0; i < journal->entries->len; i++) {
        JournalEntry *entry = journal->entries->pdata[i];

        if (entry->id == id)
            return entry;
    }
    return NULL;
}

static void
change_entry(JournalEntry *entry, const char *new_value)
{
    g_free(entry->earlier_value);
    entry->earlier_value = entry->new_value;
    entry->new_value = g_strdup(new_value);
}

static void
replay_line(Journal *journal, const char *text, size_t length)
{
    g_auto(JournalLine) line = { 0 };
    JournalEntry *entry;

    if (!journal_line_parse(text, length, &line)) {
        journal->damaged_lines++;
        return;
    }
    journal->last_id = MAX(journal->last_id, line.id);
    entry = find_entry(journal, line.id);
    switch (line.kind) {
    case JOURNAL_LINE_ENTRY:
        if (!entry)
            g_ptr_array_add(journal->entries, g_steal_pointer(&line.entry));
        break;
    case JOURNAL_LINE_CHANGE:
        if (entry)
            change_entry(entry, line.value);
        break;
    case JOURNAL_LINE_DONE:
        if (entry)
            g_ptr_array_remove(journal->entries, entry);
        break;
    }
}

/* A last line without its newline was torn by a crash before its change was made: left out. */
static void
replay(Journal *journal, const char *text, size_t length)
{
    const char *end = text + length;
    const char *newline;

    for (const char *line = text; (newline = memchr(line, '\n', end - line)); line = newline + 1) {
        replay_line(journal, line, newline - line);
        journal->length = newline + 1 - text;
    }
}

static bool
read_journal(Journal *journal, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    size_t length;

    if (!g_file_get_contents(journal->path, &text, &length, &problem)) {
        if (g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    replay(journal, text, length);
    return true;
}

Journal *
journal_open(const State *state, const Sysroot *root, GError **error)
{
    g_autoptr(Journal) journal = g_new0(Journal, 1);

    g_mutex_init(&journal->lock);
    journal->fd = -1;
    journal->root = root;
    journal->dir = g_strdup(state_dir(state));
    journal->path = state_file(state, JOURNAL_NAME);
    journal->entries = g_ptr_array_new_with_free_func((GDestroyNotify) journal_entry_free);
    journal->remarks = g_ptr_array_new_with_free_func(g_free);
    if (!sysroot_is_live(root)) {
        g_autofree char *path = sysroot_path(root, "");
        journal->root_path = g_canonicalize_filename(path, NULL);
    }
    if (!read_journal(journal, error))
        return NULL;
    return g_steal_pointer(&journal);
}

void
journal_free(Journal *journal)
{
    if (!journal)
        return;

    if (journal->fd >= 0)
        close(journal->fd);
    g_mutex_clear(&journal->lock);
    g_ptr_array_unref(journal->entries);
    g_ptr_array_unref(journal->remarks);
    g_free(journal->root_path);
    g_free(journal->dir);
    g_free(journal->path);
    g_free(journal);
}

const Sysroot *
journal_root(const Journal *journal)
{
    return journal->root;
}

unsigned
journal_damaged_lines(const Journal *journal)
{
    return journal->damaged_lines;
}

/* A name in a directory is on the disk only when the directory is. */
static bool
sync_dir(const Journal *journal, GError **error)
{
    autofd int fd = open(journal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return failure_set_errno(error, errno, "%s", journal->dir);
    return true;
}

/* Forgets what is finished, so that the file does not grow for ever. */
static bool
compact(Journal *journal, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < journal->entries->len; i++) {
        g_autofree char *line = journal_line_format_entry(journal->entries->pdata[i]);
        g_string_append(text, line);
    }
    if (!g_file_set_contents_full(journal->path, text->str, (gssize) text->len,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0600, error))
        return false;
    journal->length = (off_t) text->len;
    return true;
}

static bool
open_for_writing(Journal *journal, GError **error)
{
    if (journal->fd >= 0)
        return true;
    if (journal->length > COMPACT_OVER_BYTES && !compact(journal, error))
        return false;

    journal->fd = open(journal->path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (journal->fd < 0 || ftruncate(journal->fd, journal->length) < 0)
        return failure_set_errno(error, errno, "%s", journal->path);
    return sync_dir(journal, error);
}

static bool
write_all(int fd, const char *text, size_t length, off_t at)
{
    while (length > 0) {
        ssize_t n = pwrite(fd, text, length, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        at += n;
        length -= n;
    }
    return true;
}

static bool
append(Journal *journal, const char *line, GError **error)
{
    size_t length = strlen(line);

    if (!open_for_writing(journal, error))
        return false;
    if (!write_all(journal->fd, line, length, journal->length) || fsync(journal->fd) < 0) {
        int write_errno = errno;

        if (ftruncate(journal->fd, journal->length) < 0)
            g_debug("%s: %s", journal->path, g_strerror(errno));
        return failure_set_errno(error, write_errno, "%s", journal->path);
    }
    journal->length += (off_t) length;
    return true;
}

static bool
append_before_change(Journal *journal, const char *line, GError **error)
{
    if (append(journal, line, error))
        return true;
    g_prefix_error(error, "nothing was changed, since it could not be journaled first: ");
    return false;
}

/* A copy of what the caller gave, with who we are. */
static JournalEntry *
sign_entry(const Journal *journal, const JournalEntry *given)
{
    JournalEntry *entry = journal_entry_copy(given);

    g_free(entry->root);
    g_free(entry->boot_id);
    g_free(entry->command);
    entry->id = journal->last_id + 1;
    entry->root = g_strdup(journal->root_path);
    entry->pid = getpid();
    if (!process_starttime(entry->pid, &entry->pid_starttime))
        entry->pid_starttime = 0;
    entry->boot_id = process_boot_id();
    entry->command = process_command_line(entry->pid);
    return entry;
}

bool
journal_add(Journal *journal, const JournalEntry *given, uint64_t *ret_id, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
    g_autoptr(JournalEntry) entry = sign_entry(journal, given);
    g_autofree char *line = journal_line_format_entry(entry);

    if (!append_before_change(journal, line, error))
        return false;
    fault_point("journal.add");
    journal->last_id = entry->id;
    *ret_id = entry->id;
    g_ptr_array_add(journal->entries, g_steal_pointer(&entry));
    return true;
}

bool
journal_change(Journal *journal, uint64_t id, const char *new_value, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
    g_autofree char *line = journal_line_format_change(id, new_value);
    JournalEntry *entry = find_entry(journal, id);

    g_return_val_if_fail(entry, false);
    if (!append_before_change(journal, line, error))
        return false;
    change_entry(entry, new_value);
    fault_point("journal.change");
    return true;
}

bool
journal_done(Journal *journal, uint64_t id, const char *how, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
    g_autofree char *line = journal_line_format_done(id, how);
    JournalEntry *entry = find_entry(journal, id);

    if (!entry)
        return true;
    if (!append(journal, line, error))
        return false;
    g_ptr_array_remove(journal->entries, entry);
    fault_point("journal.done");
    return true;
}

GPtrArray *
journal_unfinished(const Journal *journal)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new((GMutex *) &journal->lock);
    GPtrArray *copies = g_ptr_array_new_with_free_func((GDestroyNotify) journal_entry_free);

    for (guint i = journal->entries->len; i > 0; i--)
        g_ptr_array_add(copies, journal_entry_copy(journal->entries->pdata[i - 1]));
    return copies;
}

JournalEntry *
journal_get(const Journal *journal, uint64_t id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new((GMutex *) &journal->lock);
    const JournalEntry *entry = find_entry(journal, id);

    return entry ? journal_entry_copy(entry) : NULL;
}

void
journal_remark(Journal *journal, const char *format, ...)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
    va_list args;

    va_start(args, format);
    g_ptr_array_add(journal->remarks, g_strdup_vprintf(format, args));
    va_end(args);
}

GPtrArray *
journal_take_remarks(Journal *journal)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
    GPtrArray *remarks = g_steal_pointer(&journal->remarks);

    journal->remarks = g_ptr_array_new_with_free_func(g_free);
    return remarks;
}

static bool
made_in_this_boot(const JournalEntry *entry)
{
    g_autofree char *boot_id = process_boot_id();

    return g_str_equal(entry->boot_id, boot_id);
}

bool
journal_entry_owner_alive(const JournalEntry *entry)
{
    uint64_t starttime;

    return made_in_this_boot(entry) && process_starttime(entry->pid, &starttime) &&
           starttime == entry->pid_starttime;
}

bool
journal_entry_same_boot(const JournalEntry *entry)
{
    return remote_host_is(entry->uri) || made_in_this_boot(entry);
}

bool
journal_require_recovered(const Journal *journal, GError **error)
{
    g_autoptr(GPtrArray) entries = journal_unfinished(journal);

    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];

        if (!entry->held && journal_entry_same_boot(entry) && !journal_entry_owner_alive(entry))
            return failure_set(error, FAILURE_FAILED,
                               "process %d (%s) was killed and left this host changed; put it back "
                               "first: hostctl recover",
                               (int) entry->pid, entry->command ? entry->command : "unknown");
    }
    return true;
}
