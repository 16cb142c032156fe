/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/emulated.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "emupmu/page.h"

#define READ_TRIES_MAX 1000
#define PCI_DEVICES "sys/bus/pci/devices"
#define IVSHMEM_VENDOR "0x1af4"
#define IVSHMEM_DEVICE "0x1110"

struct EmulatedPage {
    char *path;
    int fd;                /* on the host: a mapping of a file that is cut short would be SIGBUS */
    const uint64_t *words; /* in the guest: device memory cannot be cut, and cannot be pread() */
    EmupmuHeader header;   /* as it was when the page was opened */
    uint64_t instance_seen[EMUPMU_VCPU_MAX];
};

static const struct {
    const char *event;
    size_t offset;
} members[] = {
    { "cycles", offsetof(EmupmuTuple, cycles) },
    { "instructions", offsetof(EmupmuTuple, instructions) },
    { "branches", offsetof(EmupmuTuple, branches) },
    { "branch-misses", offsetof(EmupmuTuple, branch_misses) },
    { "cache-references", offsetof(EmupmuTuple, cache_references) },
    { "cache-misses", offsetof(EmupmuTuple, cache_misses) },
};

static bool
member_find(const char *event, size_t *ret_offset)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        if (g_str_equal(members[i].event, event)) {
            *ret_offset = members[i].offset;
            return true;
        }
    return false;
}

bool
emulated_has_event(const char *name)
{
    size_t offset;

    return member_find(name, &offset);
}

/* Copies from the page in order: what a later call returns was there later. */
static bool
fetch(const EmulatedPage *page, size_t offset, void *buffer, size_t size, GError **error)
{
    uint64_t *to = buffer;

    if (page->words) {
        for (size_t i = 0; i < size / sizeof *to; i++)
            to[i] = __atomic_load_n(&page->words[offset / sizeof *to + i], __ATOMIC_RELAXED);
    } else {
        ssize_t got = pread(page->fd, buffer, size, (off_t) offset);

        if (got < 0)
            return failure_set_errno(error, errno, "read counter page %s", page->path);
        if ((size_t) got < size)
            return failure_set(error, FAILURE_FAILED,
                               "counter page %s was cut: it ends before byte %zu", page->path,
                               offset + size);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return true;
}

static bool
fetch_header(const EmulatedPage *page, EmupmuHeader *ret_header, GError **error)
{
    EmupmuHeader header;

    if (!fetch(page, 0, &header, sizeof header, error))
        return false;
    if (header.magic != EMUPMU_PAGE_MAGIC)
        return failure_set(error, FAILURE_FAILED,
                           "%s is no counter page (yet): its first bytes are not EMUPMU; is QEMU "
                           "running with the emupmu plugin and page= this file?",
                           page->path);
    if (header.version != EMUPMU_PAGE_VERSION)
        return failure_set(error, FAILURE_FAILED,
                           "counter page %s has layout version %" PRIu32 ", this program reads %u",
                           page->path, header.version, EMUPMU_PAGE_VERSION);
    if (header.vcpus < 1 || header.vcpus > EMUPMU_VCPU_MAX || header.instance == 0)
        return failure_set(error, FAILURE_FAILED,
                           "counter page %s is damaged: it claims %" PRIu32
                           " vCPUs (1 to %u can be) and instance %" PRIx64,
                           page->path, header.vcpus, EMUPMU_VCPU_MAX, header.instance);

    *ret_header = header;
    return true;
}

static bool
check_size(int fd, const char *path, GError **error)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return failure_set_errno(error, errno, "look at counter page %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size < (off_t) EMUPMU_PAGE_BYTES)
        return failure_set(error, FAILURE_FAILED,
                           "%s is no counter page: not a regular file of at least %u bytes", path,
                           EMUPMU_PAGE_BYTES);
    return true;
}

static EmulatedPage *
page_new(const char *path)
{
    EmulatedPage *page = g_new0(EmulatedPage, 1);

    page->path = g_strdup(path);
    /* O_NONBLOCK: a FIFO under this name must not hold us. */
    page->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return page;
}

EmulatedPage *
emulated_open(const char *path, GError **error)
{
    g_autoptr(EmulatedPage) page = page_new(path);

    if (page->fd < 0) {
        failure_set_errno(error, errno, "open counter page %s", path);
        return NULL;
    }
    if (!check_size(page->fd, path, error) || !fetch_header(page, &page->header, error))
        return NULL;
    return g_steal_pointer(&page);
}

static EmulatedPage *
open_device_memory(const char *path, GError **error)
{
    g_autoptr(EmulatedPage) page = page_new(path);
    void *memory;

    if (page->fd < 0) {
        failure_set_errno(error, errno, "open shared memory %s (root may)", path);
        return NULL;
    }
    if (!check_size(page->fd, path, error))
        return NULL;
    memory = mmap(NULL, EMUPMU_PAGE_BYTES, PROT_READ, MAP_SHARED, page->fd, 0);
    if (memory == MAP_FAILED) {
        failure_set_errno(error, errno, "map shared memory %s", path);
        return NULL;
    }
    page->words = memory;
    if (!fetch_header(page, &page->header, error))
        return NULL;
    return g_steal_pointer(&page);
}

static bool
file_says(const Sysroot *root, const char *folder, const char *name, const char *wanted)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = NULL;

    return sysroot_read(root, path, &text, NULL) && g_str_equal(text, wanted);
}

