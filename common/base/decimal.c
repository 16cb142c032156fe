/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/decimal.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Below it a double has a bit for halves, so that what is rounded is exact. */
#define EXACT_BELOW 4503599627370496.0 /* 2^52 */

static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };

/* The digits of `value`, at least `width` of them, with zeros in front. */
static char *
put_digits(char *at, uint64_t value, int width)
{
    char digits[20];
    int n = 0;

    do {
        digits[n++] = (char) ('0' + value % 10);
        value /= 10;
    } while (value > 0 || n < width);
    while (n > 0)
        *at++ = digits[--n];
    *at = '\0';
    return at;
}

char *
decimal_put_u64(char *at, uint64_t value)
{
    return put_digits(at, value, 1);
}

/*
 * value * power, to the nearest whole number, ties to even as printf does. The product is rounded
 * itself, which matters at a tie only: fma(3) tells on which side of it the true product lies.
 */
static uint64_t
round_product(double value, double power, double product)
{
    double whole = floor(product), rest = product - whole;
    double error = fma(value, power, -product);
    bool up = rest > 0.5 || (rest == 0.5 && (error > 0 || (error == 0 && fmod(whole, 2) != 0)));

    return (uint64_t) whole + up;
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
    return put_digits(at, rounded % unit, decimals);
}
