/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs saved inputs through a fuzz target where libFuzzer is not linked in: files, or whole
 * folders. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize size;

    if (!g_file_get_contents(path, &bytes, &size, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_FAILURE);
    }
    /* A copy of that size, so that a sanitizer sees one byte too far; never NULL, as libFuzzer. */
    g_autofree uint8_t *exact = g_malloc(MAX(size, 1));

    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    return 1;
}

static int
replay(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    int inputs = 0;

    if (!dir)
        return replay_file(path);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        inputs += replay_file(file);
    }
    return inputs;
}

int
main(int argc, char **argv)
{
    int inputs = 0;

    for (int i = 1; i < argc; i++)
        inputs += replay(argv[i]);
    printf("%d inputs replayed\n", inputs);
    return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
