/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pfm_model.h"

#include <glib.h>
#include <perfmon/pfmlib.h>

char *
pfm_model(void)
{
    if (pfm_initialize() != PFM_SUCCESS)
        return NULL;
    for (int i = PFM_PMU_NONE; i < PFM_PMU_MAX; i++) {
        pfm_pmu_info_t info = { .size = sizeof info };

        if (pfm_get_pmu_info((pfm_pmu_t) i, &info) == PFM_SUCCESS && info.is_present &&
            info.type == PFM_PMU_TYPE_CORE)
            return g_strdup_printf("%s (%s)", info.name, info.desc);
    }
    return NULL;
}
