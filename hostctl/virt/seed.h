/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest's NoCloud seed (https://cloudinit.readthedocs.io, datasource NoCloud): an ISO 9660 volume
 * named cidata with user data that installs the probe, the probe, and the guest's name.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Made by the first of xorrisofs, genisoimage and mkisofs. `meta_data` is written on the way; both
 * files are the caller's to remove, when this fails too. */
bool seed_make(const char *guest_name, const char *meta_data, const char *seed, GError **error);
