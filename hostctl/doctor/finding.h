/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a check says what it found, and reads one fact of the tree. */
#pragma once

#include "hostctl/doctor/doctor.h"

/* What a finding means and what to do about it, for an expert in a hurry. */
typedef struct {
    const char *meaning;
    const char *fix;
} Advice;

void finding_pass(DoctorFinding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);
void finding_set(DoctorFinding *finding, DoctorStatus status, const Advice *advice,
                 const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Unknown, because only the running machine could say it. */
void finding_needs_host(DoctorFinding *finding);
/* Unknown, because the file that says it cannot be read. */
void finding_untold(DoctorFinding *finding, const char *path);

/* Another sentence of meaning. */
void finding_add_meaning(DoctorFinding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The file's text, or the chosen word of "always [madvise] never"; NULL when it is not there. */
char *tree_word(const Sysroot *root, const char *path);
bool tree_number(const Sysroot *root, const char *path, uint64_t *ret_value);
