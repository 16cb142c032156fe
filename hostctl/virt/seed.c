/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/seed.h"

#include "common/base/failure.h"
#include "hostctl/state.h"
#include "hostctl/virt/tool.h"

/* Another instance each time, so that cloud-init begins anew; local: before it waits for a network.
 */
static bool
write_meta_data(const char *guest_name, const char *path, GError **error)
{
    g_autofree char *text = g_strdup_printf("instance-id: insideout-%s-%08x\nlocal-hostname: %s\n"
                                            "dsmode: local\n",
                                            guest_name, g_random_int(), guest_name);

    return g_file_set_contents(path, text, -1, error);
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

bool
seed_make(const char *guest_name, const char *meta_data, const char *seed, GError **error)
{
    static const char *const makers[] = { "xorrisofs", "genisoimage", "mkisofs" };
    g_autofree char *user_data = NULL, *vendor_data = NULL, *probe = NULL;
    g_autofree char *user = NULL, *vendor = NULL, *meta = NULL, *program = NULL;
    bool missing = true;

    if (!state_data_file("xml/seed-user-data", &user_data, error) ||
        !state_data_file("xml/seed-vendor-data", &vendor_data, error) ||
        !state_find_probe(&probe, error) || !write_meta_data(guest_name, meta_data, error))
        return false;
    user = graft("user-data", user_data);
    vendor = graft("vendor-data", vendor_data);
    meta = graft("meta-data", meta_data);
    program = graft("guestprobe", probe);
    for (size_t i = 0; i < G_N_ELEMENTS(makers) && missing; i++) {
        const char *const argv[] = {
            makers[i], "-quiet",        "-V", "cidata", "-J", "-r",    "-o",
            seed,      "-graft-points", user, vendor,   meta, program, NULL
        };
        g_autoptr(GError) problem = NULL;

        if (tool_run(argv, &missing, &problem))
            return true;
        if (!missing)
            return failure_set(error, FAILURE_FAILED, "%s", problem->message);
    }
    return failure_set(error, FAILURE_FAILED,
                       "no program makes the seed (Debian: apt-get install xorriso; xorrisofs, "
                       "genisoimage or mkisofs)");
}
