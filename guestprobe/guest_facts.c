/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/guest_facts.h"

#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/cpuset.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/pmu/emulated.h"
#include "common/wire/frame.h"

#define CLOCKSOURCE "sys/devices/system/clocksource/clocksource0/current_clocksource"
#define PTP_CLOCKS "sys/class/ptp"
#define PTP_KVM "KVM virtual PTP" /* the driver ptp_kvm */
/* Where it is, the guest keeps its work away from vCPUs that are robbed (Linux 7.4). */
#define STEAL_GOVERNOR "sys/module/steal_governor"

/* The value behind "key<blanks>:" in a file of such lines; NULL when there is none. */
static char *
line_value(const Sysroot *root, const char *path, const char *key)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!sysroot_read(root, path, &text, NULL))
        return NULL;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *colon = strchr(*line, ':');

        if (!colon)
            continue;
        *colon = '\0';
        if (g_str_equal(g_strchomp(*line), key))
            return g_strdup(g_strstrip(colon + 1));
    }
    return NULL;
}

static void
add_file(JsonText *facts, const char *key, const Sysroot *root, const char *path)
{
    g_autofree char *text = NULL;

    json_text_string(facts, key, sysroot_read(root, path, &text, NULL) ? text : NULL);
}

static void
add_memory(JsonText *facts, const Sysroot *root)
{
    g_autofree char *total = line_value(root, "proc/meminfo", "MemTotal");
    char *blank = total ? strchr(total, ' ') : NULL;
    uint64_t kib;

    if (blank)
        *blank = '\0';
    if (total && text_to_u64(total, &kib, NULL))
        json_text_number(facts, "memory_kib", kib);
    else
        json_text_string(facts, "memory_kib", NULL);
}

static bool
has_emulated_pmu(const Sysroot *root)
{
    g_autoptr(EmulatedPage) page = emulated_open_guest(root, NULL);

    return page != NULL;
}

/* The name of the clock that shows the host's own, "ptp0"; NULL when there is none. */
static char *
find_ptp_kvm(const Sysroot *root)
{
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, PTP_CLOCKS, &names, NULL))
        return NULL;
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf("%s/%s/clock_name", PTP_CLOCKS, *name);
        g_autofree char *clock = NULL;

        if (sysroot_read(root, path, &clock, NULL) && g_str_equal(clock, PTP_KVM))
            return g_strdup(*name);
    }
    return NULL;
}

JsonText
guest_facts_begin(const Sysroot *root, CpuidFunc cpuid)
{
    g_autofree char *cpu_model = line_value(root, "proc/cpuinfo", "model name");
    g_autofree char *microcode = line_value(root, "proc/cpuinfo", "microcode");
    g_autofree char *ptp_kvm = find_ptp_kvm(root);
    Hypervisor hypervisor = hypervisor_detect(cpuid);
    JsonText facts = json_text_begin();
    struct utsname system;
    cpu_set_t cpus;

    uname(&system);
    add_file(&facts, "kernel", root, "proc/sys/kernel/osrelease");
    json_text_string(&facts, "machine", system.machine);
    json_text_string(&facts, "cpu_model", cpu_model);
    json_text_string(&facts, "microcode", microcode);
    json_text_string(&facts, "hypervisor", hypervisor.name);
    add_file(&facts, "clocksource", root, CLOCKSOURCE);
    json_text_string(&facts, "ptp_kvm", ptp_kvm);
    json_text_bool(&facts, "pmu", sysroot_exists(root, "sys/bus/event_source/devices/cpu"));
    json_text_bool(&facts, "emulated_pmu", has_emulated_pmu(root));
    json_text_bool(&facts, "steal_clock", hypervisor.steal_clock);
    json_text_bool(&facts, "steal_governor", sysroot_exists(root, STEAL_GOVERNOR));
    add_memory(&facts, root);
    json_text_number(&facts, "cpus",
                     guest_cpus(root, &cpus, NULL) ? (uint64_t) CPU_COUNT(&cpus) : 0);
    json_text_bool(&facts, "symbols", true);
    json_text_string(&facts, "probe_version", INSIDEOUT_VERSION);
    json_text_number(&facts, "wire_version", WIRE_VERSION);
    return facts;
}

char *
guest_facts_json(const Sysroot *root, CpuidFunc cpuid)
{
    JsonText facts = guest_facts_begin(root, cpuid);

    return json_text_end(&facts);
}

bool
guest_cpus(const Sysroot *root, cpu_set_t *ret_cpus, GError **error)
{
    g_autofree char *list = NULL;

    return sysroot_read(root, "sys/devices/system/cpu/online", &list, error) &&
           cpuset_parse(list, ret_cpus, error);
}

/* FNV-1a: enough to spread what differs over all bits. */
static uint64_t
mix(uint64_t hash, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const uint8_t *) bytes)[i]) * 0x100000001b3ull;
    return hash;
}

uint64_t
guest_boot_id(const Sysroot *root)
{
    g_autofree char *boot = NULL;
    const Stamp now = stamp_now();
    const pid_t pid = getpid();
    uint64_t hash = 0xcbf29ce484222325ull;

    if (sysroot_read(root, "proc/sys/kernel/random/boot_id", &boot, NULL))
        hash = mix(hash, boot, strlen(boot));
    hash = mix(hash, &now, sizeof now);
    return mix(hash, &pid, sizeof pid);
}
