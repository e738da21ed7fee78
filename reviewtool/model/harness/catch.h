/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_CATCH_H
#define HARNESS_CATCH_H
/*
 * A scenario that hits BUG(), a null pointer, the step bound or a function
 * that nobody models ends there, and the sweep goes on with the next one.
 * Under WebAssembly that is an exception, so it costs what a return costs; a
 * trap would cost an instance.
 */
enum end {
	END_RETURNED,
	END_BUG,
	END_NULL_POINTER,
	END_STEPS,
	END_UNMODELLED,
	END_TRAP,		/* written by the host, never by the harness */
};

#ifdef __wasm__
typedef struct { void *invocation; unsigned int label; struct { void *env; int value; } argument; } catch_point;
int setjmp(void *) __attribute__((returns_twice));
void longjmp(void *, int) __attribute__((noreturn));
#define catch_here(point) setjmp(point)
#define catch_throw(point, value) longjmp(point, value)
#else
/* For the native build of the benchmark. */
typedef struct { void *words[8]; int value; } catch_point;
#define catch_here(point) (__builtin_setjmp((point)->words) ? (point)->value : 0)
#define catch_throw(point, v) ((point)->value = (v), __builtin_longjmp((point)->words, 1))
#endif

#endif
