/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H
/*
 * The model is built freestanding: no libc, no kernel uapi.  LP64 is assumed
 * (and asserted by the harness), because page-table code stores addresses and
 * flags in unsigned long.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed int s32;
typedef signed long s64;
typedef unsigned long size_t;
typedef long ssize_t;
typedef long long loff_t;
typedef unsigned int gfp_t;
typedef unsigned long pgoff_t;
typedef unsigned long vm_flags_t;
typedef unsigned int vm_fault_t;

#define bool _Bool
#define true ((bool)1)
#define false ((bool)0)
#define NULL ((void *)0)

typedef struct { int counter; } atomic_t;

struct list_head { struct list_head *next, *prev; };

#endif
