/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/decimal.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Below it a double has a bit for halves, so that what is rounded is exact. */
#define EXACT_BELOW 4503599627370496.0 /* 2^52 */

static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };

/* Two digits a division: half of what one digit a division takes. */
static const char pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

/* How many digits `value` has: log10 from log2, one too few for some. */
static int
digits_of(uint64_t value)
{
    static const uint64_t tens[] = { 1u,
                                     10u,
                                     100u,
                                     1000u,
                                     10000u,
                                     100000u,
                                     1000000u,
                                     10000000u,
                                     100000000u,
                                     1000000000u,
                                     10000000000u,
                                     100000000000u,
                                     1000000000000u,
                                     10000000000000u,
                                     100000000000000u,
                                     1000000000000000u,
                                     10000000000000000u,
                                     100000000000000000u,
                                     1000000000000000000u,
                                     10000000000000000000u };
    int n = (64 - __builtin_clzll(value | 1)) * 1233 >> 12; /* log10(2) is 1233 / 4096 */

    return n + (value >= tens[n]) + (value == 0);
}

char *
decimal_put_digits(char *at, uint64_t value, int width)
{
    char *end = at + MAX(digits_of(value), width);
    char *to = end;

    *to = '\0';
    for (; value >= 10; value /= 100) {
        const char *pair = pairs + 2 * (value % 100);

        *--to = pair[1];
        *--to = pair[0];
    }
    if (value > 0)
        *--to = (char) ('0' + value);
    while (to > at)
        *--to = '0';
    return end;
}

char *
decimal_put_u64(char *at, uint64_t value)
{
    return decimal_put_digits(at, value, 1);
}

/*
 * value * power, to the nearest whole number, ties to even as printf does. The product is rounded
 * itself, which matters at a tie only: fma(3) tells on which side of it the true product lies.
 */
static uint64_t
round_product(double value, double power, double product)
{
    uint64_t whole = (uint64_t) product;
    double rest = product - (double) whole;
    double error;

    if (rest != 0.5)
        return whole + (rest > 0.5);
    error = fma(value, power, -product);
    return whole + (error > 0 || (error == 0 && whole % 2 != 0));
}

char *
decimal_put(char *at, double value, int decimals)
{
    double magnitude = fabs(value), power = powers[decimals];
    double product = magnitude * power;
    uint64_t rounded, unit = (uint64_t) power;

    if (!(product < EXACT_BELOW))
        return at + g_snprintf(at, DECIMAL_BYTES, "%.*f", decimals, value);
    rounded = round_product(magnitude, power, product);
    if (signbit(value))
        *at++ = '-';
    at = decimal_put_u64(at, rounded / unit);
    if (decimals == 0)
        return at;
    *at++ = '.';
    return decimal_put_digits(at, rounded % unit, decimals);
}
