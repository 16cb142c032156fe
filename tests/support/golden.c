/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/golden.h"

#include <glib.h>

#include "tests/support/cmocka_all.h"

static char *
data_path(const char *kind, const char *name)
{
    const char *dir = g_getenv("TEST_DATA_DIR");

    if (!dir)
        fail_msg("TEST_DATA_DIR is not set: run this through “meson test”");
    return g_build_filename(dir, kind, name, NULL);
}

char *
fixture_path(const char *name)
{
    return data_path("fixtures", name);
}

static void
write_golden(const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, text, -1, &error))
        fail_msg("%s", error->message);
}

void
assert_golden(const char *name, const char *got)
{
    g_autofree char *path = data_path("golden", name);
    g_autofree char *want = NULL;

    if (g_getenv("UPDATE_GOLDEN")) {
        write_golden(path, got);
        return;
    }
    if (!g_file_get_contents(path, &want, NULL, NULL))
        fail_msg("%s cannot be read; UPDATE_GOLDEN=1 makes it", path);
    assert_string_equal(got, want);
}
