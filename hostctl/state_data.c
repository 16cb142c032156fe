/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/state.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/failure.h"

#define PLUGIN "emupmu.so"
#define PLUGIN_PREFIX "emupmu-"
#define PLUGIN_SUFFIX ".so"

/* BUILD, when this program is BUILD/hostctl/hostctl (or a test in BUILD/tests). */
static char *
build_tree(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;

    return folder ? g_path_get_dirname(folder) : NULL;
}

/* The places of `name`, in order; `built` is its name below the build tree. */
static char **
candidates(const char *name, const char *built, const char *installed_dir)
{
    const char *given = g_getenv("INSIDEOUT_DATA_DIR");
    g_autofree char *build = build_tree();
    GStrvBuilder *list = g_strv_builder_new();
    g_autofree char *installed = g_build_filename(installed_dir, name, NULL);
    char **paths;

    if (given && *given) {
        g_autofree char *path = g_build_filename(given, name, NULL);
        g_strv_builder_add(list, path);
    }
    if (build) {
        g_autofree char *path = g_build_filename(build, built, NULL);
        g_strv_builder_add(list, path);
    }
    g_strv_builder_add(list, installed);
    paths = g_strv_builder_end(list);
    g_strv_builder_unref(list);
    return paths;
}

static bool
find_first(const char *name, char **paths, char **ret_path, GError **error)
{
    g_autofree char *places = NULL;

    for (char **path = paths; *path; path++) {
        if (access(*path, R_OK) == 0) {
            *ret_path = g_strdup(*path);
            return true;
        }
    }
    places = g_strjoinv(", ", paths);
    return failure_set(error, FAILURE_FAILED,
                       "%s is not there (looked for %s; INSIDEOUT_DATA_DIR names another place)",
                       name, places);
}

bool
state_data_file(const char *name, char **ret_path, GError **error)
{
    g_auto(GStrv) paths = candidates(name, name, INSIDEOUT_DATA_DIR_INSTALLED);

    return find_first(name, paths, ret_path, error);
}

bool
state_find_probe(char **ret_path, GError **error)
{
    g_auto(GStrv) paths =
        candidates("guestprobe", "guestprobe/guestprobe", INSIDEOUT_BIN_DIR_INSTALLED);

    return find_first("guestprobe", paths, ret_path, error);
}

/* Copies of earlier builds: a running guest that uses one has it mapped and loses nothing. */
static void
remove_other_plugins(const State *state, const char *kept)
{
    g_autoptr(GDir) dir = g_dir_open(state_dir(state), 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = state_file(state, name);

        if (g_str_has_prefix(name, PLUGIN_PREFIX) && g_str_has_suffix(name, PLUGIN_SUFFIX) &&
            !g_str_equal(name, kept))
            unlink(path);
    }
}

bool
state_install_plugin(State *state, char **ret_path, GError **error)
{
    g_auto(GStrv) paths = candidates(PLUGIN, "emupmu/" PLUGIN, INSIDEOUT_LIB_DIR_INSTALLED);
    g_autofree char *source = NULL;
    g_autofree char *content = NULL;
    g_autofree char *checksum = NULL;
    g_autofree char *name = NULL;
    g_autofree char *path = NULL;
    size_t length;

    if (!find_first(PLUGIN, paths, &source, error) ||
        !g_file_get_contents(source, &content, &length, error))
        return false;

    checksum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *) content, length);
    name = g_strdup_printf(PLUGIN_PREFIX "%.16s" PLUGIN_SUFFIX, checksum);
    path = state_file(state, name);
    if (!g_file_set_contents_full(path, content, length, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                  error))
        return false;
    if (chmod(path, 0644) < 0)
        return failure_set_errno(error, errno, "%s", path);

    remove_other_plugins(state, name);
    *ret_path = g_steal_pointer(&path);
    return true;
}

bool
state_guest_image(const State *state, char **ret_kernel, char **ret_initrd, GError **error)
{
    g_autofree char *kernel = state_file(state, "guest/vmlinuz");
    g_autofree char *initrd = state_file(state, "guest/initramfs");

    for (size_t i = 0; i < 2; i++) {
        const char *path = i ? initrd : kernel;

        if (access(path, R_OK) < 0)
            return failure_set_errno(error, errno,
                                     "no guest image (build it with appliance/build): %s", path);
    }
    *ret_kernel = g_steal_pointer(&kernel);
    *ret_initrd = g_steal_pointer(&initrd);
    return true;
}
