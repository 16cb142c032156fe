/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings for people and for programs. */
#pragma once

#include <stdio.h>

#include "hostctl/doctor/doctor.h"

/* One line a check; then, for each that does not pass, what it means and what to do. */
void doctor_report_text(const DoctorFinding *findings, FILE *out);

/* {"format": 1, "checks": [{"id", "status", "found", "meaning", "fix"}]}; free with g_free(). */
char *doctor_report_json(const DoctorFinding *findings);
