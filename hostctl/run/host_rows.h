/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a dataset holds of the host itself. Each function writes the rows of one moment into the
 * open transaction; `visit_id` 0: outside of visits.
 */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "common/dataset/writer.h"
#include "hostctl/collect/cpu_time.h"
#include "hostctl/collect/task_time.h"

/* What each of `cpus` did. */
bool host_rows_cpus(DatasetWriter *writer, CpuTimes *cpu_times, const cpu_set_t *cpus,
                    int64_t visit_id, GError **error);

/* Who else used CPU time. */
bool host_rows_tasks(DatasetWriter *writer, TaskTimes *task_times, int64_t visit_id,
                     GError **error);

/* Memory, swap, page sharing and pressure; what this kernel does not tell is left out. */
bool host_rows_memory(DatasetWriter *writer, const Sysroot *root, int64_t visit_id, GError **error);
