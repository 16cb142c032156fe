/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/doctor.h"

static const char *const status_names[] = {
    [DOCTOR_PASS] = "pass",
    [DOCTOR_WARN] = "warn",
    [DOCTOR_FAIL] = "fail",
    [DOCTOR_UNKNOWN] = "unknown",
};

const char *
doctor_status_name(DoctorStatus status)
{
    return status_names[status];
}

DoctorFinding *
doctor_look(const DoctorHost *host)
{
    DoctorFinding *findings = g_new0(DoctorFinding, doctor_checks_length);

    for (size_t i = 0; i < doctor_checks_length; i++)
        doctor_checks[i].look(host, &findings[i]);
    return findings;
}

void
doctor_findings_free(DoctorFinding *findings)
{
    for (size_t i = 0; findings && i < doctor_checks_length; i++) {
        g_free(findings[i].found);
        g_free(findings[i].meaning);
        g_free(findings[i].fix);
    }
    g_free(findings);
}

unsigned
doctor_count(const DoctorFinding *findings, DoctorStatus status)
{
    unsigned n = 0;

    for (size_t i = 0; i < doctor_checks_length; i++)
        n += findings[i].status == status;
    return n;
}
