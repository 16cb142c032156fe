/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/knob/ksm_setting.h"

#include "common/base/failure.h"
#include "common/base/near_name.h"
#include "common/base/text.h"

const char *const ksm_setting_names[KSM_SETTINGS] = {
    "merge_across_nodes",
    "max_page_sharing",
    "use_zero_pages",
    "smart_scan",
    "stable_node_chains_prune_millisecs",
    "sleep_millisecs",
    "advisor_max_cpu",
    "advisor_min_pages_to_scan",
    "advisor_max_pages_to_scan",
    "advisor_target_scan_time",
    "pages_to_scan", /* refused while the advisor is on */
    "advisor_mode",
    "run",
};

/* What each takes, in the same order; words: NULL for a number. */
static const struct {
    uint64_t low, high;
    const char *const *words;
} limits[KSM_SETTINGS] = {
    { 0, 1, NULL },           { 2, G_MAXINT32, NULL },
    { 0, 1, NULL },           { 0, 1, NULL },
    { 0, G_MAXUINT32, NULL }, { 0, G_MAXUINT32, NULL },
    { 1, 100, NULL },         { 1, G_MAXUINT32, NULL },
    { 1, G_MAXUINT32, NULL }, { 1, G_MAXUINT32, NULL },
    { 1, G_MAXUINT32, NULL }, { 0, 0, (const char *const[]){ "none", "scan-time", NULL } },
    { 0, 2, NULL },
};

const KsmSetting ksm_off[] = { { "run", "2" } };
const size_t ksm_off_length = G_N_ELEMENTS(ksm_off);

const KsmSetting ksm_on[] = {
    { "sleep_millisecs", "20" },
    { "advisor_mode", "none" },
    { "pages_to_scan", "1000" },
    { "run", "1" },
};
const size_t ksm_on_length = G_N_ELEMENTS(ksm_on);

size_t
ksm_setting_index(const char *name)
{
    size_t i = 0;

    while (i < KSM_SETTINGS && !g_str_equal(name, ksm_setting_names[i]))
        i++;
    return i;
}

bool
ksm_setting_needs_unmerged(size_t index)
{
    return index < 2;
}

static bool
unknown_name(const char *name, GError **error)
{
    const char *known[KSM_SETTINGS + 1] = { NULL };
    g_autofree char *list = NULL;
    const char *near;

    for (size_t i = 0; i < KSM_SETTINGS; i++)
        known[i] = ksm_setting_names[i];
    near = near_name(name, known);
    if (near)
        return failure_set(error, FAILURE_USAGE, "no KSM setting “%s”; did you mean “%s”?", name,
                           near);
    list = g_strjoinv(", ", (char **) known);
    return failure_set(error, FAILURE_USAGE, "no KSM setting “%s”; there are %s", name, list);
}

bool
ksm_setting_check(const KsmSetting *setting, GError **error)
{
    size_t i = ksm_setting_index(setting->name);
    uint64_t number;

    if (i == KSM_SETTINGS)
        return unknown_name(setting->name, error);
    if (limits[i].words) {
        if (g_strv_contains(limits[i].words, setting->value))
            return true;
        return failure_set(error, FAILURE_USAGE,
                           "KSM setting %s: “%s” is not one of none, scan-time", setting->name,
                           setting->value);
    }
    if (!text_to_u64(setting->value, &number, NULL) || number < limits[i].low ||
        number > limits[i].high)
        return failure_set(error, FAILURE_USAGE,
                           "KSM setting %s: “%s” is not a number from %" G_GUINT64_FORMAT
                           " to %" G_GUINT64_FORMAT,
                           setting->name, setting->value, limits[i].low, limits[i].high);
    return true;
}
