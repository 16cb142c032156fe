/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening everything that a run works with, in the order in which a mistake is cheapest. */
#pragma once

#include "hostctl/run/lab.h"

typedef struct {
    const char *uri; /* NULL: the plan's */
    const char *output;
    bool replace; /* an existing dataset goes away */
    bool shared_host;
    bool resume;     /* go on with the run in `output` */
    bool keep_going; /* past a visit whose check failed */
} LabOptions;

/*
 * `plan` and `rig` are lent. Nothing on the host is changed but that the lock is taken. Errors: a
 * missing guest image, another hostctl at work, a URI that does not answer, foreign guests where a
 * condition changes page sharing, a dataset that is there already.
 */
Lab *lab_open(const Sysroot *root, Interrupt *interrupt, const Plan *plan, const Rig *rig,
              const LabOptions *options, GError **error);
void lab_free(Lab *lab);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lab, lab_free)
