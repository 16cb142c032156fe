/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CPU model whose own events libpfm4 knows by name on this machine. */
#pragma once

/*
 * "clx (Intel CascadeLake X)"; NULL when libpfm4 does not recognise this CPU: then only generic and
 * raw events can be named. It looks at CPUID, so it can know a CPU whose PMU a hypervisor hides.
 * Starts libpfm4: call from one thread. Free with g_free().
 */
char *pfm_model(void);
