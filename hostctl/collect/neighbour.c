/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/neighbour.h"

#include <string.h>

#include "common/base/cpuset.h"

#define CPU_DIR "sys/devices/system/cpu"
#define CACHE_LEVELS 5

static const char *const names[] = {
    [NEIGHBOUR_NONE] = "nothing",
    [NEIGHBOUR_CACHE] = "a cache",
    [NEIGHBOUR_SIBLING] = "a core",
    [NEIGHBOUR_CPU] = "a CPU",
};

const char *
neighbour_name(Neighbour neighbour)
{
    return names[neighbour];
}

static bool
read_list(const Sysroot *root, const char *path, cpu_set_t *ret_set)
{
    g_autofree char *text = NULL;

    return sysroot_read(root, path, &text, NULL) && cpuset_parse(text, ret_set, NULL);
}

/* The CPUs behind the same last level cache; the highest index is the last level. */
static bool
cache_sharers(const Sysroot *root, int cpu, cpu_set_t *ret_set)
{
    for (int index = CACHE_LEVELS; index >= 0; index--) {
        g_autofree char *path =
            g_strdup_printf(CPU_DIR "/cpu%d/cache/index%d/shared_cpu_list", cpu, index);

        if (read_list(root, path, ret_set))
            return true;
    }
    return false;
}

static bool
overlap(const cpu_set_t *a, const cpu_set_t *b)
{
    cpu_set_t both;

    CPU_AND(&both, a, b);
    return CPU_COUNT(&both) > 0;
}

Neighbour
neighbour_between(const Sysroot *root, const cpu_set_t *a, const cpu_set_t *b)
{
    Neighbour closest = NEIGHBOUR_NONE;

    if (overlap(a, b))
        return NEIGHBOUR_CPU;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        g_autofree char *path = NULL;
        cpu_set_t sharers;

        if (!CPU_ISSET(cpu, a))
            continue;
        path = g_strdup_printf(CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu);
        if (read_list(root, path, &sharers) && overlap(&sharers, b))
            return NEIGHBOUR_SIBLING;
        if (cache_sharers(root, cpu, &sharers) && overlap(&sharers, b))
            closest = NEIGHBOUR_CACHE;
    }
    return closest;
}

bool
neighbour_allowed_cpus(const Sysroot *root, pid_t pid, pid_t tid, cpu_set_t *ret_cpus)
{
    static const char key[] = "\nCpus_allowed_list:";
    g_autofree char *path = g_strdup_printf("proc/%d/task/%d/status", pid, tid);
    g_autofree char *text = NULL;
    g_autofree char *list = NULL;
    const char *at;

    if (!sysroot_read(root, path, &text, NULL) || !(at = strstr(text, key)))
        return false;
    at += strlen(key);
    at += strspn(at, " \t");
    list = g_strndup(at, strcspn(at, "\n"));
    return cpuset_parse(list, ret_cpus, NULL);
}
