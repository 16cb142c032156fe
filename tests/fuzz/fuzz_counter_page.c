/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/pmu/emulated.h"
#include "emupmu/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/fuzz-counter-page-XXXXXX";

static void
remove_file(void)
{
    g_unlink(path);
}

static int
make_file(void)
{
    const int fd = g_mkstemp(path);

    if (fd < 0)
        abort();
    atexit(remove_file);
    return fd;
}

/* The input is the beginning of a page; the rest is zeros. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const events[] = { "cycles", "branch-misses", "cache-misses", NULL };
    static int fd = -1;
    g_autoptr(EmulatedPage) page = NULL;

    if (size > EMUPMU_PAGE_BYTES)
        return 0;
    if (fd < 0)
        fd = make_file();
    if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) < 0 ||
        ftruncate(fd, EMUPMU_PAGE_BYTES) < 0)
        abort();

    page = emulated_open(path, NULL);
    if (!page)
        return 0;
    for (unsigned vcpu = 0; vcpu <= emulated_vcpus(page); vcpu++) {
        g_autoptr(GError) error = NULL;
        EmulatedReading reading;

        if (emulated_read(page, vcpu, events, &reading, &error) == (error != NULL))
            abort();
    }
    return 0;
}
