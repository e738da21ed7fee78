/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_LINE_H
#define HARNESS_LINE_H
#include "autoconf.h"		/* generated: CONFIG_*, for everything that is compiled */
/*
 * Put before every file of the reviewed tree.  Functions that a patch changes
 * call model_line() before each statement: it counts how often the sweep ran
 * the line, finds loops that call no primitive, and in a trace tells the line.
 * A lazy run only tells which of them it met.
 */
#define MODEL_LINES 4096
#define MODEL_LINE_LIMIT 4096
extern unsigned int model_line_steps;
void model_out_of_steps(void) __attribute__((__noreturn__));

#if defined(MODEL_TRACE)
void model_trace_line(unsigned int line);
#elif defined(MODEL_LAZY)
void lazy_mark(unsigned int line);
/* Begins each function that differs between the versions. */
void lazy_touch(void);
#else
extern unsigned int harness_lines[MODEL_LINES];
#endif

static inline void model_line(unsigned int line)
{
#if defined(MODEL_LAZY)
	lazy_mark(line);
#else
#if defined(MODEL_TRACE)
	model_trace_line(line);
#else
	harness_lines[line % MODEL_LINES]++;
#endif
	if (__builtin_expect(++model_line_steps > MODEL_LINE_LIMIT, 0))
		model_out_of_steps();
#endif
}

/* Passes VALUE on: how a condition came out.  NUMBER counts that it did not hold, the next one that it did. */
static inline int model_decided(unsigned int number, int value)
{
#if defined(MODEL_LAZY)
	lazy_mark(number + value);
#elif !defined(MODEL_TRACE)
	harness_lines[(number + value) % MODEL_LINES]++;
#endif
	return value;
}

#endif
