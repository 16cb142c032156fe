/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a guest made from somebody's image boots from: an overlay, so that the image is never
 * written, and a NoCloud seed by which cloud-init installs and starts the probe. Both lie in the
 * state directory, or beside the image in a storage pool of libvirt, maybe on another machine.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/knob/journal.h"
#include "hostctl/state.h"
#include "hostctl/virt/connection.h"

/* The image itself. */
typedef struct {
    const char *name;         /* a file's path; with a pool, a volume's name */
    const char *storage_pool; /* NULL: a file of this machine */
} ImageSource;

typedef struct Image Image;

/*
 * In the journal before they are made. A file is a qcow2, else taken for raw; a volume's format is
 * libvirt's word. What a guest of that name that is gone has left is replaced. `journal` and
 * `connection` (NULL without a pool) outlive it.
 */
Image *image_new(Journal *journal, const State *state, Connection *connection,
                 const char *guest_name, const ImageSource *source, GError **error);
void image_free(Image *image); /* removes both: after the guest is gone; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* The guest is to stay: its files go with it, by the two below. */
bool image_keep(Image *image, GError **error);

/* Of a guest that has no Image any more; nothing to remove is no error. */
void image_remove(const char *state_dir, const char *guest_name);
bool image_remove_volumes(Connection *connection, const char *storage_pool, const char *guest_name,
                          GError **error);

const char *image_backing(const Image *image);        /* absolute, where libvirt runs */
const char *image_backing_format(const Image *image); /* "qcow2", "raw" */
const char *image_overlay(const Image *image);
const char *image_seed(const Image *image);
const char *image_storage_pool(const Image *image); /* NULL: files in the state directory */
