/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What it costs to look at all guests of a host: host_view ROOT LOOKS kept|files|bare
 *
 * "kept" is the view that top and the exporter take, without counters and blame. "files" reads the
 * same values the plain way, one file opened, read and closed a value, and looks for new guests as
 * often as the view does, every fifth second, so that both do the same work. "bare" is what the
 * kernel takes: the files that "kept" reads at every look, read and thrown away. A look a second,
 * since the view looks for new guests now and then. Prints one JSON object: CPU time and guests of
 * LOOKS looks, the first one, which opens what is kept, not counted; and the sum of all run times,
 * so that both are seen to have read the same.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/text.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/collect/sched.h"
#include "hostctl/view/node_watch.h"

#define LOOKS_A_LIST 5 /* as node_watch.c has it */

typedef struct {
    guint guests;
    uint64_t run_ns;
} Seen;

/* Where node_tree.py puts the control group of "guest-7". */
static char *
node_tree_group(const char *guest)
{
    return g_strdup_printf("sys/fs/cgroup/machine.slice/machine-qemu\\x2d%s\\x2dguest.scope",
                           guest + strlen("guest-"));
}

static double
cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool
look_kept(NodeWatch *watch, Seen *seen, GError **error)
{
    g_autoptr(NodeView) view = NULL;

    if (!node_watch_take(watch, &view, error))
        return false;
    *seen = (Seen){ .guests = view->guests->len };
    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *guest = view->guests->pdata[i];

        for (guint k = 0; k < guest->vcpus->len; k++)
            seen->run_ns += g_array_index(guest->vcpus, VcpuView, k).total.run_ns;
    }
    return true;
}

/* A file's text; NULL when it is not there. */
static char *
text_of(const Sysroot *root, const char *folder, const char *file)
{
    g_autofree char *path = g_strconcat(folder, "/", file, NULL);
    char *text = NULL;

    sysroot_read(root, path, &text, NULL);
    return text;
}

static void
read_files(const Sysroot *root, const char *folder, const char *const *files)
{
    for (; *files; files++)
        g_free(text_of(root, folder, *files));
}

/* Run time, wait and slices of a thread: three values, three times the file. */
static uint64_t
read_thread(const Sysroot *root, const char *process, pid_t tid)
{
    g_autofree char *file = g_strdup_printf("task/%d/schedstat", tid);
    SchedReading reading = { 0 };

    for (int value = 0; value < 3; value++) {
        g_autofree char *text = text_of(root, process, file);

        if (text)
            sched_parse(text, &reading);
    }
    return reading.run_ns;
}

static void
read_guest(const Sysroot *root, const QemuProcess *process, Seen *seen)
{
    static const char *const of_process[] = { "status", "ksm_merging_pages", NULL };
    static const char *const of_group[] = { "cpu.stat",    "cpu.max",         "cpu.max",
                                            "io.pressure", "memory.pressure", NULL };
    static const char *const of_vcpu[] = { "cpu.stat", "cpu.max", "cpu.max", NULL };
    g_autofree char *folder = g_strdup_printf("proc/%d", process->pid);
    g_autofree char *kvm = g_strdup_printf("sys/kernel/debug/kvm/%d-12", process->pid);
    g_autofree char *group = node_tree_group(process->guest);

    for (guint i = 0; i < process->vcpus->len; i++) {
        g_autofree char *vcpu = g_strdup_printf("%s/libvirt/vcpu%u", group, i);

        seen->run_ns += read_thread(root, folder, g_array_index(process->vcpus, QemuThread, i).tid);
        read_files(root, vcpu, of_vcpu);
    }
    read_files(root, folder, of_process);
    read_files(root, group, of_group);
    g_free(text_of(root, kvm, "exits"));
}

static bool
look_files(const Sysroot *root, int look, GPtrArray **guests, Seen *seen, GError **error)
{
    if (look % LOOKS_A_LIST == 0) {
        g_clear_pointer(guests, g_ptr_array_unref);
        if (!qemu_process_list(root, guests, error))
            return false;
    }
    *seen = (Seen){ .guests = (*guests)->len };
    for (guint i = 0; i < (*guests)->len; i++)
        read_guest(root, (*guests)->pdata[i], seen);
    return true;
}

static void
keep_file(const Sysroot *root, const char *path, GArray *fds)
{
    int fd = sysroot_open(root, path, NULL);

    if (fd >= 0)
        g_array_append_val(fds, fd);
}

/* The descriptors of the files that move, of all guests; all are read within the process's life. */
static GArray *
keep_files(const Sysroot *root, const GPtrArray *guests)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; i < guests->len; i++) {
        const QemuProcess *process = guests->pdata[i];
        g_autofree char *group = node_tree_group(process->guest);
        g_autofree char *pressure = g_strconcat(group, "/io.pressure", NULL);
        g_autofree char *exits = g_strdup_printf("sys/kernel/debug/kvm/%d-12/exits", process->pid);

        for (guint k = 0; k < process->vcpus->len; k++) {
            g_autofree char *schedstat =
                g_strdup_printf("proc/%d/task/%d/schedstat", process->pid,
                                g_array_index(process->vcpus, QemuThread, k).tid);

            keep_file(root, schedstat, fds);
        }
        keep_file(root, pressure, fds);
        keep_file(root, exits, fds);
    }
    return fds;
}

static void
look_bare(const GArray *fds, guint guests, Seen *seen)
{
    char text[4096];

    *seen = (Seen){ .guests = guests };
    for (guint i = 0; i < fds->len; i++)
        if (pread(g_array_index(fds, int, i), text, sizeof text, 0) < 0)
            seen->guests = 0;
}

static bool
measure(const Sysroot *root, int looks, const char *how, GError **error)
{
    g_autoptr(NodeWatch) watch = NULL;
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GArray) fds = NULL;
    NodeWatchOptions options = { 0 };
    bool kept = g_str_equal(how, "kept");
    double begin = 0;
    Seen seen = { 0 };

    sched_raise_limit(100000, NULL);
    if (kept ? !node_watch_new(root, &options, &watch, error)
             : !qemu_process_list(root, &guests, error))
        return false;
    if (g_str_equal(how, "bare"))
        fds = keep_files(root, guests);
    for (int look = 0; look <= looks; look++) {
        if (look == 1)
            begin = cpu_seconds();
        if (look > 0)
            g_usleep(G_USEC_PER_SEC);
        if (fds)
            look_bare(fds, guests->len, &seen);
        else if (kept ? !look_kept(watch, &seen, error)
                      : !look_files(root, look, &guests, &seen, error))
            return false;
    }
    printf("{\"guests\": %u, \"run_ns\": %ju, \"seconds_a_look\": %.9f}\n", seen.guests,
           (uintmax_t) seen.run_ns, (cpu_seconds() - begin) / looks);
    return true;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Sysroot) root = NULL;
    uint64_t looks = 0;

    static const char *const ways[] = { "kept", "files", "bare", NULL };

    if (argc != 4 || !text_to_u64(argv[2], &looks, NULL) || looks < 1 || looks > 1000 ||
        !g_strv_contains(ways, argv[3])) {
        fprintf(stderr, "Usage: host_view ROOT LOOKS kept|files|bare\n");
        return 2;
    }
    root = sysroot_new(argv[1]);
    if (!measure(root, looks, argv[3], &error)) {
        fprintf(stderr, "host_view: %s\n", error->message);
        return 1;
    }
    return 0;
}
