/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells ThreadSanitizer what GLib's locks, references and pools order. GLib's own code is not
 * instrumented and waits by futex(2), so that TSan would take every access under a GMutex for a
 * race. These functions stand in front of GLib's, call them, and say nothing that they do not do.
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define REAL(name) ((__typeof__(&(name))) real(#name))

static void *
real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        __builtin_trap();
    return found;
}

void
g_mutex_lock(GMutex *mutex)
{
    __typeof__(&g_mutex_lock) lock = REAL(g_mutex_lock);

    __tsan_mutex_pre_lock(mutex, 0);
    lock(mutex);
    __tsan_mutex_post_lock(mutex, 0, 0);
}

gboolean
g_mutex_trylock(GMutex *mutex)
{
    __typeof__(&g_mutex_trylock) lock = REAL(g_mutex_trylock);
    gboolean locked;

    __tsan_mutex_pre_lock(mutex, __tsan_mutex_try_lock);
    locked = lock(mutex);
    __tsan_mutex_post_lock(mutex,
                           __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed), 0);
    return locked;
}

void
g_mutex_unlock(GMutex *mutex)
{
    __typeof__(&g_mutex_unlock) unlock = REAL(g_mutex_unlock);

    __tsan_mutex_pre_unlock(mutex, 0);
    unlock(mutex);
    __tsan_mutex_post_unlock(mutex, 0);
}

void
g_mutex_clear(GMutex *mutex)
{
    REAL(g_mutex_clear)(mutex);
    __tsan_mutex_destroy(mutex, __tsan_mutex_linker_init);
}

static void
let_go(GMutex *mutex)
{
    __tsan_mutex_pre_unlock(mutex, 0);
    __tsan_mutex_post_unlock(mutex, 0);
}

static void
have_again(GMutex *mutex)
{
    __tsan_mutex_pre_lock(mutex, 0);
    __tsan_mutex_post_lock(mutex, 0, 0);
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
    let_go(mutex);
    REAL(g_cond_wait)(cond, mutex);
    have_again(mutex);
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    gboolean signalled;

    let_go(mutex);
    signalled = REAL(g_cond_wait_until)(cond, mutex, end_time);
    have_again(mutex);
    return signalled;
}

gboolean(g_once_init_enter)(volatile void *location)
{
    gboolean first = REAL(g_once_init_enter)(location);

    __tsan_acquire((void *) location);
    return first;
}

void(g_once_init_leave)(volatile void *location, gsize result)
{
    __tsan_release((void *) location);
    REAL(g_once_init_leave)(location, result);
}

static _Thread_local GDestroyNotify clear_last;

static void
clear_after_all(gpointer box)
{
    __tsan_acquire(box);
    if (clear_last)
        clear_last(box);
}

void
g_atomic_rc_box_release_full(gpointer box, GDestroyNotify clear)
{
    __tsan_release(box);
    clear_last = clear;
    REAL(g_atomic_rc_box_release_full)(box, clear_after_all);
}

typedef struct {
    GFunc work;
    gpointer data;
} Pool;

static void
work_in_pool(gpointer task, gpointer data)
{
    Pool *pool = data;

    __tsan_acquire(task);
    pool->work(task, pool->data);
    __tsan_release(pool);
}

GThreadPool *
g_thread_pool_new(GFunc work, gpointer data, gint max_threads, gboolean exclusive, GError **error)
{
    Pool *pool = g_new(Pool, 1);
    GThreadPool *made;

    *pool = (Pool){ work, data };
    made = REAL(g_thread_pool_new)(work_in_pool, pool, max_threads, exclusive, error);
    if (!made)
        g_free(pool);
    return made;
}

gboolean
g_thread_pool_push(GThreadPool *made, gpointer task, GError **error)
{
    __tsan_release(made->user_data);
    __tsan_release(task);
    return REAL(g_thread_pool_push)(made, task, error);
}

/* Only pools that are waited for: `pool` is the threads' until they have ended. */
void
g_thread_pool_free(GThreadPool *made, gboolean immediate, gboolean wait)
{
    Pool *pool = made->user_data;

    REAL(g_thread_pool_free)(made, immediate, wait);
    if (!wait)
        return;
    __tsan_acquire(pool);
    g_free(pool);
}
