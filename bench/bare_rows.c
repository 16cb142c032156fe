/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that reading a dataset can cost: bare_rows DATASET QUERY...
 *
 * Hands every value of every row of the queries to this process, as whoever computes with them
 * must, and adds the whole numbers up; prints their sum.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

static int
add_rows(sqlite3 *db, const char *query, uint64_t *sum)
{
    sqlite3_stmt *rows = NULL;
    int status = sqlite3_prepare_v2(db, query, -1, &rows, NULL);
    int columns = status == SQLITE_OK ? sqlite3_column_count(rows) : 0;

    while (status == SQLITE_OK && (status = sqlite3_step(rows)) == SQLITE_ROW) {
        for (int i = 0; i < columns; i++)
            *sum += (uint64_t) sqlite3_column_int64(rows, i);
        status = SQLITE_OK;
    }
    sqlite3_finalize(rows);
    return status;
}

int
main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    uint64_t sum = 0;
    int status;

    if (argc < 3) {
        fprintf(stderr, "Usage: bare_rows DATASET QUERY...\n");
        return 2;
    }
    status = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL);
    status = status == SQLITE_OK ? SQLITE_DONE : status;
    for (int i = 2; i < argc && status == SQLITE_DONE; i++)
        status = add_rows(db, argv[i], &sum);
    if (status != SQLITE_DONE)
        fprintf(stderr, "bare_rows: %s: %s\n", argv[1], sqlite3_errmsg(db));
    sqlite3_close(db);
    printf("%" PRIu64 "\n", sum);
    return status != SQLITE_DONE;
}
