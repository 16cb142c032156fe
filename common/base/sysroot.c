/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/sysroot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/text.h"

#define MAX_FILE_BYTES (1024 * 1024)

struct Sysroot {
    char *path;
};

Sysroot *
sysroot_new(const char *path)
{
    Sysroot *root = g_new0(Sysroot, 1);

    root->path = g_strdup(path);
    return root;
}

void
sysroot_free(Sysroot *root)
{
    if (!root)
        return;

    g_free(root->path);
    g_free(root);
}

bool
sysroot_is_live(const Sysroot *root)
{
    return g_str_equal(root->path, "/");
}

char *
sysroot_path(const Sysroot *root, const char *path)
{
    return g_build_filename(root->path, path, NULL);
}

bool
sysroot_exists(const Sysroot *root, const char *path)
{
    g_autofree char *full = sysroot_path(root, path);

    return access(full, F_OK) == 0;
}

int
sysroot_open(const Sysroot *root, const char *path, GError **error)
{
    g_autofree char *full = sysroot_path(root, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        failure_set_errno(error, errno, "%s", full);
    return fd;
}

bool
sysroot_read(const Sysroot *root, const char *path, char **ret_text, GError **error)
{
    autofd int fd = sysroot_open(root, path, error);
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];

    if (fd < 0)
        return false;

    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n < 0)
            return failure_set_errno(error, errno, "%s/%s", root->path, path);
        if (n == 0)
            break;
        g_string_append_len(text, buffer, n);
        if (text->len > MAX_FILE_BYTES)
            return failure_set(error, FAILURE_FAILED, "%s/%s: larger than %d bytes", root->path,
                               path, MAX_FILE_BYTES);
    }

    *ret_text = g_strchomp(g_strndup(text->str, text->len));
    return true;
}

bool
sysroot_read_u64(const Sysroot *root, const char *path, uint64_t *ret_value, GError **error)
{
    g_autofree char *text = NULL;

    if (!sysroot_read(root, path, &text, error))
        return false;

    if (!text_to_u64(g_strchug(text), ret_value, error)) {
        g_prefix_error(error, "%s/%s: ", root->path, path);
        return false;
    }
    return true;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

bool
sysroot_list(const Sysroot *root, const char *path, char ***ret_names, GError **error)
{
    g_autofree char *full = sysroot_path(root, path);
    g_autoptr(GDir) dir = g_dir_open(full, 0, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (!dir)
        return false;

    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    if (names->len > 0)
        qsort(names->pdata, names->len, sizeof names->pdata[0], compare_names);
    g_ptr_array_add(names, NULL);
    *ret_names = (char **) g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return true;
}

bool
sysroot_write(const Sysroot *root, const char *path, const char *text, GError **error)
{
    g_autofree char *full = sysroot_path(root, path);
    autofd int fd = open(full, O_WRONLY | O_CLOEXEC | O_TRUNC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return failure_set_errno(error, errno, "writing “%s” to %s", text, full);
    return true;
}

bool
sysroot_write_u64(const Sysroot *root, const char *path, uint64_t value, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    return sysroot_write(root, path, text, error);
}
