// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happened, in order, for `reviewtool simulate`.
 */
#include "line.h"
#include "world.h"

unsigned int model_line_steps;

#ifdef MODEL_TRACE
#define HARNESS_TRACE 4096
/* what == NULL: a line of the reviewed tree, its number in the build's table */
struct { const char *what; long value; } harness_trace[HARNESS_TRACE];
unsigned long harness_trace_count;

void model_trace(const char *what, long value)
{
	if (harness_trace_count >= HARNESS_TRACE)
		return;
	harness_trace[harness_trace_count].what = what;
	harness_trace[harness_trace_count++].value = value;
}

void model_trace_line(unsigned int line)
{
	model_trace(NULL, line);
}
#else
unsigned int harness_lines[MODEL_LINES];
#endif
