/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that plays a guest's probe at the other end of a unix socket, in one of many manners:
 * honest, or hostile from the first request for a load on. One host at a time.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef enum {
    PLAY_HONEST,
    PLAY_FLOOD,       /* its load runs; then echoes without end, as fast as the socket takes them */
    PLAY_UNKNOWN,     /* the same with frames of kinds that do not exist */
    PLAY_NOISE,       /* the same with random bytes */
    PLAY_HALF_FRAME,  /* the first bytes of an answer, then nothing more */
    PLAY_SLOW,        /* an endless frame, a byte at a time */
    PLAY_ABSURD_SIZE, /* a frame that says it has 4 GiB */
    PLAY_ABSURD_COUNT,  /* 65535 samples, it says, in a frame of 20 bytes */
    PLAY_LIES,          /* answers with an error that no kernel has */
    PLAY_HANGS_UP,      /* closes */
    PLAY_SAMPLE_FLOOD,  /* honest, but its samples never end */
    PLAY_WRONG_SAMPLES, /* of another visit, another vCPU, with time that runs backwards */
    PLAY_WRONG_ECHOES,  /* honest, but to each ping echoes of others without end */
} PlayManner;

extern const char *const play_manner_names[];

typedef struct {
    char *path; /* of the socket */
    pid_t pid;
} ProbePlayer;

/* Listens at `path` before it returns. Fails the test when it cannot. */
ProbePlayer *probe_player_start(const char *path, PlayManner manner);
void probe_player_end(ProbePlayer *player); /* kills it, removes the socket */
