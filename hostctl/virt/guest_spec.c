/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/base/failure.h"
#include "hostctl/virt/domain_xml.h"

#define NAME_MAX_BYTES 40
#define SHM_NAME_MAX_BYTES 100
#define VCPUS_MAX 64
#define MEMORY_MIN_KIB (32u * 1024u)
#define QUOTA_MAX_PERCENT 1000
#define VMID_MAX 65535

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

static bool
is_name(const char *name, size_t max_bytes)
{
    return name && *name && *name != '.' && *name != '-' && strlen(name) <= max_bytes &&
           name[strspn(name, name_characters)] == '\0';
}

static bool
is_shm_name(const char *name)
{
    return is_name(name, SHM_NAME_MAX_BYTES) && g_str_has_prefix(name, GUEST_SHM_PREFIX);
}

static bool
check_emulation(const GuestSpec *spec, GError **error)
{
    const GuestEmulation *emulated = &spec->emulated;

    if (!emulated->plugin_path)
        return true;
    if (spec->accelerator != ACCELERATOR_TCG)
        return failure_set(error, FAILURE_USAGE,
                           "guest %s: emulated counters need the accelerator tcg", spec->name);
    if (!is_shm_name(emulated->page_name) || !is_shm_name(emulated->silicon_name))
        return failure_set(error, FAILURE_USAGE,
                           "guest %s: names in /dev/shm must begin with " GUEST_SHM_PREFIX,
                           spec->name);
    if (emulated->vmid < 1 || emulated->vmid > VMID_MAX)
        return failure_set(error, FAILURE_USAGE, "guest %s: vmid %u is not from 1 to %d",
                           spec->name, emulated->vmid, VMID_MAX);
    return true;
}

static bool
check_texts(const GuestSpec *spec, GError **error)
{
    const char *const texts[] = { spec->owner,       spec->kernel,
                                  spec->initrd,      spec->cmdline,
                                  spec->disk,        spec->emulated.plugin_path,
                                  spec->overlay,     spec->seed,
                                  spec->backing,     spec->backing_format,
                                  spec->storage_pool };

    if (!spec->owner || !spec->kernel != !spec->initrd || (!spec->kernel && !spec->overlay))
        return failure_set(error, FAILURE_USAGE,
                           "guest %s: owner, and kernel with initrd or an image, are wanted",
                           spec->name);
    if (spec->overlay && (!spec->backing || !spec->backing_format))
        return failure_set(error, FAILURE_USAGE, "guest %s: its overlay lies on nothing",
                           spec->name);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i] && !g_utf8_validate(texts[i], -1, NULL))
            return failure_set(error, FAILURE_USAGE, "guest %s: a path or text is not UTF-8",
                               spec->name);
    return true;
}

bool
guest_spec_check(const GuestSpec *spec, GError **error)
{
    if (!is_name(spec->name, NAME_MAX_BYTES))
        return failure_set(error, FAILURE_USAGE,
                           "“%s” is not a guest's name (letters, digits, - _ . and at most %d)",
                           spec->name ? spec->name : "", NAME_MAX_BYTES);
    if (spec->vcpus < 1 || spec->vcpus > VCPUS_MAX)
        return failure_set(error, FAILURE_USAGE, "guest %s: %u vCPUs (want 1 to %d)", spec->name,
                           spec->vcpus, VCPUS_MAX);
    if (spec->memory_kib < MEMORY_MIN_KIB)
        return failure_set(error, FAILURE_USAGE, "guest %s: less than %u MiB of memory", spec->name,
                           MEMORY_MIN_KIB / 1024);
    if (spec->cpu_quota_percent > QUOTA_MAX_PERCENT)
        return failure_set(error, FAILURE_USAGE, "guest %s: a quota of %u %% (want at most %d)",
                           spec->name, spec->cpu_quota_percent, QUOTA_MAX_PERCENT);
    if (spec->pool && CPU_COUNT(spec->pool) == 0)
        return failure_set(error, FAILURE_USAGE, "guest %s: the pool is empty", spec->name);
    return check_texts(spec, error) && check_emulation(spec, error);
}
