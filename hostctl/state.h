/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where hostctl keeps things: the state directory (/var/lib/insideout: journal, guest image,
 * plugin), the run directory (/run/insideout: lock, sockets, embedded libvirt) and, read only,
 * the data directory that came with the program (templates, plugin).
 * INSIDEOUT_STATE_DIR, INSIDEOUT_RUN_DIR and INSIDEOUT_DATA_DIR override them.
 * Both directories are readable by everybody (QEMU runs as another user) and writable by us only.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct State State;

/* Makes the two directories where they are missing; refuses symlinks and other people's ones. */
State *state_open(GError **error);
void state_free(State *state); /* gives the lock back */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(State, state_free)

/* The state directory by its name alone: nothing is made or checked. Free with g_free(). */
char *state_dir_chosen(void);

const char *state_dir(const State *state);
const char *state_run_dir(const State *state);

/* Guests' disks live here, below the state directory. */
#define STATE_DISKS "disks"

/* NAME under the state or run directory. Free with g_free(). */
char *state_file(const State *state, const char *name);
char *state_run_file(const State *state, const char *name);

/* A directory of that name under the run directory, made when missing (0755). */
bool state_make_run_dir(State *state, const char *name, char **ret_path, GError **error);

/*
 * From here on only this process changes the host: taken by every command that changes
 * something, before it does. Held until state_free(). The error names the process that has it.
 */
bool state_lock(State *state, GError **error);

/*
 * A file of the data directory, "xml/guest-kvm.xml": looked for in INSIDEOUT_DATA_DIR, beside
 * the executable in a build tree, then where it is installed. Errors name the places. Free with
 * g_free().
 */
bool state_data_file(const char *name, char **ret_path, GError **error);

/*
 * emupmu.so, copied to the state directory under a name made of its content, so that QEMU may
 * read it and a running guest keeps its own. Free with g_free().
 */
bool state_install_plugin(State *state, char **ret_path, GError **error);

/* guestprobe, as it was built or installed with us, to be put into a guest. Free with g_free(). */
bool state_find_probe(char **ret_path, GError **error);

/* The guest image in the state directory, as appliance/build makes it. Free both with g_free(). */
bool state_guest_image(const State *state, char **ret_kernel, char **ret_initrd, GError **error);
