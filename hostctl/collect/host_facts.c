/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/host_facts.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "common/base/absent.h"
#include "common/base/cpuset.h"
#include "common/base/text.h"
#include "hostctl/collect/memory.h"

#define CPU_DIR "sys/devices/system/cpu"

/* What the firmware of a virtual machine calls itself; looked for in vendor and product name. */
static const struct {
    const char *text;
    const char *hypervisor;
} firmwares[] = {
    { "VMware", "vmware" },     { "VirtualBox", "virtualbox" },
    { "Xen", "xen" },           { "Microsoft Corporation", "hyperv" },
    { "Amazon EC2", "amazon" }, { "Google", "google" },
    { "OpenStack", "kvm" },     { "KVM", "kvm" },
    { "QEMU", "qemu" },         { "Bochs", "qemu" },
};

static char *
read_text(const Sysroot *root, const char *path)
{
    char *text = NULL;

    sysroot_read(root, path, &text, NULL);
    return text;
}

static uint64_t
read_number(const Sysroot *root, const char *path)
{
    uint64_t value = ABSENT_U64;

    sysroot_read_u64(root, path, &value, NULL);
    return value;
}

/* 1 or 0 from a number file; -1 when it is not there. */
static int
read_switch(const Sysroot *root, const char *path)
{
    uint64_t value = read_number(root, path);

    return value == ABSENT_U64 ? -1 : value != 0;
}

static bool
read_cpu_list(const Sysroot *root, const char *path, cpu_set_t *ret_set)
{
    g_autofree char *text = read_text(root, path);

    return text && cpuset_parse(text, ret_set, NULL);
}

/* "value" of the first line "key  : value" of /proc/cpuinfo; NULL when there is none. */
static char *
cpuinfo_value(const char *cpuinfo, const char *key)
{
    g_autofree char *pattern = g_strdup_printf("\n%s", key);
    const char *at = g_str_has_prefix(cpuinfo, key) ? cpuinfo : NULL;

    for (const char *found = cpuinfo; !at && (found = strstr(found, pattern)); found++)
        if (strchr("\t :", found[strlen(pattern)]))
            at = found + 1;
    at = at ? strchr(at, ':') : NULL;
    return at ? g_strstrip(g_strndup(at + 1, strcspn(at + 1, "\n"))) : NULL;
}

static bool
has_flag(const char *cpuinfo, const char *flag)
{
    g_autofree char *flags = cpuinfo_value(cpuinfo, "flags");
    g_auto(GStrv) words = g_strsplit(flags ? flags : "", " ", -1);

    return g_strv_contains((const char *const *) words, flag);
}

static char *
read_hypervisor(const Sysroot *root, const char *cpuinfo)
{
    g_autofree char *vendor = read_text(root, "sys/class/dmi/id/sys_vendor");
    g_autofree char *product = read_text(root, "sys/class/dmi/id/product_name");
    g_autofree char *names = g_strdup_printf("%s %s", vendor ? vendor : "", product ? product : "");

    if (!has_flag(cpuinfo, "hypervisor"))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(firmwares); i++)
        if (strstr(names, firmwares[i].text))
            return g_strdup(firmwares[i].hypervisor);
    return g_strdup("unknown");
}

static void
read_cpu(const Sysroot *root, HostFacts *facts)
{
    g_autofree char *cpuinfo = read_text(root, "proc/cpuinfo");
    g_autofree char *vendor = NULL, *family = NULL, *model = NULL, *stepping = NULL;

    if (!cpuinfo)
        return;
    vendor = cpuinfo_value(cpuinfo, "vendor_id");
    family = cpuinfo_value(cpuinfo, "cpu family");
    model = cpuinfo_value(cpuinfo, "model");
    stepping = cpuinfo_value(cpuinfo, "stepping");
    facts->cpu_model = cpuinfo_value(cpuinfo, "model name");
    facts->microcode = cpuinfo_value(cpuinfo, "microcode");
    facts->hypervisor = read_hypervisor(root, cpuinfo);
    if (vendor && family && model && stepping)
        facts->cpu_key = g_strdup_printf("%s-%s-%s-%s", vendor, family, model, stepping);
}

static char *
read_mitigations(const Sysroot *root)
{
    static const char dir[] = CPU_DIR "/vulnerabilities";
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_auto(GStrv) names = NULL;

    if (!sysroot_list(root, dir, &names, NULL))
        return NULL;
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf("%s/%s", dir, *name);
        g_autofree char *text = read_text(root, path);

        if (text)
            json_object_set_string_member(object, *name, text);
    }
    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

/* Intel's driver says no_turbo, the others boost. */
static int
read_turbo(const Sysroot *root)
{
    int no_turbo = read_switch(root, CPU_DIR "/intel_pstate/no_turbo");

    return no_turbo >= 0 ? !no_turbo : read_switch(root, CPU_DIR "/cpufreq/boost");
}

/* "always [madvise] never" -> "madvise" */
static char *
read_chosen(const Sysroot *root, const char *path)
{
    g_autofree char *text = read_text(root, path);
    g_auto(GStrv) parts = g_strsplit_set(text ? text : "", "[]", 3);

    return g_strv_length(parts) == 3 ? g_strdup(parts[1]) : NULL;
}

