/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/embed_root.h"

#include <string.h>
#include <sys/stat.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/process_id.h"
#include "hostctl/virt/kvm_device.h"

#define SCHEME "qemu:///embed"
#define CONF_MARK "# Written by hostctl."
/* ROOT/lib/qemu/channel/target/domain-ID-NAME/org.insideout.probe.0 must fit into sun_path (107);
 * libvirt takes at most 20 characters of NAME, and IDs of a root that lives long have five digits.
 */
#define ROOT_MAX_BYTES 26

char *
embed_root_of_uri(const char *uri)
{
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_NON_DNS, NULL);
    g_autoptr(GHashTable) query = NULL;
    const char *root;

    if (!parsed || !g_str_has_prefix(uri, SCHEME) || !g_uri_get_query(parsed))
        return NULL;
    query = g_uri_parse_params(g_uri_get_query(parsed), -1, "&", G_URI_PARAMS_NONE, NULL);
    root = query ? g_hash_table_lookup(query, "root") : NULL;
    return g_strdup(root);
}

/* A file that a person wrote is left as it is. */
static bool
write_conf(const char *root, bool device_hidden, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "etc", NULL);
    g_autofree char *path = g_build_filename(folder, "qemu.conf", NULL);
    g_autofree char *old = NULL;
    /* Owners remembered by one process are not believed by the next where no boot time is recorded
     * (utmp), and the guest image would stay QEMU's: not remembered, it goes back to root. And
     * libvirt cannot build its private /dev around a device that is a mount of its own. */
    g_autofree char *text =
        g_strdup_printf(CONF_MARK "\nstdio_handler = \"file\"\nremember_owner = 0\n%s",
                        device_hidden ? "namespaces = [ ]\n" : "");

    if (g_file_get_contents(path, &old, NULL, NULL) && !g_str_has_prefix(old, CONF_MARK))
        return true;
    if (g_mkdir_with_parents(folder, 0755) < 0)
        return failure_set_errno(error, errno, "%s", folder);
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}

bool
embed_root_prepare(State *state, const char *root, GError **error)
{
    if (root[0] != '/' || strlen(root) > ROOT_MAX_BYTES)
        return failure_set(error, FAILURE_FAILED,
                           "the embedded driver's root must be an absolute path of at most %d "
                           "characters, since sockets lie under it: %s",
                           ROOT_MAX_BYTES, root);
    if (g_mkdir_with_parents(root, 0755) < 0)
        return failure_set_errno(error, errno, "%s", root);
    return write_conf(root, kvm_device_hide_if_useless(state_run_dir(state)), error);
}

char *
embed_root_owner(const char *root)
{
    g_autofree char *path = g_build_filename(root, "run/qemu/driver.pid", NULL);
    g_autofree char *text = NULL;
    g_autofree char *command = NULL;
    uint64_t pid;

    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        !text_to_u64(g_strstrip(text), &pid, NULL) || pid > G_MAXINT32)
        return NULL;
    command = process_command_line((pid_t) pid);
    return command ? g_strdup_printf("process %d (%s)", (int) pid, command) : NULL;
}
