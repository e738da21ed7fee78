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

/*
 * The lines of many runs: of each those that ran, in the order in which they
 * first did, then -1.  A run adds at most HARNESS_TRACE of them.
 */
#define HARNESS_PATHS (1UL << 18)
int harness_paths[HARNESS_PATHS];
unsigned long harness_paths_done;

void harness_sweep(unsigned int entry, unsigned long first, unsigned long nr_states,
		   unsigned int flag_bits, unsigned long skip);

/*
 * Runs ENTRY on NR_STATES of harness_states, each with all of the first FLAG_BITS
 * flags, as far as there is room; harness_paths_done tells, after a trap too,
 * how many have their lines in harness_paths.
 */
void harness_trace_paths(unsigned int entry, unsigned long nr_states, unsigned int flag_bits)
{
	static unsigned long run, ran_in[MODEL_LINES];
	unsigned long used = 0;

	harness_paths_done = 0;
	while (harness_paths_done < nr_states && used + HARNESS_TRACE < HARNESS_PATHS) {
		harness_trace_count = 0;
		/* skipping all subsets but the last leaves the one that has all flags */
		harness_sweep(entry, harness_paths_done, 1, flag_bits, (1UL << flag_bits) - 1);
		run++;
		for (unsigned long i = 0; i < harness_trace_count; i++) {
			unsigned long line = harness_trace[i].value;

			if (harness_trace[i].what || ran_in[line % MODEL_LINES] == run)
				continue;
			ran_in[line % MODEL_LINES] = run;
			harness_paths[used++] = line;
		}
		harness_paths[used++] = -1;
		harness_paths_done++;
	}
}
#else
unsigned int harness_lines[MODEL_LINES];
#endif
