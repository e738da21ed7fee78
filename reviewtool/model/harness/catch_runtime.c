// SPDX-License-Identifier: GPL-2.0-only
/*
 * What clang's WebAssembly setjmp() lowering calls.  It is a file of its own
 * because the lowering makes up the prototypes of these functions itself.
 * Source: LLVM, WebAssemblyLowerEmscriptenEHSjLj.cpp (the calling convention).
 */
__asm__(".tagtype __c_longjmp i64\n.globl __c_longjmp\n__c_longjmp:\n");

struct catch_point { void *invocation; unsigned int label; struct { void *env; int value; } argument; };

void __wasm_setjmp(void *env, unsigned int label, void *invocation)
{
	struct catch_point *point = env;

	point->invocation = invocation;
	point->label = label;
}

unsigned int __wasm_setjmp_test(void *env, void *invocation)
{
	struct catch_point *point = env;

	return point->invocation == invocation ? point->label : 0;
}

void __wasm_longjmp(void *env, int value)
{
	struct catch_point *point = env;

	point->argument.env = env;
	point->argument.value = value ? value : 1;
	__builtin_wasm_throw(1, &point->argument);
}
