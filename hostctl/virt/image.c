/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/image.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "hostctl/virt/seed.h"
#include "hostctl/virt/tool.h"
#include "hostctl/virt/volume.h"

typedef enum {
    PART_OVERLAY,
    PART_SEED,
    PART_META_DATA,
    PART_UPLOAD, /* the seed, made here, until it is in the pool */
    PART_OVERLAY_VOLUME,
    PART_SEED_VOLUME,
    PARTS,
} Part;

static const struct {
    JournalKind kind;
    const char *suffix;
} parts[PARTS] = {
    [PART_OVERLAY] = { JOURNAL_DISK, ".qcow2" },
    [PART_SEED] = { JOURNAL_DISK, ".seed.iso" },
    [PART_META_DATA] = { JOURNAL_DISK, ".meta-data" },
    [PART_UPLOAD] = { JOURNAL_DISK, ".upload.iso" },
    [PART_OVERLAY_VOLUME] = { JOURNAL_VOLUME, ".qcow2" },
    [PART_SEED_VOLUME] = { JOURNAL_VOLUME, ".seed.iso" },
};

struct Image {
    Journal *journal;
    Connection *connection;
    char *storage_pool;
    uint64_t entry_ids[PARTS]; /* 0: not there, or not ours to remove any more */
    char *names[PARTS];        /* of a volume */
    char *paths[PARTS];
    VolumeFacts backing; /* of a file too, but for its size */
};

static char *
path_of(const char *state_dir, const char *guest_name, Part part)
{
    g_autofree char *name = g_strconcat(guest_name, parts[part].suffix, NULL);

    return g_build_filename(state_dir, STATE_DISKS, name, NULL);
}

static char *
volume_name(const char *guest_name, Part part)
{
    return g_strconcat(VOLUME_PREFIX, guest_name, parts[part].suffix, NULL);
}

static bool
file_format(const char *path, const char **ret_format, GError **error)
{
    autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    char magic[4] = { 0 };

    if (fd < 0 || fstat(fd, &info) < 0)
        return failure_set_errno(error, errno, "image %s", path);
    if (!S_ISREG(info.st_mode))
        return failure_set(error, FAILURE_FAILED, "image %s: want a file", path);
    if (read(fd, magic, sizeof magic) < 0)
        return failure_set_errno(error, errno, "image %s", path);
    *ret_format = memcmp(magic, "QFI\xfb", sizeof magic) == 0 ? "qcow2" : "raw";
    return true;
}

static bool
find_file(Image *image, const char *name, GError **error)
{
    char *real = realpath(name, NULL);
    const char *format = NULL;

    if (!real)
        return failure_set_errno(error, errno, "image %s", name);
    image->backing.path = g_strdup(real);
    free(real);
    if (!file_format(image->backing.path, &format, error))
        return false;
    image->backing.format = g_strdup(format);
    return true;
}

/* What a guest has left is removed by its name: no image may be called so. */
static bool
find_volume(Image *image, const char *name, GError **error)
{
    if (g_str_has_prefix(name, VOLUME_PREFIX))
        return failure_set(error, FAILURE_USAGE,
                           "storage pool %s: volume %s: names that begin with " VOLUME_PREFIX
                           " are those of guests' overlays (give the image another one)",
                           image->storage_pool, name);
    return volume_look(image->connection, image->storage_pool, name, &image->backing, error);
}

/* Gone already is no error. */
static bool
remove_thing(const Image *image, Part part, GError **error)
{
    bool found;

    if (parts[part].kind == JOURNAL_VOLUME)
        return volume_delete(image->connection, image->storage_pool, image->names[part], &found,
                             error);
    if (g_unlink(image->paths[part]) < 0 && errno != ENOENT)
        return failure_set_errno(error, errno, "%s", image->paths[part]);
    return true;
}

static bool
remove_part(Image *image, Part part, GError **error)
{
    if (image->entry_ids[part] == 0)
        return true;
    if (!remove_thing(image, part, error) ||
        !journal_done(image->journal, image->entry_ids[part], "removed", error))
        return false;
    image->entry_ids[part] = 0;
    return true;
}

static bool
journal_part(Image *image, const State *state, const char *guest_name, Part part, GError **error)
{
    bool volume = parts[part].kind == JOURNAL_VOLUME;
    g_autofree char *target = volume ? g_strconcat(image->storage_pool, "/" VOLUME_PREFIX,
                                                   guest_name, parts[part].suffix, NULL)
                                     : g_strconcat(guest_name, parts[part].suffix, NULL);
    const JournalEntry entry = {
        .kind = parts[part].kind,
        .target = target,
        .uri = volume ? (char *) connection_uri(image->connection) : NULL,
    };

    if (volume)
        image->names[part] = volume_name(guest_name, part);
    else
        image->paths[part] = path_of(state_dir(state), guest_name, part);
    /* What a guest of that name left goes now, in time. */
    return journal_add(image->journal, &entry, &image->entry_ids[part], error) &&
           remove_thing(image, part, error);
}

