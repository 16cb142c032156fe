/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which form do visit means follow against load? Decided by how well each form predicts repeats
 * that it was not fitted to, after a test that there is any change at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "correlate/stats/curve.h"

typedef enum {
    SHAPE_THRESHOLD, /* a hinge or a jump predicts better than any smooth form */
    SHAPE_RISES,
    SHAPE_FALLS,
    SHAPE_NONE, /* no change larger than 10 % of the mean is compatible with the data */
    SHAPE_UNDECIDED,
} Shape;
const char *shape_name(Shape shape);

/* One visit. */
typedef struct {
    double load, mean;
    size_t repeat; /* visits of one repeat were made side by side */
} ShapePoint;

typedef struct {
    Shape shape;
    Curve curve;   /* the form that stands for it, fitted to all visits */
    bool has_knee; /* shape is SHAPE_THRESHOLD */
    CurveKnee knee;
    double p_value;           /* of any monotone change, shuffled within repeats; NAN */
    double loss[CURVE_FORMS]; /* mean squared error of prediction of left-out repeats; NAN */
    double advantage; /* of the best threshold form over the best smooth one, in paired standard
                         errors over the left-out repeats; NAN */
} ShapeVerdict;

/* With fewer than three repeats, or three loads, the verdict is SHAPE_UNDECIDED. */
ShapeVerdict shape_judge(const ShapePoint *points, size_t n);
