/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dataset of unknown origin: whatever the bytes, the whole analysis ends with a result or an
 * error. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "correlate/analysis.h"

#define MAX_BYTES (1024 * 1024) /* larger ones only take longer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* SQLite wants a name that it can resolve, so a descriptor alone will not do. */
    g_autofree char *path =
        g_strdup_printf("%s/fuzz-dataset-%d", g_access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                        (int) getpid());
    g_autoptr(GError) error = NULL;
    g_autoptr(Analysis) analysis = NULL;

    if (size > MAX_BYTES || !g_file_set_contents_full(path, (const char *) data, (gssize) size,
                                                      G_FILE_SET_CONTENTS_NONE, 0600, NULL))
        return 0;
    analysis = analysis_scan(path, &error);
    g_assert((analysis == NULL) == (error != NULL));
    g_unlink(path);
    return 0;
}
