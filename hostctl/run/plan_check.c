/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/plan_check.h"

#include <math.h>
#include <string.h>

#include "common/base/cpuset.h"
#include "common/base/event.h"
#include "common/base/failure.h"

/*
 * A Debian cloud kernel with our initramfs uses about 70 MiB after boot; below that plus the load
 * plus a reserve the guest kernel ends in "System is deadlocked on memory".
 */
#define BOOT_USE_KIB (UINT64_C(70) * 1024)
/* Room for a file system with a journal. */
#define DISK_LEAST_MIB 16
#define RESERVE_KIB (UINT64_C(32) * 1024)
/* What guestprobe's own work takes at most. */
#define WORK_KIB (UINT64_C(34) * 1024)

static uint64_t
load_memory_kib(char **load)
{
    uint64_t workers = 0, bytes_kib = 256 * 1024, kib;

    for (char **arg = load; arg && *arg && arg[1]; arg++) {
        if (g_str_equal(*arg, "-m") || g_str_equal(*arg, "--vm"))
            workers = g_ascii_strtoull(arg[1], NULL, 10);
        if (g_str_equal(*arg, "--vm-bytes")) {
            kib = g_ascii_strtoull(arg[1], NULL, 10);
            switch (g_ascii_toupper(arg[1][strlen(arg[1]) - 1])) {
            case 'G':
                bytes_kib = kib << 20;
                break;
            case 'M':
                bytes_kib = kib << 10;
                break;
            case 'K':
                bytes_kib = kib;
                break;
            default:
                bytes_kib = kib >> 10;
            }
        }
    }
    return workers * bytes_kib;
}

static bool
any_work(const Plan *plan)
{
    bool any = false;

    for (guint i = 0; i < plan->conditions->len; i++) {
        const PlanCondition *condition = plan->conditions->pdata[i];

        any = any || condition->victim_load != PLAN_LOAD_OWN ||
              condition->culprit_load != PLAN_LOAD_OWN;
    }
    return any;
}

static uint64_t
held_kib(const PlanCondition *condition, int64_t memory_mib)
{
    uint64_t memory_kib = (uint64_t) memory_mib * 1024;
    uint64_t target_kib = plan_condition_target_kib(condition, memory_kib);

    return target_kib == 0 || condition->hugepages ? memory_kib : target_kib;
}

uint64_t
plan_most_memory_kib(const Plan *plan, unsigned n_bulk)
{
    uint64_t most_kib = 0;

    for (guint i = 0; i < plan->conditions->len; i++) {
        const PlanCondition *condition = plan->conditions->pdata[i];

        most_kib = MAX(most_kib, held_kib(condition, plan->micro.memory_mib) +
                                     n_bulk * held_kib(condition, plan->bulk.memory_mib));
    }
    return most_kib;
}

uint64_t
plan_least_memory_kib(const Plan *plan)
{
    uint64_t micro = load_memory_kib(plan->micro.load ? plan->micro.load : plan->load);
    uint64_t bulk = load_memory_kib(plan->bulk.load ? plan->bulk.load : plan->load);

    for (guint i = 0; i < plan->conditions->len; i++) {
        const PlanCondition *condition = plan->conditions->pdata[i];

        micro = MAX(micro, load_memory_kib(condition->micro_load));
    }
    return BOOT_USE_KIB + MAX(MAX(micro, bulk), any_work(plan) ? WORK_KIB : 0) + RESERVE_KIB;
}

