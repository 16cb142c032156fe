/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/host_settings.h"

#include "common/base/failure.h"
#include "hostctl/doctor/cpufreq.h"
#include "hostctl/knob/knob.h"

#define NMI_WATCHDOG "proc/sys/kernel/nmi_watchdog"
#define HALT_POLL "sys/module/kvm/parameters/halt_poll_ns"
#define THP "sys/kernel/mm/transparent_hugepage/enabled"
#define HUGE_DIR "sys/kernel/mm/hugepages/hugepages-2048kB/"
#define HUGE_KIB 2048

struct HostSettings {
    Journal *journal;
    GHashTable *knobs; /* path -> Knob */
};

HostSettings *
host_settings_new(Journal *journal)
{
    HostSettings *settings = g_new0(HostSettings, 1);

    settings->journal = journal;
    settings->knobs =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) knob_free);
    return settings;
}

void
host_settings_free(HostSettings *settings)
{
    if (!settings)
        return;

    g_hash_table_unref(settings->knobs);
    g_free(settings);
}

/* path -> value, of one condition. */
static void
want(GHashTable *wanted, const char *path, const char *value)
{
    g_hash_table_replace(wanted, g_strdup(path), g_strdup(value));
}

static bool
want_turbo(GHashTable *wanted, const Sysroot *root, bool on, GError **error)
{
    if (sysroot_exists(root, CPUFREQ_NO_TURBO))
        want(wanted, CPUFREQ_NO_TURBO, on ? "0" : "1");
    else if (sysroot_exists(root, CPUFREQ_BOOST))
        want(wanted, CPUFREQ_BOOST, on ? "1" : "0");
    else
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "host.turbo: this host has neither /" CPUFREQ_NO_TURBO
                           " nor /" CPUFREQ_BOOST);
    return true;
}

static bool
want_governor(GHashTable *wanted, const Sysroot *root, const char *governor, GError **error)
{
    g_auto(GStrv) files = cpufreq_governor_files(root);

    if (!files[0])
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "host.governor: this host has no cpufreq (/" CPUFREQ_DIR ")");
    for (char **file = files; *file; file++)
        want(wanted, *file, governor);
    return true;
}

/* Each policy of clocks in percent of its own highest. */
static bool
want_frequency(GHashTable *wanted, const Sysroot *root, unsigned percent, GError **error)
{
    g_auto(GStrv) files = cpufreq_governor_files(root);

    if (!files[0])
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "host.frequency_percent: this host has no cpufreq (/" CPUFREQ_DIR "), "
                           "so its clock cannot be set");
    for (char **file = files; *file; file++) {
        g_autofree char *folder = g_path_get_dirname(*file);
        g_autofree char *policy = g_path_get_basename(folder);
        g_autofree char *path = g_build_filename(folder, "scaling_max_freq", NULL);
        g_autofree char *value = NULL;
        uint64_t khz;

        if (!cpufreq_limit_khz(root, policy, percent, &khz))
            return failure_set(error, FAILURE_UNSUPPORTED,
                               "host.frequency_percent: /%s does not tell its lowest and highest "
                               "clock",
                               folder);
        value = g_strdup_printf("%" G_GUINT64_FORMAT, khz);
        want(wanted, path, value);
    }
    return true;
}

/* What is free already counts; the rest of the pool of huge pages belongs to others. */
static bool
want_huge_pages(GHashTable *wanted, const Sysroot *root, uint64_t guests_kib, GError **error)
{
    uint64_t total, unused, needed = (guests_kib + HUGE_KIB - 1) / HUGE_KIB;
    g_autofree char *value = NULL;

    if (!sysroot_read_u64(root, HUGE_DIR "nr_hugepages", &total, error) ||
        !sysroot_read_u64(root, HUGE_DIR "free_hugepages", &unused, error)) {
        g_prefix_error(error, "hugepages: ");
        return false;
    }
    if (unused >= needed)
        return true;
    value = g_strdup_printf("%" G_GUINT64_FORMAT, total - unused + needed);
    want(wanted, HUGE_DIR "nr_hugepages", value);
    return true;
}

