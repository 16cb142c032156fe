/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which part of a visit is evidence: the one rule of those who judge it while it runs and later. */
#pragma once

#include "common/dataset/reader.h"

/* Host raw time from which a visit's samples are evidence: measuring has begun, the load is not
 * new. */
int64_t visit_evidence_from_ns(const DatasetRun *run, const DatasetVisit *visit);

/* CPUs on which its vCPUs could run: its own, else the run's. Less than 1: not known. */
int64_t visit_pool_cpus(const DatasetRun *run, const DatasetVisit *visit);
