/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/symbol_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const paths[WIRE_FILES] = {
    [WIRE_FILE_KALLSYMS] = "proc/kallsyms",
    [WIRE_FILE_MODULES] = "proc/modules",
};

void
symbol_reader_close(SymbolReader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    *reader = (SymbolReader){ .fd = -1 };
}

/* 0, or the errno that forbids it. */
static int
begin(SymbolReader *reader, const Sysroot *root, WireFile file)
{
    g_autofree char *path = sysroot_path(root, paths[file]);

    symbol_reader_close(reader);
    reader->file = file;
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    return reader->fd >= 0 ? 0 : errno;
}

/* As much as fits, since the kernel gives whole lines of at most a page. 0, or an errno. */
static int
fill(SymbolReader *reader, SymbolsMessage *piece)
{
    while (piece->n_bytes < sizeof piece->bytes) {
        ssize_t n =
            read(reader->fd, piece->bytes + piece->n_bytes, sizeof piece->bytes - piece->n_bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && piece->n_bytes == 0)
            return errno;
        if (n <= 0)
            break;
        piece->n_bytes = (uint16_t) (piece->n_bytes + n);
    }
    return 0;
}

void
symbol_reader_read(SymbolReader *reader, const Sysroot *root, const SymbolsAskMessage *ask,
                   SymbolsMessage *ret_piece)
{
    bool goes_on = reader->fd >= 0 && reader->file == ask->file && reader->offset == ask->offset;

    ret_piece->file = ask->file;
    ret_piece->offset = ask->offset;
    ret_piece->n_bytes = 0;
    ret_piece->error = ask->offset == 0 ? begin(reader, root, (WireFile) ask->file)
                       : goes_on        ? 0
                                        : ESPIPE;
    if (ret_piece->error == 0)
        ret_piece->error = fill(reader, ret_piece);
    reader->offset += ret_piece->n_bytes;
    if (ret_piece->n_bytes == 0)
        symbol_reader_close(reader);
}
