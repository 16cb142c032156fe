/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/profile/symbol_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"

#define DATA_NAME "perf.data"
/* perf moves what it finds under its output's name out of the way. */
#define OLD_DATA_NAME "perf.data.old"

static const char *const names[WIRE_FILES] = {
    [WIRE_FILE_KALLSYMS] = "kallsyms",
    [WIRE_FILE_MODULES] = "modules",
};

struct SymbolFolder {
    char *path;
    char *files[WIRE_FILES];
    char *data;
    int fd;
    bool kept;
};

struct SymbolFile {
    FILE *out;
    char *path, *origin;
    SymbolCheck check;
};

/* Takes `path`, of a folder that has just been made. */
static SymbolFolder *
open_folder(char *path, GError **error)
{
    g_autoptr(SymbolFolder) folder = g_new0(SymbolFolder, 1);
    struct stat info;

    folder->path = path;
    folder->data = g_build_filename(path, DATA_NAME, NULL);
    for (size_t i = 0; i < WIRE_FILES; i++)
        folder->files[i] = g_build_filename(path, names[i], NULL);
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->fd < 0 || fstat(folder->fd, &info) < 0) {
        failure_set_errno(error, errno, "%s", path);
        return NULL;
    }
    if (info.st_uid != geteuid()) {
        folder->kept = true;
        failure_set(error, FAILURE_FAILED, "%s: somebody has put another folder in its place",
                    path);
        return NULL;
    }
    return g_steal_pointer(&folder);
}

SymbolFolder *
symbol_folder_new(const char *path, GError **error)
{
    g_autofree char *full = g_canonicalize_filename(path, NULL);

    if (g_mkdir(full, 0700) < 0) {
        failure_set_errno(error, errno, "%s cannot be made (name a folder that is not there yet)",
                          full);
        return NULL;
    }
    return open_folder(g_steal_pointer(&full), error);
}

SymbolFolder *
symbol_folder_new_within(const char *parent, GError **error)
{
    g_autofree char *path = g_build_filename(parent, "profile-XXXXXX", NULL);

    if (!g_mkdtemp_full(path, 0700)) {
        failure_set_errno(error, errno, "a folder in %s", parent);
        return NULL;
    }
    return open_folder(g_steal_pointer(&path), error);
}

void
symbol_folder_free(SymbolFolder *folder)
{
    if (!folder)
        return;

    if (!folder->kept && folder->fd >= 0) {
        for (size_t i = 0; i < WIRE_FILES; i++)
            unlinkat(folder->fd, names[i], 0);
        unlinkat(folder->fd, DATA_NAME, 0);
        unlinkat(folder->fd, OLD_DATA_NAME, 0);
        rmdir(folder->path);
    }
    if (folder->fd >= 0)
        close(folder->fd);
    for (size_t i = 0; i < WIRE_FILES; i++)
        g_free(folder->files[i]);
    g_free(folder->data);
    g_free(folder->path);
    g_free(folder);
}

void
symbol_folder_keep(SymbolFolder *folder)
{
    folder->kept = true;
}

const char *
symbol_folder_path(const SymbolFolder *folder)
{
    return folder->path;
}

const char *
symbol_folder_file(const SymbolFolder *folder, WireFile file)
{
    return folder->files[file];
}

const char *
symbol_folder_data(const SymbolFolder *folder)
{
    return folder->data;
}

SymbolFile *
symbol_file_begin(const SymbolFolder *folder, WireFile file, const char *origin, GError **error)
{
    int fd =
        openat(folder->fd, names[file], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    SymbolFile *begun;

    if (fd < 0) {
        failure_set_errno(error, errno, "%s", folder->files[file]);
        return NULL;
    }
    begun = g_new0(SymbolFile, 1);
    begun->out = fdopen(fd, "w");
    begun->path = g_strdup(folder->files[file]);
    begun->origin = g_strdup(origin);
    symbol_check_begin(&begun->check, file);
    return begun;
}

void
symbol_file_free(SymbolFile *file)
{
    if (!file)
        return;

    if (file->out)
        fclose(file->out);
    g_free(file->path);
    g_free(file->origin);
    g_free(file);
}

bool
symbol_file_write(void *data, const char *bytes, size_t n_bytes, GError **error)
{
    SymbolFile *file = data;

    if (!symbol_check_feed(&file->check, bytes, n_bytes, error)) {
        g_prefix_error(error, "%s: ", file->origin);
        return false;
    }
    return fwrite(bytes, 1, n_bytes, file->out) == n_bytes ||
           failure_set_errno(error, errno, "%s", file->path);
}

bool
symbol_file_end(SymbolFile *file, uint64_t *ret_lines, GError **error)
{
    if (!symbol_check_end(&file->check, error)) {
        g_prefix_error(error, "%s: ", file->origin);
        return false;
    }
    if (fclose(g_steal_pointer(&file->out)) != 0)
        return failure_set_errno(error, errno, "%s", file->path);
    *ret_lines = file->check.n_lines;
    return true;
}

static bool
copy_all(int fd, SymbolFile *to, GError **error)
{
    char buffer[64 * 1024];

    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure_set_errno(error, errno, "%s", to->origin);
        if (n == 0)
            return true;
        if (!symbol_file_write(to, buffer, (size_t) n, error))
            return false;
    }
}

bool
symbol_file_copy(const SymbolFolder *folder, WireFile file, const char *from, uint64_t *ret_lines,
                 GError **error)
{
    /* Not to wait for a writer, should it be a pipe. */
    autofd int fd = open(from, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    g_autoptr(SymbolFile) to = NULL;
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return failure_set_errno(error, errno, "%s", from);
    if (!S_ISREG(info.st_mode))
        return failure_set(error, FAILURE_FAILED, "%s: want a file", from);
    to = symbol_file_begin(folder, file, from, error);
    return to && copy_all(fd, to, error) && symbol_file_end(to, ret_lines, error);
}
