/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/process_id.h"

#define STATE_DIR "/var/lib/insideout"
#define RUN_DIR "/run/insideout"
#define LOCK_NAME "hostctl.lock"

struct State {
    char *dir;
    char *run_dir;
    int lock_fd;
};

static char *
chosen_dir(const char *variable, const char *fallback)
{
    const char *value = g_getenv(variable);

    return g_canonicalize_filename(value && *value ? value : fallback, NULL);
}

char *
state_dir_chosen(void)
{
    return chosen_dir("INSIDEOUT_STATE_DIR", STATE_DIR);
}

/* A directory that is ours and that nobody else may write into. */
static bool
make_dir(const char *path, GError **error)
{
    autofd int fd = -1;
    struct stat info;

    if (g_mkdir_with_parents(path, 0755) < 0)
        return failure_set_errno(error, errno, "%s cannot be made (hostctl wants root)", path);

    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0)
        return failure_set_errno(error, errno, "%s", path);
    if (info.st_uid != geteuid())
        return failure_set(error, FAILURE_FAILED, "%s belongs to user %u, not to us (run as root?)",
                           path, (unsigned) info.st_uid);
    if (info.st_mode & (S_IWGRP | S_IWOTH))
        return failure_set(error, FAILURE_FAILED, "%s may be written by others: chmod 755 %s", path,
                           path);
    return true;
}

State *
state_open(GError **error)
{
    g_autoptr(State) state = g_new0(State, 1);

    state->lock_fd = -1;
    state->dir = state_dir_chosen();
    state->run_dir = chosen_dir("INSIDEOUT_RUN_DIR", RUN_DIR);
    if (!make_dir(state->dir, error) || !make_dir(state->run_dir, error))
        return NULL;
    return g_steal_pointer(&state);
}

void
state_free(State *state)
{
    if (!state)
        return;

    if (state->lock_fd >= 0)
        close(state->lock_fd);
    g_free(state->dir);
    g_free(state->run_dir);
    g_free(state);
}

const char *
state_dir(const State *state)
{
    return state->dir;
}

const char *
state_run_dir(const State *state)
{
    return state->run_dir;
}

char *
state_file(const State *state, const char *name)
{
    return g_build_filename(state->dir, name, NULL);
}

char *
state_run_file(const State *state, const char *name)
{
    return g_build_filename(state->run_dir, name, NULL);
}

bool
state_make_run_dir(State *state, const char *name, char **ret_path, GError **error)
{
    g_autofree char *path = state_run_file(state, name);

    if (!make_dir(path, error))
        return false;
    *ret_path = g_steal_pointer(&path);
    return true;
}

static bool
lock_is_taken(int fd, GError **error)
{
    char text[256] = "";
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    g_auto(GStrv) lines = g_strsplit(length > 0 ? text : "", "\n", 3);
    bool told = g_strv_length(lines) >= 2;

    return failure_set(error, FAILURE_FAILED,
                       "another hostctl is changing this host: process %s (%s); wait until it ends",
                       told ? lines[0] : "unknown", told ? lines[1] : "unknown");
}

bool
state_lock(State *state, GError **error)
{
    g_autofree char *path = state_run_file(state, LOCK_NAME);
    g_autofree char *command = process_command_line(getpid());
    g_autofree char *text =
        g_strdup_printf("%d\n%s\n", (int) getpid(), command ? command : "hostctl");
    autofd int fd = -1;

    if (state->lock_fd >= 0)
        return true;

    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return failure_set_errno(error, errno, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return lock_is_taken(fd, error);
        return failure_set_errno(error, errno, "locking %s", path);
    }
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0)
        return failure_set_errno(error, errno, "%s", path);

    fault_point("state.lock");
    state->lock_fd = fd;
    fd = -1;
    return true;
}
