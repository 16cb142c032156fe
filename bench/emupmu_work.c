/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loops of stress with a fixed amount of work, for bench/emupmu-slowdown: work PHASE SCALE. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VM_BYTES (4u << 20)
#define VM_STRIDE 4096

static void
work_cpu(long rounds)
{
    volatile double sink;

    while (rounds--)
        sink = sqrt(rand());
    (void) sink;
}

static void
work_vm(long rounds)
{
    while (rounds--) {
        char *volatile memory = malloc(VM_BYTES);

        for (size_t i = 0; i < VM_BYTES; i += VM_STRIDE)
            memory[i] = 'Z';
        for (size_t i = 0; i < VM_BYTES; i += VM_STRIDE)
            if (memory[i] != 'Z')
                abort();
        free(memory);
    }
}

static void
work_io(long rounds)
{
    while (rounds--)
        sync();
}

/* About as long as one another under plain emulation, as the scheduler would have it. */
static const struct {
    const char *name;
    void (*work)(long rounds);
    double rounds;
    int processes;
} kinds[] = {
    { "cpu", work_cpu, 6e6, 1 },
    { "vm", work_vm, 40, 1 },
    { "io", work_io, 30000, 4 },
};

static void
start(size_t kind, double scale)
{
    for (int i = 0; i < kinds[kind].processes; i++)
        if (fork() == 0) {
            kinds[kind].work((long) (kinds[kind].rounds * scale));
            _exit(0);
        }
}

/* Digits only: the caller is bench/emupmu-slowdown. */
static double
percent(const char *digits)
{
    double value = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (*digits - '0');
    return value;
}

int
main(int argc, char **argv)
{
    const double scale = argc > 2 ? percent(argv[2]) / 100 : 1;

    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(argv[1], "all") == 0 || strcmp(argv[1], kinds[i].name) == 0)
            start(i, scale);
    while (wait(NULL) > 0)
        ;
    return 0;
}
