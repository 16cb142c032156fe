/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a guest made from somebody's image boots from: an overlay, so that the image is never
 * written, and a NoCloud seed by which cloud-init (https://cloudinit.readthedocs.io, datasource
 * NoCloud) installs and starts the probe. Both lie in the state directory.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/knob/journal.h"
#include "hostctl/state.h"

typedef struct Image Image;

/*
 * In the journal before they are made, by qemu-img and the first of xorrisofs, genisoimage and
 * mkisofs. `backing`: qcow2, else raw. Files of a guest of that name that is gone are replaced.
 * `journal` outlives it.
 */
Image *image_new(Journal *journal, const State *state, const char *guest_name, const char *backing,
                 GError **error);
void image_free(Image *image); /* removes both: after the guest is gone; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* The guest is to stay: its files go with it, by image_remove(). */
bool image_keep(Image *image, GError **error);

/* Of a guest that has no Image any more; nothing to remove is no error. */
void image_remove(const char *state_dir, const char *guest_name);

const char *image_backing(const Image *image);        /* absolute */
const char *image_backing_format(const Image *image); /* "qcow2", "raw" */
const char *image_overlay(const Image *image);
const char *image_seed(const Image *image);