/* A guest of this machine that has no pool may have the same name on another libvirt: its overlay
 * and seed are not touched. */
static bool
is_wanted(const Image *image, Part part)
{
    switch (part) {
    case PART_META_DATA:
        return true;
    case PART_OVERLAY:
    case PART_SEED:
        return !image->storage_pool;
    default:
        return image->storage_pool != NULL;
    }
}

static bool
journal_parts(Image *image, const State *state, const char *guest_name, GError **error)
{
    for (int part = 0; part < PARTS; part++) {
        if (is_wanted(image, (Part) part) &&
            !journal_part(image, state, guest_name, (Part) part, error))
            return false;
    }
    return true;
}

static bool
make_overlay(Image *image, GError **error)
{
    bool missing;

    if (image->storage_pool)
        return volume_create_overlay(image->connection, image->storage_pool,
                                     image->names[PART_OVERLAY_VOLUME], &image->backing,
                                     &image->paths[PART_OVERLAY_VOLUME], error);
    return tool_run((const char *const[]){ "qemu-img", "create", "-q", "-f", "qcow2", "-F",
                                           image->backing.format, "-b", image->backing.path,
                                           image->paths[PART_OVERLAY], NULL },
                    &missing, error);
}

/* Made here; then moved into the pool. */
static bool
make_seed(Image *image, const char *guest_name, GError **error)
{
    const char *seed = image->paths[image->storage_pool ? PART_UPLOAD : PART_SEED];

    if (!seed_make(guest_name, image->paths[PART_META_DATA], seed, error) ||
        !remove_part(image, PART_META_DATA, error))
        return false;
    return !image->storage_pool ||
           (volume_upload(image->connection, image->storage_pool, image->names[PART_SEED_VOLUME],
                          seed, &image->paths[PART_SEED_VOLUME], error) &&
            remove_part(image, PART_UPLOAD, error));
}

Image *
image_new(Journal *journal, const State *state, Connection *connection, const char *guest_name,
          const ImageSource *source, GError **error)
{
    g_autoptr(Image) image = g_new0(Image, 1);
    g_autofree char *folder = state_file(state, STATE_DISKS);

    image->journal = journal;
    image->connection = connection;
    image->storage_pool = g_strdup(source->storage_pool);
    if (g_mkdir(folder, 0755) < 0 && errno != EEXIST) {
        failure_set_errno(error, errno, "%s", folder);
        return NULL;
    }
    if (!(source->storage_pool ? find_volume : find_file)(image, source->name, error) ||
        !journal_parts(image, state, guest_name, error) || !make_overlay(image, error) ||
        !make_seed(image, guest_name, error)) {
        g_prefix_error(error, "guest %s: ", guest_name);
        return NULL;
    }
    return g_steal_pointer(&image);
}

void
image_free(Image *image)
{
    if (!image)
        return;

    for (int part = 0; part < PARTS; part++) {
        g_autoptr(GError) error = NULL;

        if (!remove_part(image, (Part) part, &error))
            journal_remark(image->journal, "%s; hostctl recover will try again", error->message);
        g_free(image->names[part]);
        g_free(image->paths[part]);
    }
    g_free(image->storage_pool);
    volume_facts_clear(&image->backing);
    g_free(image);
}

bool
image_keep(Image *image, GError **error)
{
    for (int part = 0; part < PARTS; part++) {
        if (image->entry_ids[part] &&
            !journal_done(image->journal, image->entry_ids[part], "kept", error))
            return false;
        image->entry_ids[part] = 0;
    }
    return true;
}

void
image_remove(const char *state_dir, const char *guest_name)
{
    for (int part = 0; part < PARTS; part++) {
        g_autofree char *path = path_of(state_dir, guest_name, (Part) part);

        g_unlink(path);
    }
}

bool
image_remove_volumes(Connection *connection, const char *storage_pool, const char *guest_name,
                     GError **error)
{
    for (int part = PART_OVERLAY_VOLUME; part < PARTS; part++) {
        g_autofree char *name = volume_name(guest_name, (Part) part);
        bool found;

        if (!volume_delete(connection, storage_pool, name, &found, error))
            return false;
    }
    return true;
}

const char *
image_backing(const Image *image)
{
    return image->backing.path;
}

const char *
image_backing_format(const Image *image)
{
    return image->backing.format;
}

const char *
image_overlay(const Image *image)
{
    return image->paths[image->storage_pool ? PART_OVERLAY_VOLUME : PART_OVERLAY];
}

const char *
image_seed(const Image *image)
{
    return image->paths[image->storage_pool ? PART_SEED_VOLUME : PART_SEED];
}

const char *
image_storage_pool(const Image *image)
{
    return image->storage_pool;
}
