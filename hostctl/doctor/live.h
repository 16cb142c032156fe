/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the running machine what no file says. */
#pragma once

#include "hostctl/doctor/doctor.h"
#include "hostctl/interrupt.h"

/*
 * Opens and closes a few things; changes nothing. `uri` NULL: the default connection. Never fails:
 * what does not work is the finding.
 */
DoctorLive *doctor_live_look(const char *uri, const Interrupt *interrupt);

/* The part of it that asks libvirt and the guests (live_virt.c). */
void doctor_live_look_virt(DoctorLive *live, const char *uri, const Interrupt *interrupt);
