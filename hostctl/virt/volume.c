/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "hostctl/virt/glue.h"
#include "hostctl/virt/xml_glue.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

void
volume_facts_clear(VolumeFacts *facts)
{
    g_clear_pointer(&facts->path, g_free);
    g_clear_pointer(&facts->format, g_free);
}

/* Looked at anew: what was put into its folder by hand is not known otherwise. */
static virStoragePool *
open_pool(Connection *connection, const char *name, GError **error)
{
    g_autoptr(virStoragePool) pool =
        virStoragePoolLookupByName(connection_handle(connection), name);

    if (!pool && connection_is_embedded(connection)) {
        failure_set(error, FAILURE_UNSUPPORTED,
                    "storage pool %s: %s has no pools (use a libvirt daemon: -c qemu:///system)",
                    name, connection_uri(connection));
        return NULL;
    }
    if (!pool || virStoragePoolRefresh(pool, 0) < 0) {
        virt_failure(error, "storage pool %s of %s", name, connection_uri(connection));
        return NULL;
    }
    return g_steal_pointer(&pool);
}

static char *
read_format(virStorageVol *volume)
{
    char *xml = virStorageVolGetXMLDesc(volume, 0);
    g_autoptr(xmlDoc) doc = xml ? xml_glue_read(xml, strlen(xml)) : NULL;
    g_autoptr(xmlXPathContext) context = doc ? xmlXPathNewContext(doc) : NULL;
    g_autoptr(xmlXPathObject) found =
        context ? xmlXPathEvalExpression(BAD_CAST "string(/volume/target/format/@type)", context)
                : NULL;

    free(xml);
    return found && found->stringval ? g_strdup((const char *) found->stringval) : NULL;
}

/* libvirt's own buffer is not GLib's. */
static bool
read_path(virStorageVol *volume, const char *pool, char **ret_path, GError **error)
{
    char *path = virStorageVolGetPath(volume);

    if (!path)
        return virt_failure(error, "storage pool %s: volume %s", pool,
                            virStorageVolGetName(volume));
    *ret_path = g_strdup(path);
    free(path);
    return true;
}

bool
volume_look(Connection *connection, const char *pool, const char *name, VolumeFacts *ret_facts,
            GError **error)
{
    g_autoptr(virStoragePool) where = open_pool(connection, pool, error);
    g_autoptr(virStorageVol) volume = where ? virStorageVolLookupByName(where, name) : NULL;
    g_auto(VolumeFacts) facts = { 0 };
    virStorageVolInfo info;

    if (!where)
        return false;
    if (!volume || virStorageVolGetInfo(volume, &info) < 0)
        return virt_failure(error, "storage pool %s: volume %s", pool, name);
    if (info.type != VIR_STORAGE_VOL_FILE)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "storage pool %s: volume %s is no file (want one of a pool of files)",
                           pool, name);
    facts.format = read_format(volume);
    if (g_strcmp0(facts.format, "qcow2") != 0 && g_strcmp0(facts.format, "raw") != 0)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "storage pool %s: volume %s is %s (want qcow2 or raw)", pool, name,
                           facts.format ? facts.format : "of no known format");
    facts.bytes = info.capacity;
    if (!read_path(volume, pool, &facts.path, error))
        return false;
    *ret_facts = facts;
    facts = (VolumeFacts){ 0 };
    return true;
}

/* Nothing of that name is overwritten: libvirt refuses. */
static bool
create(virStoragePool *where, const char *pool, const char *name, const char *xml,
       virStorageVol **ret_volume, char **ret_path, GError **error)
{
    g_autoptr(virStorageVol) volume = virStorageVolCreateXML(where, xml, 0);

    if (!volume)
        return virt_failure(error, "storage pool %s: volume %s cannot be made", pool, name);
    if (!read_path(volume, pool, ret_path, error))
        return false;
    *ret_volume = g_steal_pointer(&volume);
    return true;
}

bool
volume_create_overlay(Connection *connection, const char *pool, const char *name,
                      const VolumeFacts *backing, char **ret_path, GError **error)
{
    g_autoptr(virStoragePool) where = open_pool(connection, pool, error);
    g_autoptr(virStorageVol) volume = NULL;
    g_autofree char *xml =
        g_markup_printf_escaped("<volume><name>%s</name><capacity unit='bytes'>%" G_GUINT64_FORMAT
                                "</capacity><target><format type='qcow2'/></target><backingStore>"
                                "<path>%s</path><format type='%s'/></backingStore></volume>",
                                name, backing->bytes, backing->path, backing->format);

    return where && create(where, pool, name, xml, &volume, ret_path, error);
}

static int
read_file(virStreamPtr stream, char *bytes, size_t n, void *data)
{
    ssize_t got;

    do
        got = read(*(const int *) data, bytes, n);
    while (got < 0 && errno == EINTR);
    return (int) got;
}

static bool
send_file(Connection *connection, virStorageVol *volume, int fd, uint64_t bytes)
{
    g_autoptr(virStream) stream = virStreamNew(connection_handle(connection), 0);

    if (!stream || virStorageVolUpload(volume, stream, 0, bytes, 0) < 0)
        return false;
    return virStreamSendAll(stream, read_file, &fd) == 0 && virStreamFinish(stream) == 0;
}

bool
volume_upload(Connection *connection, const char *pool, const char *name, const char *file,
              char **ret_path, GError **error)
{
    g_autoptr(virStoragePool) where = NULL;
    g_autoptr(virStorageVol) volume = NULL;
    g_autofree char *xml = NULL, *path = NULL;
    autofd int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return failure_set_errno(error, errno, "%s", file);
    where = open_pool(connection, pool, error);
    xml = g_markup_printf_escaped("<volume><name>%s</name><capacity unit='bytes'>%" G_GINT64_FORMAT
                                  "</capacity><target><format type='raw'/></target></volume>",
                                  name, (int64_t) info.st_size);
    if (!where || !create(where, pool, name, xml, &volume, &path, error))
        return false;
    if (!send_file(connection, volume, fd, (uint64_t) info.st_size))
        return virt_failure(error, "storage pool %s: %s cannot be written to volume %s", pool, file,
                            name);
    *ret_path = g_steal_pointer(&path);
    return true;
}

bool
volume_delete(Connection *connection, const char *pool, const char *name, bool *ret_found,
              GError **error)
{
    g_autoptr(virStoragePool) where = NULL;
    g_autoptr(virStorageVol) volume = NULL;

    if (!g_str_has_prefix(name, VOLUME_PREFIX))
        return failure_set(error, FAILURE_FAILED, "“%s” is no volume of ours", name);
    where = virStoragePoolLookupByName(connection_handle(connection), pool);
    if (!where && virGetLastErrorCode() != VIR_ERR_NO_STORAGE_POOL)
        return virt_failure(error, "storage pool %s of %s", pool, connection_uri(connection));
    volume = where ? virStorageVolLookupByName(where, name) : NULL;
    if (where && !volume && virGetLastErrorCode() != VIR_ERR_NO_STORAGE_VOL)
        return virt_failure(error, "storage pool %s: volume %s", pool, name);
    if (volume && virStorageVolDelete(volume, 0) < 0)
        return virt_failure(error, "storage pool %s: volume %s cannot be removed", pool, name);
    *ret_found = volume != NULL;
    return true;
}
