/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Volumes of a libvirt storage pool: files where libvirt runs, made and removed through it, so on
 * another machine too. Ours begin with VOLUME_PREFIX.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/virt/connection.h"

#define VOLUME_PREFIX "insideout-"

/* What an overlay can lie on. */
typedef struct {
    char *path; /* where libvirt runs */
    char *format;
    uint64_t bytes; /* as a guest sees it */
} VolumeFacts;

void volume_facts_clear(VolumeFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VolumeFacts, volume_facts_clear)

/* Fails for what is no file: a logical volume, a volume over the network. */
bool volume_look(Connection *connection, const char *pool, const char *name, VolumeFacts *ret_facts,
                 GError **error);

/* A qcow2 on `backing`, which is not written. Free *ret_path with g_free(). */
bool volume_create_overlay(Connection *connection, const char *pool, const char *name,
                           const VolumeFacts *backing, char **ret_path, GError **error);

/* A raw volume with what is in `file` of this machine. Free *ret_path with g_free(). */
bool volume_upload(Connection *connection, const char *pool, const char *name, const char *file,
                   char **ret_path, GError **error);

/* One of ours; *ret_found is false, which is no error, when it is not there. */
bool volume_delete(Connection *connection, const char *pool, const char *name, bool *ret_found,
                   GError **error);
