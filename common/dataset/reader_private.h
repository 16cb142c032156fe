/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reader's files share, and nobody else sees. */
#pragma once

#include <sqlite3.h>

#include "common/dataset/reader.h"

struct DatasetReader {
    char *path;
    sqlite3 *db;
    GHashTable *columns; /* of query_columns() */
    DatasetFacts facts;
};

bool reader_load_facts(DatasetReader *reader, GError **error);
void reader_clear_facts(DatasetFacts *facts);
