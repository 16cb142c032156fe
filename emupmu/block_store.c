/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emupmu/block_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BLOCKS 4096

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *next;
    ModelBlock blocks[CHUNK_BLOCKS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Chunk *first;
static Chunk *current;
static size_t used; /* of `current` */

static bool
next_chunk(void)
{
    Chunk **link = current ? &current->next : &first;

    if (!*link)
        *link = calloc(1, sizeof **link);
    if (!*link)
        return false;
    current = *link;
    used = 0;
    return true;
}

ModelBlock *
block_store_take(void)
{
    ModelBlock *block = NULL;

    pthread_mutex_lock(&lock);
    if ((current && used < CHUNK_BLOCKS) || next_chunk())
        block = &current->blocks[used++];
    pthread_mutex_unlock(&lock);

    if (block)
        memset(block, 0, sizeof *block);
    return block;
}

void
block_store_recycle(void)
{
    current = NULL;
    used = 0;
}
