/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"

struct Disk {
    Journal *journal;
    uint64_t entry_id;
    char *path;
    uint64_t kib;
};

static bool
allocate(const char *path, int64_t bytes, GError **error)
{
    autofd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int refusal = fd < 0 ? errno : posix_fallocate(fd, 0, bytes);

    if (refusal == 0)
        return true;
    return failure_set_errno(error, refusal, "%s (a guest's disk of %" G_GINT64_FORMAT " MiB)",
                             path, bytes >> 20);
}

Disk *
disk_new(Journal *journal, const State *state, const char *guest_name, int64_t mib, GError **error)
{
    g_autofree char *file = g_strconcat(guest_name, ".raw", NULL);
    g_autofree char *folder = state_file(state, STATE_DISKS);
    const JournalEntry entry = { .kind = JOURNAL_DISK, .target = file };
    g_autoptr(Disk) disk = g_new0(Disk, 1);

    disk->journal = journal;
    disk->kib = (uint64_t) mib * 1024;
    disk->path = g_build_filename(folder, file, NULL);
    if (g_mkdir(folder, 0755) < 0 && errno != EEXIST) {
        failure_set_errno(error, errno, "%s", folder);
        return NULL;
    }
    if (!journal_add(journal, &entry, &disk->entry_id, error) ||
        !allocate(disk->path, mib << 20, error))
        return NULL;
    return g_steal_pointer(&disk);
}

void
disk_free(Disk *disk)
{
    g_autoptr(GError) error = NULL;

    if (!disk)
        return;

    if (disk->entry_id != 0) {
        if (g_unlink(disk->path) < 0 && errno != ENOENT)
            journal_remark(disk->journal, "%s is not removed, hostctl recover will try again: %s",
                           disk->path, g_strerror(errno));
        else if (!journal_done(disk->journal, disk->entry_id, "removed", &error))
            journal_remark(disk->journal, "%s", error->message);
    }
    g_free(disk->path);
    g_free(disk);
}

const char *
disk_path(const Disk *disk)
{
    return disk->path;
}

uint64_t
disk_kib(const Disk *disk)
{
    return disk->kib;
}
