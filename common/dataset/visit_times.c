/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/visit_times.h"

#define FAR_NS (INT64_MAX / 4)

int64_t
visit_evidence_from_ns(const DatasetRun *run, const DatasetVisit *visit)
{
    int64_t drop = run->drop_ns == DATASET_UNKNOWN ? 0 : CLAMP(run->drop_ns, 0, FAR_NS);

    if (visit->load_raw_ns == DATASET_UNKNOWN)
        return visit->start_raw_ns;
    return MAX(visit->start_raw_ns, visit->load_raw_ns + drop);
}

int64_t
visit_pool_cpus(const DatasetRun *run, const DatasetVisit *visit)
{
    return visit->pool_cpus > 0 ? visit->pool_cpus : run->pool_cpus;
}