static EmulatedPage *
open_device(const Sysroot *root, const char *address, GError **error)
{
    g_autofree char *folder = g_build_filename(PCI_DEVICES, address, NULL);
    g_autofree char *enable = g_build_filename(folder, "enable", NULL);
    g_autofree char *memory = g_build_filename(folder, "resource2", NULL);
    g_autofree char *path = sysroot_path(root, memory);

    /* No driver binds to the device, so nobody else switches its memory on. */
    if (file_says(root, folder, "enable", "0") && !sysroot_write(root, enable, "1", error))
        return NULL;
    return open_device_memory(path, error);
}

EmulatedPage *
emulated_open_guest(const Sysroot *root, GError **error)
{
    g_autoptr(GError) first_error = NULL;
    g_auto(GStrv) addresses = NULL;

    if (!sysroot_list(root, PCI_DEVICES, &addresses, &first_error))
        addresses = g_new0(char *, 1);

    for (char **address = addresses; *address; address++) {
        g_autofree char *folder = g_build_filename(PCI_DEVICES, *address, NULL);
        EmulatedPage *page;

        if (!file_says(root, folder, "vendor", IVSHMEM_VENDOR) ||
            !file_says(root, folder, "device", IVSHMEM_DEVICE))
            continue;
        page = open_device(root, *address, first_error ? NULL : &first_error);
        if (page)
            return page;
    }

    if (first_error && *addresses)
        g_propagate_error(error, g_steal_pointer(&first_error));
    else
        failure_set(error, FAILURE_UNSUPPORTED,
                    "no emulated counters here: no shared-memory PCI device (1af4:1110) in %s",
                    PCI_DEVICES);
    return NULL;
}

void
emulated_close(EmulatedPage *page)
{
    if (!page)
        return;

    if (page->words)
        munmap((void *) page->words, EMUPMU_PAGE_BYTES);
    autofd_close(&page->fd);
    g_free(page->path);
    g_free(page);
}

unsigned
emulated_vcpus(const EmulatedPage *page)
{
    return page->header.vcpus;
}

uint32_t
emulated_vmid(const EmulatedPage *page)
{
    return page->header.vmid;
}

uint32_t
emulated_llc_kib(const EmulatedPage *page)
{
    return page->header.llc_kib;
}

uint32_t
emulated_model(const EmulatedPage *page)
{
    return page->header.model;
}

