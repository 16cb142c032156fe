/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_event.h"

/* linux/perf_event.h comes first (through our header), else perfmon brings an older copy. */
#include <perfmon/pfmlib_perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"

/* What the kernel itself knows by number, with the names that perf gives it. */
static const struct {
    const char *name; /* of event_list */
    const char *alias;
    uint32_t type;
    uint64_t config;
} kernel_events[] = {
    { "cycles", "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
    { "instructions", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
    { "branches", "branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
    { "branch-misses", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
    { "cache-references", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES },
    { "cache-misses", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
    { "ref-cycles", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES },
    { "bus-cycles", NULL, PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES },
    { "task-clock", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK },
    { "cpu-clock", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
    { "page-faults", "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
    { "minor-faults", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
    { "major-faults", NULL, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
    { "context-switches", "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
    { "cpu-migrations", "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
};

/* A name taken apart: "BR_MISP_RETIRED:ALL_BRANCHES" and "uk" of "BR_…:ALL_BRANCHES:uk". */
typedef struct {
    char base[PMU_EVENT_NAME_MAX];
    bool user, kernel, guest, host;
} Spelling;

static bool
spelling_parse(const char *name, Spelling *ret_spelling, GError **error)
{
    const char *colon = strrchr(name, ':');
    bool has_modifiers = colon && colon[1] && strspn(colon + 1, "ukGH") == strlen(colon + 1);
    const char *modifiers = has_modifiers ? colon + 1 : "";
    Spelling spelling = {
        .user = strchr(modifiers, 'u'),
        .kernel = strchr(modifiers, 'k'),
        .guest = strchr(modifiers, 'G'),
        .host = strchr(modifiers, 'H'),
    };

    if (*name == '\0')
        return failure_set(error, FAILURE_USAGE, "an event has no name");
    if (strlen(name) >= PMU_EVENT_NAME_MAX)
        return failure_set(error, FAILURE_USAGE, "event “%.40s…”: longer than %d bytes", name,
                           PMU_EVENT_NAME_MAX - 1);
    g_strlcpy(spelling.base, name,
              has_modifiers ? (gsize) (colon - name) + 1 : sizeof spelling.base);

    *ret_spelling = spelling;
    return true;
}

static bool
encode_kernel_event(const char *base, PmuEvent *event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kernel_events); i++) {
        if (!g_str_equal(base, kernel_events[i].name) &&
            g_strcmp0(base, kernel_events[i].alias) != 0)
            continue;
        event->known = event_find(kernel_events[i].name);
        event->attr.type = kernel_events[i].type;
        event->attr.config = kernel_events[i].config;
        return true;
    }
    return false;
}

/* "r" and 1 to 16 hexadecimal digits, as perf takes it. */
static bool
encode_raw_event(const char *base, PmuEvent *event)
{
    guint64 config;

    if (base[0] != 'r' || strlen(base) > 17 ||
        !g_ascii_string_to_unsigned(base + 1, 16, 0, G_MAXUINT64, &config, NULL))
        return false;

    event->attr.type = PERF_TYPE_RAW;
    event->attr.config = config;
    return true;
}

/* "; did you mean “cycles”?" for a name that is nearly the kernel's; else an empty text. */
static char *
event_hint(const char *base)
{
    const char *names[G_N_ELEMENTS(kernel_events) + 1] = { NULL };
    const char *near;

    for (size_t i = 0; i < G_N_ELEMENTS(kernel_events); i++)
        names[i] = kernel_events[i].name;
    near = near_name(base, names);
    return near ? g_strdup_printf("; did you mean “%s”?", near) : g_strdup("");
}

static bool
encode_libpfm_event(const char *base, PmuEvent *event, GError **error)
{
    pfm_perf_encode_arg_t request = { .attr = &event->attr, .size = sizeof request };
    int result = pfm_initialize(); /* again is harmless */

    if (result == PFM_SUCCESS)
        result =
            pfm_get_os_event_encoding(base, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT_EXT, &request);
    if (result != PFM_SUCCESS) {
        g_autofree char *hint = event_hint(base);

        return failure_set(
            error, FAILURE_USAGE,
            "event “%s” is unknown (%s): want a name such as cycles or task-clock, a raw "
            "event such as r00c5, or a libpfm4 name for this CPU model%s",
            base, pfm_strerror(result), hint);
    }
    return true;
}

static bool
apply_mode(const Spelling *spelling, PmuMode mode, PmuEvent *event, GError **error)
{
    bool guest_only = mode == PMU_MODE_GUEST || spelling->guest;
    bool host_only = mode == PMU_MODE_HOST || spelling->host;

    /* ":GH" is perf's way to say both, which is what PMU_MODE_SELF counts anyway. */
    if (mode == PMU_MODE_SELF && guest_only && host_only)
        guest_only = host_only = false;
    if (guest_only && host_only)
        return failure_set(error, FAILURE_USAGE,
                           "event “%s”: its :%s contradicts the %s mode that it is counted in",
                           event->name, spelling->guest ? "G" : "H",
                           mode == PMU_MODE_GUEST ? "guest" : "host");
    if (pmu_event_is_software(event))
        guest_only = host_only = false;

    /* libpfm4 sets exclude_guest unless told otherwise, so both are said here, always. */
    event->attr.exclude_host = guest_only;
    event->attr.exclude_guest = host_only;
    g_assert(!(event->attr.exclude_host && event->attr.exclude_guest));
    return true;
}

static void
apply_level(const Spelling *spelling, PmuEvent *event)
{
    if (spelling->user || spelling->kernel) {
        event->attr.exclude_user = !spelling->user;
        event->attr.exclude_kernel = !spelling->kernel;
    }
    event->attr.exclude_hv = 0;
    event->attr.pinned = 0;
}

static void
print_name(const Spelling *spelling, PmuEvent *event)
{
    char modifiers[5] = "";

    g_strlcat(modifiers, spelling->user ? "u" : "", sizeof modifiers);
    g_strlcat(modifiers, spelling->kernel ? "k" : "", sizeof modifiers);
    g_strlcat(modifiers, event->attr.exclude_host ? "G" : "", sizeof modifiers);
    g_strlcat(modifiers, event->attr.exclude_guest ? "H" : "", sizeof modifiers);
    g_snprintf(event->printable, sizeof event->printable, "%s%s%s", spelling->base,
               *modifiers ? ":" : "", modifiers);
}

bool
pmu_event_encode(const char *name, PmuMode mode, PmuEvent *ret_event, GError **error)
{
    PmuEvent event = { .attr = { .size = sizeof event.attr } };
    Spelling spelling;

    if (!spelling_parse(name, &spelling, error))
        return false;
    g_strlcpy(event.name, name, sizeof event.name);

    if (!encode_kernel_event(spelling.base, &event) && !encode_raw_event(spelling.base, &event) &&
        !encode_libpfm_event(spelling.base, &event, error))
        return false;
    if (!apply_mode(&spelling, mode, &event, error))
        return false;
    apply_level(&spelling, &event);
    print_name(&spelling, &event);

    *ret_event = event;
    return true;
}

bool
pmu_event_is_software(const PmuEvent *event)
{
    return event->attr.type == PERF_TYPE_SOFTWARE;
}
