/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/fake_guest.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostctl/collect/sched.h"
#include "tests/support/cmocka_all.h"

static GPtrArray *running;

static char *
unique_name(const char *name)
{
    return g_strdup_printf("%s-%d", name, getpid());
}

FakeGuest *
fake_guest_start(const char *name, int vcpus, int cpu, const char *more)
{
    FakeGuest *guest = g_new0(FakeGuest, 1);
    g_autofree char *unique = unique_name(name);
    g_autofree char *command =
        g_strdup_printf("%s -name guest=%s,debug-threads=on %d %d %s", g_getenv("FAKE_QEMU"),
                        unique, vcpus, cpu, more ? more : "");
    g_auto(GStrv) argv = NULL;
    char ready[6];
    int out;

    assert_non_null(g_getenv("FAKE_QEMU"));
    assert_true(g_shell_parse_argv(command, NULL, &argv, NULL));
    assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                         &guest->pid, &guest->stdin_fd, &out, NULL, NULL));
    assert_int_equal(read(out, ready, sizeof ready), sizeof ready);
    close(out);
    guest->name = g_steal_pointer(&unique);
    if (!running)
        running = g_ptr_array_new();
    g_ptr_array_add(running, guest);
    return guest;
}

void
fake_guest_end(FakeGuest *guest)
{
    if (!guest)
        return;

    g_ptr_array_remove(running, guest);
    close(guest->stdin_fd);
    kill(guest->pid, SIGKILL);
    waitpid(guest->pid, NULL, 0);
    g_free(guest->name);
    g_free(guest);
}

int
fake_guest_end_all(void **state)
{
    while (running && running->len > 0)
        fake_guest_end(running->pdata[0]);
    return 0;
}

GPtrArray *
fake_guests_find(const Sysroot *root)
{
    g_autofree char *suffix = unique_name("");
    GPtrArray *guests = NULL;

    assert_true(qemu_process_list(root, &guests, NULL));
    for (guint i = guests->len; i > 0; i--)
        if (!g_str_has_suffix(((QemuProcess *) guests->pdata[i - 1])->guest, suffix))
            g_ptr_array_remove_index(guests, i - 1);
    return guests;
}

void
fake_guest_sched(const Sysroot *root, const FakeGuest *guest, uint64_t *ret_run_ns,
                 uint64_t *ret_delay_ns)
{
    g_autoptr(QemuProcess) process = NULL;

    assert_true(qemu_process_find(root, guest->name, &process, NULL));
    *ret_run_ns = *ret_delay_ns = 0;
    for (guint i = 0; i < process->vcpus->len; i++) {
        SchedFile file;
        SchedReading reading;

        assert_true(sched_open(root, &g_array_index(process->vcpus, QemuThread, i), &file, NULL));
        assert_int_equal(sched_read(&file, &reading), SCHED_READ);
        sched_close(&file);
        *ret_run_ns += reading.run_ns;
        *ret_delay_ns += reading.delay_ns;
    }
}

static bool
put(const char *folder, const char *file, const char *text)
{
    g_autoptr(Sysroot) root = sysroot_new(folder);

    return sysroot_write(root, file, text, NULL);
}

char *
fake_quota_add(const FakeGuest *guest, unsigned percent)
{
    g_autofree char *pid = g_strdup_printf("%d", guest->pid);
    g_autofree char *v1 = g_strdup_printf("/sys/fs/cgroup/cpu/%s", guest->name);
    g_autofree char *v2 = g_strdup_printf("/sys/fs/cgroup/%s", guest->name);
    g_autofree char *quota_us = g_strdup_printf("%u", percent * 1000);
    g_autofree char *max = g_strdup_printf("%u 100000", percent * 1000);

    if (g_file_test("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", G_FILE_TEST_EXISTS) ||
        g_file_test("/sys/fs/cgroup/cpu/cgroup.procs", G_FILE_TEST_EXISTS)) {
        if (g_mkdir(v1, 0755) == 0 && put(v1, "cpu.cfs_quota_us", quota_us) &&
            put(v1, "cgroup.procs", pid))
            return g_steal_pointer(&v1);
        g_rmdir(v1);
    } else if (g_mkdir(v2, 0755) == 0) {
        put("/sys/fs/cgroup", "cgroup.subtree_control", "+cpu");
        if (put(v2, "cpu.max", max) && put(v2, "cgroup.procs", pid))
            return g_steal_pointer(&v2);
        g_rmdir(v2);
    }
    return NULL;
}

void
fake_quota_remove(char *folder)
{
    /* A process that has just ended leaves its group a little later. */
    for (int i = 0; folder && g_rmdir(folder) < 0 && i < 100; i++)
        g_usleep(10000);
    g_free(folder);
}