static bool fail(const Plan *plan, GError **error, const char *path, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool
fail(const Plan *plan, GError **error, const char *path, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return failure_set(error, FAILURE_FAILED, "%s: %s: %s", plan->path, path, what);
}

bool
plan_check_emulated(const Plan *plan, GError **error)
{
    for (guint i = 0; plan->events[i]; i++) {
        const Event *event = event_find(plan->events[i]);
        const char *near = event ? NULL : event_near(plan->events[i]);

        if (near)
            return fail(plan, error, "$.events", "no event “%s” (did you mean “%s”?)",
                        plan->events[i], near);
        if (!event || !event->emulated)
            return fail(plan, error, "$.events", "“%s” does not exist among the emulated counters",
                        plan->events[i]);
    }
    return true;
}

static bool
check_events(const Plan *plan, GError **error)
{
    guint n = g_strv_length(plan->events);

    if (n == 0 || n > EVENT_MAX)
        return fail(plan, error, "$.events", "%u events (want 1 to %d)", n, EVENT_MAX);

    for (guint i = 0; i < n; i++) {
        g_autofree char *column = event_column(plan->events[i]);

        for (guint j = 0; j < i; j++) {
            g_autofree char *other = event_column(plan->events[j]);

            if (g_str_equal(column, other))
                return fail(plan, error, "$.events", "“%s” is there twice", plan->events[i]);
        }
    }
    return plan->counters != PLAN_COUNTERS_EMULATED || plan_check_emulated(plan, error);
}

static bool
check_balloon(const Plan *plan, guint index, const PlanCondition *condition, GError **error)
{
    g_autofree char *path = g_strdup_printf("$.conditions[%u].balloon", index);
    uint64_t smallest_kib = (uint64_t) MIN(plan->micro.memory_mib, plan->bulk.memory_mib) * 1024;
    uint64_t least_kib = plan_least_memory_kib(plan);
    uint64_t target_kib;

    switch (condition->balloon) {
    case PLAN_BALLOON_PERCENT:
        target_kib = (uint64_t) ((double) smallest_kib * condition->balloon_percent / 100);
        break;
    case PLAN_BALLOON_SIZE:
        target_kib = condition->balloon_kib;
        break;
    default:
        return true;
    }

    if (target_kib < least_kib)
        return fail(plan, error, path,
                    "a target of %" G_GUINT64_FORMAT " MiB would kill the guest: boot, load and "
                    "reserve need %" G_GUINT64_FORMAT " MiB (use a larger target or more memory)",
                    target_kib / 1024, (least_kib + 1023) / 1024);
    return true;
}

/* Guests that are kept cannot change what they were made with. */
static bool
check_kept_guests(const Plan *plan, guint index, const PlanCondition *condition, GError **error)
{
    g_autofree char *path = g_strdup_printf("$.conditions[%u]", index);

    if (plan->between == PLAN_BETWEEN_KEEP && condition->hugepages)
        return fail(plan, error, path,
                    "huge pages are reserved for guests that are made anew (want "
                    "\"between_conditions\": \"recreate\")");
    return plan->between != PLAN_BETWEEN_KEEP ||
           plan_condition_same_guests(condition, plan->conditions->pdata[0]) ||
           fail(plan, error, path,
                "a balloon device, CPU shares or quota, huge pages or nosharepages other than the "
                "first condition's, and guests are kept (want \"between_conditions\": "
                "\"recreate\")");
}

/* Without a disk a file is memory, and its work another one. */
static bool
check_disk_loads(const Plan *plan, guint index, const PlanCondition *condition, GError **error)
{
    const struct {
        const char *key, *role;
        int load;
        bool has_disk;
    } roles[] = {
        { "victim_load", "micro", condition->victim_load,
          plan->micro.disk_mib > 0 || plan->micro.image },
        { "culprit_load", "bulk", condition->culprit_load,
          plan->bulk.disk_mib > 0 || plan->bulk.image },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autofree char *path = g_strdup_printf("$.conditions[%u].%s", index, roles[i].key);

        if (roles[i].load == PLAN_LOAD_DISK && !roles[i].has_disk)
            return fail(plan, error, path,
                        "disk: the %s guest has none (want $.guests.%s.disk_mib)", roles[i].role,
                        roles[i].role);
    }
    return true;
}

/* What is learned belongs to one load, and a run has one. */
static bool
check_micro_load(const Plan *plan, guint index, const PlanCondition *condition, GError **error)
{
    g_autofree char *path = g_strdup_printf("$.conditions[%u].micro_load", index);

    if (condition->micro_load && condition->victim_load != PLAN_LOAD_OWN)
        return fail(plan, error, path, "and victim_load: a guest has one load (take one out)");
    return !condition->micro_load || g_str_has_prefix(condition->name, PLAN_CONTROL_PREFIX) ||
           fail(plan, error, path,
                "a load of its own is for controls: “%s” would be compared with conditions of "
                "another load (want a name that begins with \"" PLAN_CONTROL_PREFIX "\")",
                condition->name);
}

static bool
check_conditions(const Plan *plan, GError **error)
{
    if (plan->conditions->len == 0)
        return fail(plan, error, "$.conditions", "empty (want at least one condition)");

    for (guint i = 0; i < plan->conditions->len; i++) {
        const PlanCondition *condition = plan->conditions->pdata[i];

        for (guint j = 0; j < i; j++) {
            const PlanCondition *other = plan->conditions->pdata[j];

            if (g_str_equal(other->name, condition->name))
                return fail(plan, error, "$.conditions", "the name “%s” is there twice",
                            condition->name);
        }
        if (!check_balloon(plan, i, condition, error) ||
            !check_micro_load(plan, i, condition, error) ||
            !check_kept_guests(plan, i, condition, error) ||
            !check_disk_loads(plan, i, condition, error))
            return false;
    }
    return true;
}

/* The name becomes part of guests' names and of files in /dev/shm. */
static bool
check_name(const Plan *plan, GError **error)
{
    size_t length = strlen(plan->name);

    for (const char *c = plan->name; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
            length = 0;
    if (length == 0 || length > 24 || plan->name[0] == '.' || plan->name[0] == '-')
        return fail(plan, error, "$.name",
                    "want 1 to 24 letters, digits, “-”, “_” or “.”, beginning with none of -.");
    return true;
}

static bool
check_cpu_lists(const Plan *plan, GError **error)
{
    cpu_set_t cpus;

    if (!g_str_equal(plan->pool, "auto") && !g_str_equal(plan->pool, "all") &&
        !cpuset_parse(plan->pool, &cpus, NULL))
        return fail(plan, error, "$.pool",
                    "“%s” is no pool (want auto, all or a CPU list like 2-7)", plan->pool);
    return g_str_equal(plan->housekeeping, "auto") || g_str_equal(plan->housekeeping, "none") ||
           cpuset_parse(plan->housekeeping, &cpus, NULL) ||
           fail(plan, error, "$.housekeeping",
                "“%s” are no CPUs (want none, auto or a CPU list like 0-1)", plan->housekeeping);
}

static bool
check_image(const Plan *plan, const char *role, const PlanGuests *guests, GError **error)
{
    g_autofree char *path = g_strdup_printf("$.guests.%s.image", role);

    if (!guests->image &&
        (guests->storage_pool || guests->kernel || guests->initrd || guests->cmdline))
        return fail(plan, error, path,
                    "missing, and storage_pool, kernel, initrd and cmdline belong to it");
    if (guests->image && guests->disk_mib > 0)
        return fail(plan, error, path, "such a guest has its own disk (leave disk_mib out)");
    if (!guests->kernel != !guests->initrd || (guests->cmdline && !guests->kernel))
        return fail(plan, error, path,
                    "kernel wants initrd, and cmdline both (or none: it boots from its disk)");
    return true;
}

bool
plan_check(const Plan *plan, GError **error)
{
    if (!check_name(plan, error) || !check_events(plan, error) || !check_conditions(plan, error))
        return false;
    if (plan->load[0] == NULL)
        return fail(plan, error, "$.load", "empty (want a command and its arguments)");
    if (plan->micro.scope == PLAN_SCOPE_TASK &&
        (plan->counters == PLAN_COUNTERS_EMULATED || plan->micro.vcpus > 1))
        return fail(plan, error, "$.guests.micro.scope", "task: %s (want \"cpu\"%s)",
                    plan->micro.vcpus > 1 ? "a load is counted as a whole, not by vCPU"
                                          : "the emulated counters count whole vCPUs",
                    plan->micro.vcpus > 1 ? ", or one vCPU" : "");
    if (plan->micro.disk_mib > 0 && plan->micro.disk_mib < DISK_LEAST_MIB)
        return fail(plan, error, "$.guests.micro.disk_mib", "want at least %d", DISK_LEAST_MIB);
    if (plan->bulk.disk_mib > 0 && plan->bulk.disk_mib < DISK_LEAST_MIB)
        return fail(plan, error, "$.guests.bulk.disk_mib", "want at least %d", DISK_LEAST_MIB);
    if (!check_image(plan, "micro", &plan->micro, error) ||
        !check_image(plan, "bulk", &plan->bulk, error))
        return false;
    if (plan->steps_percent->len == 0)
        return fail(plan, error, "$.steps_percent", "empty (want for example [0, 100, 200])");
    if (plan->measure_seconds * 1000 < 2 * (double) plan->interval_ms)
        return fail(plan, error, "$.measure_seconds", "shorter than two intervals of %d ms",
                    (int) plan->interval_ms);
    return check_cpu_lists(plan, error);
}
