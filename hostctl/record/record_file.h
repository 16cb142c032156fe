/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dataset of a recording: one visit an hour in one condition, "as found", so that what was
 * recorded before a kill is whole for those who read visits.
 */
#pragma once

#include <stdbool.h>

#include "common/dataset/writer.h"
#include "hostctl/collect/host_facts.h"
#include "hostctl/record/recorded_guest.h"

typedef struct {
    DatasetWriter *writer; /* owned: writer_free() */
    VisitRow visit;        /* the open one */
} RecordFile;

/* Makes the file, the run's row and the first visit, all committed. */
bool record_file_open(const char *path, bool replace, const RecordSetup *setup,
                      const HostFacts *facts, int64_t interval_ns, RecordFile *ret_file,
                      GError **error);

/* Both in an open transaction. */
bool record_file_next_visit(RecordFile *file, GError **error);
bool record_file_note(RecordFile *file, int64_t guest_id, const char *text, GError **error);

/* Ends the visit and the run; what is in an open transaction is dropped. */
bool record_file_close(RecordFile *file, bool recorded, uint64_t *ret_bytes, GError **error);