static bool
collect(GHashTable *wanted, const Sysroot *root, const PlanCondition *condition,
        uint64_t guests_kib, GError **error)
{
    const PlanHost *host = &condition->host;
    g_autofree char *poll = g_strdup_printf("%" G_GINT64_FORMAT, host->halt_poll_ns);

    if (host->nmi_watchdog >= 0)
        want(wanted, NMI_WATCHDOG, host->nmi_watchdog ? "1" : "0");
    if (host->halt_poll_ns >= 0)
        want(wanted, HALT_POLL, poll);
    if (host->thp)
        want(wanted, THP, host->thp);
    return (host->turbo < 0 || want_turbo(wanted, root, host->turbo, error)) &&
           (host->frequency_percent == 0 ||
            want_frequency(wanted, root, (unsigned) host->frequency_percent, error)) &&
           (!host->governor || want_governor(wanted, root, host->governor, error)) &&
           (!condition->hugepages || want_huge_pages(wanted, root, guests_kib, error));
}

static bool
check_exists(const Sysroot *root, const char *path, GError **error)
{
    return sysroot_exists(root, path) ||
           failure_set(error, FAILURE_UNSUPPORTED, "this host has no /%s", path);
}

bool
host_settings_check(const Sysroot *root, const PlanCondition *condition, uint64_t guests_kib,
                    GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GList) paths = NULL;

    if (!collect(wanted, root, condition, guests_kib, error))
        return false;
    paths = g_list_sort(g_hash_table_get_keys(wanted), (GCompareFunc) strcmp);
    for (GList *path = paths; path; path = path->next)
        if (!check_exists(root, path->data, error))
            return false;
    return true;
}

static bool
put_back_one(Knob *knob, GPtrArray *notes, GError **error)
{
    g_autofree char *note = NULL;

    if (!knob_put_back(knob, &note, error))
        return false;
    if (note && notes)
        g_ptr_array_add(notes, g_steal_pointer(&note));
    return true;
}

/* All of them, or (`wanted` not NULL) those that are not wanted any more. */
static bool
put_back(HostSettings *settings, GHashTable *wanted, GPtrArray *notes, GError **error)
{
    GHashTableIter iter;
    gpointer path, knob;
    bool done = true;

    g_hash_table_iter_init(&iter, settings->knobs);
    while (g_hash_table_iter_next(&iter, &path, &knob)) {
        if (wanted && g_hash_table_contains(wanted, path))
            continue;
        if (put_back_one(knob, notes, done ? error : NULL))
            g_hash_table_iter_remove(&iter);
        else
            done = false;
    }
    return done;
}

bool
host_settings_put_back(HostSettings *settings, GPtrArray *notes, GError **error)
{
    return put_back(settings, NULL, notes, error);
}

/* The kernel may do less than it was asked for: fewer huge pages, another governor. */
static bool
set_one(HostSettings *settings, const char *path, const char *value, GPtrArray *notes,
        GError **error)
{
    const Sysroot *root = journal_root(settings->journal);
    Knob *knob = g_hash_table_lookup(settings->knobs, path);
    g_autofree char *now = NULL;

    if (!check_exists(root, path, error))
        return false;
    if (knob) {
        if (!knob_change(knob, value, error))
            return false;
    } else {
        knob = knob_set(settings->journal, path, value, error);
        if (!knob)
            return false;
        g_hash_table_insert(settings->knobs, g_strdup(path), knob);
    }
    if (!knob_read(root, path, &now, error))
        return false;
    if (!g_str_equal(now, value))
        return failure_set(error, FAILURE_FAILED, "/%s shows “%s” after “%s” was written", path,
                           now, value);
    g_ptr_array_add(notes, g_strdup_printf("/%s: %s", path, now));
    return true;
}

bool
host_settings_apply(HostSettings *settings, const PlanCondition *condition, uint64_t guests_kib,
                    GPtrArray *notes, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GList) paths = NULL;

    /* The pool of huge pages is counted as it was before us. */
    g_hash_table_remove(settings->knobs, HUGE_DIR "nr_hugepages");
    if (!collect(wanted, journal_root(settings->journal), condition, guests_kib, error) ||
        !put_back(settings, wanted, notes, error))
        return false;
    paths = g_list_sort(g_hash_table_get_keys(wanted), (GCompareFunc) strcmp);
    for (GList *path = paths; path; path = path->next)
        if (!set_one(settings, path->data, g_hash_table_lookup(wanted, path->data), notes, error)) {
            g_prefix_error(error, "condition “%s”: ", condition->name);
            return false;
        }
    return true;
}
