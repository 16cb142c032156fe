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

#define DEVICE "sys/bus/pci/devices/0000:00:05.0"

/* A host's file, and the same as a guest's device memory. */
typedef struct {
    char folder[sizeof "/tmp/fuzz-counter-page-XXXXXX"];
    char *path, *device, *memory;
    int fd;
    Sysroot *root;
} Place;

static Place place = { .folder = "/tmp/fuzz-counter-page-XXXXXX", .fd = -1 };

static void
remove_place(void)
{
    static const char *const folders[] = { DEVICE,        "sys/bus/pci/devices",
                                           "sys/bus/pci", "sys/bus",
                                           "sys",         "" };

    g_unlink(place.path);
    for (const char *const *name =
             (const char *const[]){ "vendor", "device", "enable", "resource2", NULL };
         *name; name++) {
        g_autofree char *file = g_build_filename(place.device, *name, NULL);
        g_unlink(file);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(place.folder, folders[i], NULL);
        g_rmdir(folder);
    }
}

static void
write_id(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(place.device, name, NULL);

    if (!g_file_set_contents(path, text, -1, NULL))
        abort();
}

static void
make_place(void)
{
    if (!g_mkdtemp(place.folder))
        abort();
    place.path = g_build_filename(place.folder, "page", NULL);
    place.device = g_build_filename(place.folder, DEVICE, NULL);
    place.memory = g_build_filename(place.device, "resource2", NULL);
    place.root = sysroot_new(place.folder);
    place.fd = g_open(place.path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (place.fd < 0 || g_mkdir_with_parents(place.device, 0700) < 0 ||
        link(place.path, place.memory) < 0)
        abort();
    write_id("vendor", "0x1af4\n");
    write_id("device", "0x1110\n");
    write_id("enable", "0\n");
    atexit(remove_place);
}

static void
read_all(EmulatedPage *page)
{
    static const char *const events[] = { "cycles", "branch-misses", "cache-misses", NULL };
    static const char *const unknown[] = { "cycles", "page-faults", NULL };
    EmulatedReading reading;

    for (unsigned vcpu = 0; vcpu <= emulated_vcpus(page); vcpu++) {
        g_autoptr(GError) error = NULL;

        if (emulated_read(page, vcpu, events, &reading, &error) == (error != NULL))
            abort();
    }
    if (emulated_read(page, 0, unknown, &reading, NULL) || emulated_has_event(unknown[1]))
        abort();
}

/* The input is the beginning of a page; the rest is zeros. Both sides see the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(EmulatedPage) page = NULL;
    g_autoptr(EmulatedPage) in_guest = NULL;

    if (size > EMUPMU_PAGE_BYTES)
        return 0;
    if (place.fd < 0)
        make_place();
    if (ftruncate(place.fd, 0) < 0 || pwrite(place.fd, data, size, 0) < 0 ||
        ftruncate(place.fd, EMUPMU_PAGE_BYTES) < 0)
        abort();

    page = emulated_open(place.path, NULL);
    in_guest = emulated_open_guest(place.root, NULL);
    if ((page == NULL) != (in_guest == NULL))
        abort();
    if (!page)
        return 0;
    if (emulated_vmid(page) != emulated_vmid(in_guest) ||
        emulated_llc_kib(page) != emulated_llc_kib(in_guest) ||
        emulated_model(page) != emulated_model(in_guest))
        abort();
    read_all(page);
    read_all(in_guest);
    return 0;
}
