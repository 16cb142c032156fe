/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The domain XML of a guest: the template of its accelerator with the spec filled in as nodes. */
#pragma once

#include "hostctl/virt/guest.h"

#define METADATA_URI "urn:insideout:guest:1"
#define METADATA_MADE_FROM_AFAR "from-afar"

/*
 * The kernel's command line unless the spec has one: quiet, serial console, gone when it panics;
 * its timer is not tried at boot, since a translated guest of a busy host would fail and panic.
 */
#define GUEST_CMDLINE "console=ttyS0 quiet panic=-1 no_timer_check cryptomgr.notests"

/* What can be wrong with a spec without asking the host. FAILURE_USAGE names the member. */
bool guest_spec_check(const GuestSpec *spec, GError **error);

/*
 * Looks the template up as state data. `console_path`: a unix socket that somebody listens at;
 * NULL: no console, or with `far` libvirt's. Free with g_free().
 */
bool domain_xml_build(const GuestSpec *spec, const char *uuid, const char *console_path,
                      char **ret_xml, GError **error);
