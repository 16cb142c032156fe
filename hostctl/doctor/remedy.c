/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/remedy.h"

#include "common/base/cpuinfo.h"
#include "common/base/failure.h"
#include "hostctl/doctor/cpufreq.h"
#include "hostctl/knob/change.h"

/* One file, service or module; a check may have several, of which each that is there is changed. */
typedef struct {
    const char *id;
    JournalKind kind;
    const char *target; /* NULL: every cpufreq governor */
    const char *value;
    bool reaches_guests; /* page sharing, and who switches it */
} Remedy;

static const Remedy remedies[] = {
    { "kvm-module", JOURNAL_MODULE, "kvm_intel", "loaded" },
    { "kvm-module", JOURNAL_MODULE, "kvm_amd", "loaded" },
    { "halt-poll", JOURNAL_FILE, "sys/module/kvm/parameters/halt_poll_ns", "0" },
    { "nmi-watchdog", JOURNAL_FILE, "proc/sys/kernel/nmi_watchdog", "0" },
    { "perf-paranoid", JOURNAL_FILE, "proc/sys/kernel/perf_event_paranoid", "1" },
    { "ksm-advisor", JOURNAL_FILE, "sys/kernel/mm/ksm/advisor_mode", "none", true },
    { "governor", JOURNAL_FILE, NULL, "performance" },
    { "turbo", JOURNAL_FILE, CPUFREQ_NO_TURBO, "1" },
    { "turbo", JOURNAL_FILE, CPUFREQ_BOOST, "0" },
    { "ksmtuned", JOURNAL_SERVICE, "ksmtuned.service", "inactive", true },
    { "ksm-service", JOURNAL_SERVICE, "ksm.service", "inactive", true },
    { "mom", JOURNAL_SERVICE, "mom-vdsm.service", "inactive", true },
};

bool
remedy_exists(const char *id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
        if (g_str_equal(remedies[i].id, id))
            return true;
    return false;
}

bool
remedy_reaches_guests(const char *id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
        if (g_str_equal(remedies[i].id, id) && remedies[i].reaches_guests)
            return true;
    return false;
}

char *
remedy_ids(void)
{
    GString *ids = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
        if (i == 0 || !g_str_equal(remedies[i].id, remedies[i - 1].id))
            g_string_append_printf(ids, "%s%s", i ? ", " : "", remedies[i].id);
    return g_string_free(ids, FALSE);
}

/* To stay: hostctl run must not stumble over it as over a killed run's remains. */
static bool
change_one(Journal *journal, JournalKind kind, const char *target, const char *value,
           GPtrArray *notes, GError **error)
{
    Change change = { .kind = kind, .target = target, .held = true, .until_recover = true };
    g_autofree char *before = NULL;

    if (!change_read(journal_root(journal), kind, target, &before, error) ||
        !change_make(&change, journal, value, error))
        return false;
    if (change.id != 0)
        g_ptr_array_add(notes, g_strdup_printf("%s: %s, was %s", target, value, before));
    return true;
}

static bool
change_governors(Journal *journal, const char *value, GPtrArray *notes, GError **error)
{
    g_auto(GStrv) files = cpufreq_governor_files(journal_root(journal));

    for (char **file = files; *file; file++)
        if (!change_one(journal, JOURNAL_FILE, *file, value, notes, error))
            return false;
    return true;
}

/* The module of the other vendor is nothing to this CPU. */
static bool
is_module_of_this_cpu(const Sysroot *root, const char *module)
{
    g_autoptr(CpuInfo) cpu = cpuinfo_read(root, NULL);

    return cpu && cpuinfo_has_flag(cpu, g_str_equal(module, "kvm_amd") ? "svm" : "vmx");
}

static bool
is_there(const Sysroot *root, const Remedy *remedy)
{
    g_auto(GStrv) governors = NULL;

    if (remedy->kind == JOURNAL_MODULE)
        return is_module_of_this_cpu(root, remedy->target);
    if (remedy->kind != JOURNAL_FILE)
        return true;
    if (remedy->target)
        return sysroot_exists(root, remedy->target);
    governors = cpufreq_governor_files(root);
    return governors[0] != NULL;
}

static bool
apply_one(Journal *journal, const Remedy *remedy, GPtrArray *notes, GError **error)
{
    if (remedy->kind != JOURNAL_FILE && !sysroot_is_live(journal_root(journal)))
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "%s is no file: a tree below --root has no services and modules",
                           remedy->target);
    if (!remedy->target)
        return change_governors(journal, remedy->value, notes, error);
    return change_one(journal, remedy->kind, remedy->target, remedy->value, notes, error);
}

bool
remedy_apply(Journal *journal, const char *id, GPtrArray *notes, GError **error)
{
    bool any = false;

    for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++) {
        if (!g_str_equal(remedies[i].id, id) || !is_there(journal_root(journal), &remedies[i]))
            continue;
        any = true;
        if (!apply_one(journal, &remedies[i], notes, error)) {
            g_prefix_error(error, "%s: ", id);
            return false;
        }
    }
    return any || failure_set(error, FAILURE_UNSUPPORTED,
                              "%s: this kernel has nothing to change for it", id);
}
