/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/live.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "common/base/autofd.h"
#include "common/pmu/pfm_model.h"
#include "common/pmu/pmu_group.h"

#define KVM_API 12 /* since 2007, and for ever */
#define INIT 1     /* a process that belongs to root, whoever we are */

/* 0, or the errno that forbids it. */
static int
try_event(const char *name, PmuMode mode, pid_t tid)
{
    g_autoptr(PmuGroup) group = pmu_group_new(&(PmuTarget){ .tid = tid, .cpu = -1 });
    g_autoptr(GError) error = NULL;
    PmuEvent event;

    if (!pmu_event_encode(name, mode, &event, &error))
        return EINVAL;
    return pmu_group_add(group, &event, &error);
}

static int
try_kvm(unsigned *ret_mode)
{
    autofd int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    struct stat info;

    if (fd < 0)
        return errno;
    if (fstat(fd, &info) == 0)
        *ret_mode = info.st_mode & 0777;
    return ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API ? 0 : ENODEV;
}

DoctorLive *
doctor_live_look(const char *uri, const Interrupt *interrupt)
{
    DoctorLive *live = g_new0(DoctorLive, 1);

    /* Host mode: a mediated vPMU refuses everything else while a guest runs. */
    live->cycles_errno = try_event("cycles", PMU_MODE_HOST, 0);
    live->foreign_errno = try_event("task-clock", PMU_MODE_HOST, INIT);
    live->kvm_errno = try_kvm(&live->kvm_mode);
    live->has_capacity = pmu_capacity_of_this_cpu(&live->capacity);
    live->libpfm4_model = pfm_model();
    doctor_live_look_virt(live, uri, interrupt);
    return live;
}

void
doctor_live_free(DoctorLive *live)
{
    if (!live)
        return;

    g_free(live->libpfm4_model);
    g_free(live->virt_problem);
    g_free(live->libvirt_version);
    g_free(live->qemu_version);
    g_free(live->virt_uri);
    g_strfreev(live->perf_domains);
    g_clear_pointer(&live->guests, g_ptr_array_unref);
    g_free(live);
}
