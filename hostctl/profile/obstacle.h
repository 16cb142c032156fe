/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a host's kernel cannot sample a guest, and what to do about it. */
#pragma once

#include <stdbool.h>

#include "common/base/sysroot.h"

typedef struct {
    bool tcg;      /* the guest's vCPUs are translated, not run by KVM */
    bool software; /* the event is one that the kernel keeps itself: cpu-clock */
    int refusal;   /* errno of opening the event on one of the vCPUs; 0 when it was opened */
} ProfileSubject;

/* What is missing and how to get it, by these and the machine's files; NULL: nothing known. */
const char *profile_obstacle(const Sysroot *root, const ProfileSubject *subject);
