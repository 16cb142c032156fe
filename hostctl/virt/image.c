/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/image.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/text.h"

typedef enum { FILE_OVERLAY, FILE_SEED, FILE_META_DATA, FILES } ImageFile;

static const char *const suffixes[FILES] = { ".qcow2", ".seed.iso", ".meta-data" };

struct Image {
    Journal *journal;
    uint64_t entry_ids[FILES];
    char *paths[FILES];
    char *backing; /* of realpath() */
    const char *format;
};

static char *
path_of(const char *state_dir, const char *guest_name, ImageFile file)
{
    g_autofree char *name = g_strconcat(guest_name, suffixes[file], NULL);

    return g_build_filename(state_dir, STATE_DISKS, name, NULL);
}

/* An argument vector, no shell. What it said is the reason; *ret_missing: there is no such program.
 */
static bool
run(const char *const *argv, bool *ret_missing, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *said = NULL;
    int status;

    *ret_missing = false;
    if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, NULL, &said, &status, &problem)) {
        *ret_missing = g_error_matches(problem, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
        return failure_set(error, FAILURE_FAILED, "%s: %s", argv[0], problem->message);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    g_strstrip(said);
    return failure_set(error, FAILURE_FAILED, "%s failed: %s", argv[0],
                       *said ? said : "(it said nothing)");
}

static bool
backing_format(const char *path, const char **ret_format, GError **error)
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
make_overlay(Image *image, const char *backing, GError **error)
{
    bool missing;

    image->backing = realpath(backing, NULL);
    if (!image->backing)
        return failure_set_errno(error, errno, "image %s", backing);
    return backing_format(image->backing, &image->format, error) &&
           run((const char *const[]){ "qemu-img", "create", "-q", "-f", "qcow2", "-F",
                                      image->format, "-b", image->backing,
                                      image->paths[FILE_OVERLAY], NULL },
               &missing, error);
}

/* Another instance each time, so that cloud-init begins anew; local: before it waits for a network.
 */
static bool
write_meta_data(const Image *image, const char *guest_name, GError **error)
{
    g_autofree char *text = g_strdup_printf("instance-id: insideout-%s-%08x\nlocal-hostname: %s\n"
                                            "dsmode: local\n",
                                            guest_name, g_random_int(), guest_name);

    return g_file_set_contents(image->paths[FILE_META_DATA], text, -1, error);
}

/* A graft point ends at "="; it and "\" are escaped in what stands behind. */
static char *
graft(const char *name, const char *path)
{
    g_auto(GStrv) slashes = g_strsplit(path, "\\", -1);
    g_autofree char *once = g_strjoinv("\\\\", slashes);
    g_auto(GStrv) equals = g_strsplit(once, "=", -1);
    g_autofree char *escaped = g_strjoinv("\\=", equals);

    return g_strconcat(name, "=", escaped, NULL);
}

static bool
make_seed(const Image *image, GError **error)
{
    static const char *const makers[] = { "xorrisofs", "genisoimage", "mkisofs" };
    g_autofree char *user_data = NULL, *vendor_data = NULL, *probe = NULL;
    g_autofree char *user = NULL, *vendor = NULL, *meta = NULL, *program = NULL;
    bool missing = true;

    if (!state_data_file("xml/seed-user-data", &user_data, error) ||
        !state_data_file("xml/seed-vendor-data", &vendor_data, error) ||
        !state_find_probe(&probe, error))
        return false;
    user = graft("user-data", user_data);
    vendor = graft("vendor-data", vendor_data);
    meta = graft("meta-data", image->paths[FILE_META_DATA]);
    program = graft("guestprobe", probe);
    for (size_t i = 0; i < G_N_ELEMENTS(makers) && missing; i++) {
        const char *const argv[] = { makers[i],
                                     "-quiet",
                                     "-V",
                                     "cidata",
                                     "-J",
                                     "-r",
                                     "-o",
                                     image->paths[FILE_SEED],
                                     "-graft-points",
                                     user,
                                     vendor,
                                     meta,
                                     program,
                                     NULL };
        g_autoptr(GError) problem = NULL;

        if (run(argv, &missing, &problem))
            return true;
        if (!missing)
            return failure_set(error, FAILURE_FAILED, "%s", problem->message);
    }
    return failure_set(error, FAILURE_FAILED,
                       "no program makes the seed (Debian: apt-get install xorriso; xorrisofs, "
                       "genisoimage or mkisofs)");
}

static bool
remove_file(Image *image, ImageFile file, GError **error)
{
    if (image->entry_ids[file] == 0)
        return true;
    if (g_unlink(image->paths[file]) < 0 && errno != ENOENT)
        return failure_set_errno(error, errno, "%s", image->paths[file]);
    if (!journal_done(image->journal, image->entry_ids[file], "removed", error))
        return false;
    image->entry_ids[file] = 0;
    return true;
}

static bool
journal_files(Image *image, const State *state, const char *guest_name, GError **error)
{
    for (int file = 0; file < FILES; file++) {
        g_autofree char *name = g_strconcat(guest_name, suffixes[file], NULL);
        const JournalEntry entry = { .kind = JOURNAL_DISK, .target = name };

        image->paths[file] = path_of(state_dir(state), guest_name, (ImageFile) file);
        if (!journal_add(image->journal, &entry, &image->entry_ids[file], error))
            return false;
        g_unlink(image->paths[file]);
    }
    return true;
}

Image *
image_new(Journal *journal, const State *state, const char *guest_name, const char *backing,
          GError **error)
{
    g_autoptr(Image) image = g_new0(Image, 1);
    g_autofree char *folder = state_file(state, STATE_DISKS);

    image->journal = journal;
    if (g_mkdir(folder, 0755) < 0 && errno != EEXIST) {
        failure_set_errno(error, errno, "%s", folder);
        return NULL;
    }
    if (!journal_files(image, state, guest_name, error) || !make_overlay(image, backing, error) ||
        !write_meta_data(image, guest_name, error) || !make_seed(image, error) ||
        !remove_file(image, FILE_META_DATA, error)) {
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

    for (int file = 0; file < FILES; file++) {
        g_autoptr(GError) error = NULL;

        if (!remove_file(image, (ImageFile) file, &error))
            journal_remark(image->journal, "%s; hostctl recover will try again", error->message);
        g_free(image->paths[file]);
    }
    free(image->backing);
    g_free(image);
}

bool
image_keep(Image *image, GError **error)
{
    for (int file = 0; file < FILES; file++) {
        if (image->entry_ids[file] &&
            !journal_done(image->journal, image->entry_ids[file], "kept", error))
            return false;
        image->entry_ids[file] = 0;
    }
    return true;
}

void
image_remove(const char *state_dir, const char *guest_name)
{
    for (int file = 0; file < FILES; file++) {
        g_autofree char *path = path_of(state_dir, guest_name, (ImageFile) file);

        g_unlink(path);
    }
}

const char *
image_backing(const Image *image)
{
    return image->backing;
}

const char *
image_backing_format(const Image *image)
{
    return image->format;
}

const char *
image_overlay(const Image *image)
{
    return image->paths[FILE_OVERLAY];
}

const char *
image_seed(const Image *image)
{
    return image->paths[FILE_SEED];
}
