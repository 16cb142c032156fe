/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects pieces of waiting into a report: equal causes of one vCPU become one. */
#pragma once

#include "hostctl/blame/blame.h"
#include "hostctl/blame/blame_shared.h"

typedef struct {
    BlameReport *report;
    GHashTable *causes;       /* "victim kind name" -> index + 1 in report->causes */
    const GHashTable *guests; /* process id -> name, of all guests that are known */
} ReportBuilder;

void report_builder_init(ReportBuilder *builder, const GHashTable *guests);
/* The report, to free by the caller; the builder is empty then. */
BlameReport *report_builder_end(ReportBuilder *builder);

/* Returns the index for the causes of this vCPU. */
guint report_builder_victim(ReportBuilder *builder, pid_t pid, unsigned vcpu, uint64_t wait_ns);

void report_builder_cause(ReportBuilder *builder, guint victim, BlameKind kind, const char *name,
                          uint64_t wait_ns);

/* The same for a key of the kernel's table, which is resolved to a guest or a task. */
void report_builder_wait(ReportBuilder *builder, guint victim, const struct blame_wait_key *key,
                         uint64_t wait_ns);

void report_builder_pair(ReportBuilder *builder, const struct blame_pair_key *key, uint64_t run_ns);
