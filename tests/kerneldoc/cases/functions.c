// SPDX-License-Identifier: GPL-2.0-only
/* Functions: types, parameters, attributes, inline comments, macros, system calls, trace events. */

/**
 * kettle_fill() - fill a kettle
 * @kettle: the kettle, which must be &enum kettle_state.KETTLE_OPEN
 * @litres: how much, at most %KETTLE_MAX
 *	and never less than one
 *
 * Pours water until kettle_level() says @litres.  See also &struct kettle and
 * &kettle->level, or &kettle.pour().
 *
 * Context: Process context.  Takes and releases @kettle->lock.
 *
 * May sleep.
 *
 * Return:
 * * 0		- filled
 * * -ENOSPC	- it was full
 */
static inline __must_check int kettle_fill(struct kettle *kettle, unsigned int litres)
{
	return 0;
}
EXPORT_SYMBOL_GPL(kettle_fill);

/**
 * kettle_each - call a function for each kettle
 * @call: what to call; calls @call() with the kettle and @arg
 * @arg: passed on
 * @first: an array
 * @...: further arguments
 */
void kettle_each(int (*call)(struct kettle *kettle, void *arg), void *arg,
		 struct kettle *first[4], ...);

/**
 * kettle_none - no parameters at all
 *
 * Return: nothing to speak of.
 */
long long kettle_none(void);

/**
 * const char *kettle_name() - return the name
 * @k: kettle
 */
const char *kettle_name(const struct kettle *k) __attribute__((pure));

/**
 * kettle_inline - parameters that are described where they stand
 */
int kettle_inline(
	/** @a: on one line */
	int a,
	/**
	 * @b: on
	 * several lines
	 *
	 * even so
	 */
	int b);

/**
 * KETTLE_MAX - most litres
 */
#define KETTLE_MAX 3

/**
 * kettle_for_each() - iterate
 * @pos: cursor
 * @head: list
 */
#define kettle_for_each(pos, head) \
	for (pos = (head)->first; pos; \
	     pos = pos->next)

/**
 * kettle_print - variable arguments with a name
 * @fmt: format
 * @args: arguments
 */
#define kettle_print(fmt, args...) printk(fmt, ##args)

/**
 * sys_kettle - a system call
 * @fd: file
 * @buf: buffer
 */
SYSCALL_DEFINE2(kettle, int, fd, char __user *, buf)
{
}

/**
 * sys_kettle_now - without arguments
 */
SYSCALL_DEFINE0(kettle_now)
{
}

/**
 * kettle_boils - a trace event
 * @k: kettle
 */
TRACE_EVENT(kettle_boils,
	TP_PROTO(struct kettle *k),
	TP_ARGS(k)
);

/**
 * kettle_alloc - the name's ending is dropped
 * @size: how much // not a comment here
 */
void *kettle_alloc_noprof(size_t size) __alloc_size(1);

/**
 * (*kettle_hook)() - a pointer to a function
 * @x: something
 */
int (*kettle_hook)(int x);
