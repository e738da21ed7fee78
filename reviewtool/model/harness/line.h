/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_LINE_H
#define HARNESS_LINE_H
#include "autoconf.h"		/* generated: CONFIG_*, for everything that is compiled */
/*
 * Put before every file of the reviewed tree.  Functions that a patch changes
 * call model_line() before each statement: it counts how often the sweep ran
 * the line, finds loops that call no primitive, and in a trace tells the line.
 */
#define MODEL_LINES 4096
#define MODEL_LINE_LIMIT 4096
extern unsigned int model_line_steps;
void model_out_of_steps(void) __attribute__((__noreturn__));

#ifdef MODEL_TRACE
void model_trace_line(unsigned int line);
#else
extern unsigned int harness_lines[MODEL_LINES];
#endif

static inline void model_line(unsigned int line)
{
#ifdef MODEL_TRACE
	model_trace_line(line);
#else
	harness_lines[line % MODEL_LINES]++;
#endif
	if (__builtin_expect(++model_line_steps > MODEL_LINE_LIMIT, 0))
		model_out_of_steps();
}

#endif
