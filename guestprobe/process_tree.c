/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/text.h"

#define DESCRIBED 5

typedef struct {
    pid_t pid, parent;
    bool found;
} Process;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

bool
process_stat_parse(const char *text, pid_t *ret_parent, char *ret_state)
{
    const char *close_paren = strrchr(text, ')');
    g_auto(GStrv) words = NULL;
    int64_t parent;

    if (!close_paren || close_paren[1] != ' ')
        return false;
    words = g_strsplit(close_paren + 2, " ", 3);
    if (g_strv_length(words) < 2 || strlen(words[0]) != 1 || !text_to_i64(words[1], &parent, NULL))
        return false;

    *ret_state = words[0][0];
    *ret_parent = (pid_t) parent;
    return true;
}

/* The beginning of /proc/PID/NAME. */
static bool
read_file(const char *pid, const char *name, char *buffer, size_t size)
{
    g_autofree char *path = g_build_filename("/proc", pid, name, NULL);
    autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);

    if (n < 0)
        return false;
    buffer[n] = '\0';
    return true;
}

static void
add_process(GArray *processes, const char *name)
{
    Process process = { 0 };
    int64_t pid;
    char text[512], state;

    /* A process that ends while we look is none. */
    if (!text_to_i64(name, &pid, NULL) || !read_file(name, "stat", text, sizeof text) ||
        !process_stat_parse(text, &process.parent, &state) || state == 'Z' || state == 'X')
        return;
    process.pid = (pid_t) pid;
    g_array_append_val(processes, process);
}

static GArray *
list_processes(void)
{
    GArray *processes = g_array_new(FALSE, FALSE, sizeof(Process));
    g_autoptr(DIR) dir = opendir("/proc");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        add_process(processes, entry->d_name);
    return processes;
}

static bool
is_one_of(const GArray *pids, pid_t pid)
{
    for (guint i = 0; i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return true;
    return false;
}

GArray *
process_tree_descendants(pid_t root)
{
    g_autoptr(GArray) processes = list_processes();
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    bool grew = true;

    /* Children may be listed before their parents: go on until a round finds none. */
    while (grew) {
        grew = false;
        for (guint i = 0; i < processes->len; i++) {
            Process *process = &g_array_index(processes, Process, i);

            if (process->found || (process->parent != root && !is_one_of(pids, process->parent)))
                continue;
            process->found = grew = true;
            g_array_append_val(pids, process->pid);
        }
    }
    return pids;
}

char *
process_tree_describe(const GArray *pids)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < pids->len && i < DESCRIBED; i++) {
        g_autofree char *pid = g_strdup_printf("%d", (int) g_array_index(pids, pid_t, i));
        char comm[64] = "?";

        read_file(pid, "comm", comm, sizeof comm);
        g_string_append_printf(text, "%s%s (%s)", i ? ", " : "", g_strchomp(comm), pid);
    }
    if (pids->len > DESCRIBED)
        g_string_append_printf(text, " and %u more", pids->len - DESCRIBED);
    return text_printable(text->str, text->len);
}
