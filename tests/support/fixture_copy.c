/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/fixture_copy.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

#define MOST_OPEN 16

static const char *copy_from, *copy_to; /* nftw(3) hands no data to its function */

static int
copy_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    g_autofree char *to = g_strconcat(copy_to, path + strlen(copy_from), NULL);
    g_autofree char *text = NULL;
    gsize length;

    if (kind == FTW_D)
        return g_mkdir_with_parents(to, 0755);
    if (kind == FTW_SL) {
        g_autofree char *target = g_file_read_link(path, NULL);

        return target ? symlink(target, to) : -1;
    }
    return g_file_get_contents(path, &text, &length, NULL) &&
                   g_file_set_contents(to, text, length, NULL)
               ? 0
               : -1;
}

char *
fixture_copy(const char *name)
{
    g_autofree char *from = fixture_path(name);
    char *to = g_dir_make_tmp("fixture-XXXXXX", NULL);

    assert_non_null(to);
    copy_from = from;
    copy_to = to;
    assert_int_equal(nftw(from, copy_one, MOST_OPEN, FTW_PHYS), 0);
    return to;
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    return g_remove(path);
}

static void
remove_all(const char *path)
{
    nftw(path, remove_one, MOST_OPEN, FTW_DEPTH | FTW_PHYS);
}

void
fixture_copy_free(char *path)
{
    remove_all(path);
    g_free(path);
}

static char *
made_place(const char *copy, const char *path)
{
    char *full = g_build_filename(copy, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    return full;
}

void
fixture_change(const char *copy, const char *path, const char *text)
{
    g_autofree char *full = made_place(copy, path);

    if (text)
        assert_true(g_file_set_contents(full, text, -1, NULL));
    else
        remove_all(full);
}

void
fixture_link(const char *copy, const char *path, const char *target)
{
    g_autofree char *full = made_place(copy, path);

    assert_int_equal(symlink(target, full), 0);
}