/* One try: `ret_quiet` says whether the tuple is whole and of the header's instance. */
static bool
try_tuple(const EmulatedPage *page, unsigned vcpu, EmupmuHeader *header, EmupmuTuple *tuple,
          bool *ret_quiet, GError **error)
{
    size_t slot = offsetof(EmupmuPage, slot) + vcpu * sizeof(EmupmuSlot);
    uint64_t before, after;
    EmupmuHeader header_after;

    if (!fetch_header(page, header, error))
        return false;
    if (vcpu >= header->vcpus)
        return failure_set(error, FAILURE_FAILED,
                           "counter page %s has %" PRIu32 " vCPUs, there is no vCPU %u", page->path,
                           header->vcpus, vcpu);
    if (!fetch(page, slot + offsetof(EmupmuSlot, sequence), &before, sizeof before, error) ||
        !fetch(page, slot + offsetof(EmupmuSlot, copy) + (before & 1) * sizeof *tuple, tuple,
               sizeof *tuple, error) ||
        !fetch(page, slot + offsetof(EmupmuSlot, sequence), &after, sizeof after, error) ||
        !fetch(page, 0, &header_after, sizeof header_after, error))
        return false;

    *ret_quiet = before == after && tuple->publishes == before &&
                 memcmp(header, &header_after, sizeof *header) == 0;
    return true;
}

static bool
read_tuple(const EmulatedPage *page, unsigned vcpu, EmupmuHeader *header, EmupmuTuple *tuple,
           GError **error)
{
    for (int i = 0; i < READ_TRIES_MAX; i++) {
        bool quiet = false;

        if (!try_tuple(page, vcpu, header, tuple, &quiet, error))
            return false;
        if (quiet)
            return true;
    }
    return failure_set(error, FAILURE_FAILED,
                       "counter page %s: no consistent counts of vCPU %u in %d tries; is something "
                       "else writing into it?",
                       page->path, vcpu, READ_TRIES_MAX);
}

static bool
find_members(const EmulatedPage *page, const char *const *events, size_t *offsets,
             size_t *ret_length, GError **error)
{
    size_t length = 0;

    for (; events[length]; length++) {
        if (length == EVENT_MAX)
            return failure_set(error, FAILURE_FAILED, "more than %d events asked of %s", EVENT_MAX,
                               page->path);
        if (!member_find(events[length], &offsets[length]))
            return failure_set(error, FAILURE_UNSUPPORTED,
                               "the emulated counters have no event %s (%s)", events[length],
                               page->path);
    }
    *ret_length = length;
    return true;
}

/* A removed file stays readable and never changes again: without this its reader would not know. */
static bool
check_still_there(const EmulatedPage *page, GError **error)
{
    struct stat status;

    if (page->words)
        return true;
    if (fstat(page->fd, &status) < 0)
        return failure_set_errno(error, errno, "look at counter page %s", page->path);
    if (status.st_nlink == 0)
        return failure_set(error, FAILURE_FAILED,
                           "counter page %s was removed; open it again once its guest runs",
                           page->path);
    return true;
}

bool
emulated_read(EmulatedPage *page, unsigned vcpu, const char *const *events,
              EmulatedReading *ret_reading, GError **error)
{
    EmulatedReading reading = { 0 };
    EmupmuHeader header;
    EmupmuTuple tuple;
    size_t offsets[EVENT_MAX], length = 0;

    if (!find_members(page, events, offsets, &length, error) || !check_still_there(page, error) ||
        !read_tuple(page, vcpu, &header, &tuple, error))
        return false;

    for (size_t i = 0; i < length; i++)
        memcpy(&reading.values[i], (const char *) &tuple + offsets[i], sizeof reading.values[i]);
    reading.handovers = tuple.handovers;
    reading.publishes = tuple.publishes;
    reading.host_tsc = tuple.host_tsc;
    reading.host_cpu = (uint32_t) tuple.host_cpu;
    reading.instance = header.instance;
    reading.restarted =
        page->instance_seen[vcpu] != 0 && page->instance_seen[vcpu] != header.instance;
    page->instance_seen[vcpu] = header.instance;

    *ret_reading = reading;
    return true;
}