bool
host_siblings(const Sysroot *root, int cpu, cpu_set_t *ret_siblings)
{
    g_autofree char *path = g_strdup_printf(CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu);

    if (read_cpu_list(root, path, ret_siblings))
        return true;
    CPU_ZERO(ret_siblings);
    CPU_SET(cpu, ret_siblings);
    return false;
}

unsigned
host_cores(const Sysroot *root, const cpu_set_t *cpus)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        cpu_set_t siblings;
        int first = 0;

        if (!CPU_ISSET(cpu, cpus))
            continue;
        host_siblings(root, cpu, &siblings);
        while (!CPU_ISSET(first, &siblings))
            first++;
        CPU_SET(first, &cores);
    }
    return CPU_COUNT(&cores);
}

HostFacts *
host_facts_read(const Sysroot *root)
{
    HostFacts *facts = g_new0(HostFacts, 1);
    MemoryStats memory = { .total_kib = ABSENT_U64 };
    cpu_set_t nodes;

    read_cpu(root, facts);
    facts->mitigations = read_mitigations(root);
    facts->kernel = read_text(root, "proc/sys/kernel/osrelease");
    facts->clocksource =
        read_text(root, "sys/devices/system/clocksource/clocksource0/current_clocksource");
    facts->governor = read_text(root, CPU_DIR "/cpu0/cpufreq/scaling_governor");
    facts->thp = read_chosen(root, "sys/kernel/mm/transparent_hugepage/enabled");
    facts->smt = read_text(root, CPU_DIR "/smt/control");
    facts->turbo = read_turbo(root);
    facts->nmi_watchdog = read_switch(root, "proc/sys/kernel/nmi_watchdog");
    facts->halt_poll_ns = read_number(root, "sys/module/kvm/parameters/halt_poll_ns");
    memory_read(root, &memory, NULL);
    facts->memory_kib = memory.total_kib;
    facts->numa_nodes = read_cpu_list(root, "sys/devices/system/node/online", &nodes)
                            ? (unsigned) CPU_COUNT(&nodes)
                            : 1;
    CPU_ZERO(&facts->online);
    read_cpu_list(root, CPU_DIR "/online", &facts->online);
    facts->cores = host_cores(root, &facts->online);
    facts->hybrid = sysroot_exists(root, "sys/bus/event_source/devices/cpu_atom");
    facts->pmu = sysroot_exists(root, "sys/bus/event_source/devices/cpu") ||
                 sysroot_exists(root, "sys/bus/event_source/devices/cpu_core");
    return facts;
}

void
host_facts_free(HostFacts *facts)
{
    if (!facts)
        return;

    g_free(facts->cpu_model);
    g_free(facts->cpu_key);
    g_free(facts->microcode);
    g_free(facts->kernel);
    g_free(facts->mitigations);
    g_free(facts->clocksource);
    g_free(facts->governor);
    g_free(facts->thp);
    g_free(facts->hypervisor);
    g_free(facts->smt);
    g_free(facts);
}

static void
set_text(JsonObject *object, const char *key, const char *text)
{
    if (text)
        json_object_set_string_member(object, key, text);
    else
        json_object_set_null_member(object, key);
}

static void
set_number(JsonObject *object, const char *key, uint64_t value)
{
    if (value <= INT64_MAX)
        json_object_set_int_member(object, key, value);
    else
        json_object_set_null_member(object, key);
}

static void
set_switch(JsonObject *object, const char *key, int value)
{
    if (value >= 0)
        json_object_set_boolean_member(object, key, value != 0);
    else
        json_object_set_null_member(object, key);
}

char *
host_facts_to_json(const HostFacts *facts)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *online = cpuset_format(&facts->online);

    set_text(object, "cpu_model", facts->cpu_model);
    set_text(object, "cpu_key", facts->cpu_key);
    set_text(object, "microcode", facts->microcode);
    set_text(object, "kernel", facts->kernel);
    set_text(object, "hypervisor", facts->hypervisor);
    set_text(object, "online_cpus", online);
    set_number(object, "cores", facts->cores);
    set_text(object, "smt", facts->smt);
    set_switch(object, "hybrid", facts->hybrid);
    set_switch(object, "pmu", facts->pmu);
    set_number(object, "numa_nodes", facts->numa_nodes);
    set_number(object, "memory_kib", facts->memory_kib);
    set_text(object, "clocksource", facts->clocksource);
    set_text(object, "governor", facts->governor);
    set_switch(object, "turbo", facts->turbo);
    set_text(object, "thp", facts->thp);
    set_number(object, "halt_poll_ns", facts->halt_poll_ns);
    set_switch(object, "nmi_watchdog", facts->nmi_watchdog);
    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

cpu_set_t
host_default_pool(const HostFacts *facts)
{
    cpu_set_t pool = facts->online;

    /* Interrupts and host tools tend to live on the first CPU: leave it to them. */
    for (int cpu = 0; CPU_COUNT(&facts->online) > 2 && cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &pool))
            continue;
        CPU_CLR(cpu, &pool);
        break;
    }
    return pool;
}
