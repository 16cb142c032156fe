/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/page_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "tests/support/cmocka_all.h"

EmupmuPage *
page_file_make(const char *path)
{
    autofd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EmupmuPage *page;

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, EMUPMU_PAGE_BYTES), 0);
    page = mmap(NULL, EMUPMU_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(page != MAP_FAILED);
    page->header = (EmupmuHeader){
        .magic = EMUPMU_PAGE_MAGIC,
        .version = EMUPMU_PAGE_VERSION,
        .vcpus = 2,
        .instance = 0x1234,
        .vmid = 7,
        .llc_kib = 4096,
        .model = 1,
    };
    return page;
}

void
page_file_publish(EmupmuPage *page, unsigned vcpu, uint64_t number)
{
    EmupmuTuple tuple = {
        .cycles = number * 100,
        .instructions = number * 50,
        .branches = number * 10,
        .branch_misses = number * 3,
        .cache_references = number * 2,
        .cache_misses = number,
        .handovers = number / 2,
        .publishes = number,
        .host_tsc = number * 1000,
        .host_cpu = 3,
    };

    emupmu_publish(&page->slot[vcpu], &tuple);
}
