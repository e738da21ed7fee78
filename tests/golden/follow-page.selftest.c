// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding 4 of a review by reviewtool: follow_page() changes.
 *
 * Patch 2/4: mm/gup: let follow_page() find PROT_NONE pages again
 * Before: NULL, or -EFAULT
 * After: the page
 * In 383,616 scenarios of the model, for example: the walk ends at PTE level,
 * the entry maps a page and is PROT_NONE, flags 0
 *
 * Each test makes one of these scenarios out of memory of its own, sees by
 * pagemap and smaps that the kernel has it, and looks what comes of it. A
 * state that cannot be made here is skipped. What is expected is what the
 * review computed, by the code of one side of the patch.
 *
 * This is a run of the code on a model of mm, not a test on a kernel: what
 * another CPU does is modelled at the listed points only, and whatever the
 * model leaves out was not seen. This program asks the kernel that it runs on.
 *
 * Build: gcc -Wall -Wextra -O2 -o selftest selftest.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef MPOL_F_MEMS_ALLOWED
#define MPOL_F_MEMS_ALLOWED (1 << 2)
#endif
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE (1 << 1)
#endif

#define TEST_SECONDS	30
#define KSFT_PASS	0
#define KSFT_FAIL	1
#define KSFT_SKIP	4

/* What a test may see, beside -errno and bits of smaps. */
enum {
	NODE = 1000, OTHER_NODE, MERGED, APART, PARTLY, SPLIT, WHOLE, DONE, WRONG, FAILED,
	HAZARD = 2000,
};
#define SMAPS_RSS	1
#define SMAPS_ANONYMOUS	2
#define SMAPS_HUGE	4
#define SMAPS_SWAP	8

/* Bits of /proc/self/pagemap: Documentation/admin-guide/mm/pagemap.rst */
#define PM_FRAME	((1ULL << 55) - 1)
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_EXCLUSIVE	(1ULL << 56)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_FILE		(1ULL << 61)
#define PM_SWAP		(1ULL << 62)
#define PM_PRESENT	(1ULL << 63)

#define PATTERN		0x5a
#define WRITTEN		0xa7

struct memory {
	char *addr;		/* the address that is asked for, in a huge page not its first */
	char *area;		/* what gets the protection */
	size_t length;		/* bytes of it */
	int prot;
	unsigned char byte;	/* what it holds */
	unsigned long long set, clear;	/* what pagemap has to say of it */
};

struct result {
	int status;
	long seen;
	bool warned;
	char note[300];
};

struct test {
	const char *name;
	void (*make)(struct memory *memory);
	int prot;
	long (*look)(struct memory *memory);
	const char *scenario;
	const char *side, *other_side;
	long expected, other;
	bool may_warn;
	const char *expected_words, *other_words;
};

static struct result *result;
static size_t page_size;
static volatile sig_atomic_t stopped;

__attribute__((format(printf, 2, 3), noreturn))
static void leave(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(result->note, sizeof(result->note), format, arguments);
	va_end(arguments);
	result->status = status;
	_exit(status);
}

#define skip(...) leave(KSFT_SKIP, __VA_ARGS__)

static long read_number(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return got > 0 ? strtol(text, NULL, 10) : -1;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t put;
	int problem;

	if (fd < 0)
		return -errno;
	put = write(fd, text, strlen(text));
	problem = errno;
	close(fd);
	return put < 0 ? -problem : 0;
}

static unsigned long long read_pagemap(const char *addr)
{
	unsigned long long entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t place = (off_t)((uintptr_t)addr / page_size * sizeof(entry));
	ssize_t got = fd < 0 ? -1 : pread(fd, &entry, sizeof(entry), place);

	if (got != (ssize_t)sizeof(entry))
		skip("/proc/self/pagemap cannot be read");
	close(fd);
	return entry;
}

/* Add up FIELD, in kB, of the mappings that meet [addr, addr + length), and find the protection at addr. */
static unsigned long read_smaps(const char *addr, size_t length, const char *field, char *permissions)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long start, end, sum = 0, low = (uintptr_t)addr;
	char line[512], bits[8];
	bool met = false;

	if (!file)
		skip("/proc/self/smaps cannot be read");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, bits) == 3) {
			met = start < low + length && low < end;
			if (start <= low && low < end && permissions)
				memcpy(permissions, bits, 4);
		} else if (met && !strncmp(line, field, strlen(field)) && line[strlen(field)] == ':') {
			sum += strtoul(line + strlen(field) + 1, NULL, 10);
		}
	}
	fclose(file);
	return sum;
}

static char *map(size_t length, int prot, int flags, int fd)
{
	char *addr = mmap(NULL, length, prot, flags, fd, 0);

	if (addr == MAP_FAILED)
		skip("mmap: %s", strerror(errno));
	return addr;
}

/* Map LENGTH bytes aligned to ALIGN, with as much that is never touched on both sides. */
static char *map_apart(size_t length, size_t align, int flags, int fd)
{
	size_t room = length + 4 * align;
	char *area = map(room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	char *addr = (char *)(((uintptr_t)area + 2 * align - 1) / align * align);

	if (mmap(addr, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED)
		skip("mmap: %s", strerror(errno));
	return addr;
}

/* Anonymous memory that stays small; nothing of it is touched. */
static void map_small(struct memory *memory, size_t pages)
{
	memory->length = pages * page_size;
	memory->addr = map_apart(memory->length, page_size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(memory->addr, memory->length, MADV_NOHUGEPAGE);
	memory->set = PM_PRESENT;
	memory->clear = PM_SWAP | PM_FILE;
}

static void make_small(struct memory *memory)
{
	map_small(memory, 1);
	memset(memory->addr, PATTERN, memory->length);
}

static void make_forked(struct memory *memory)
{
	pid_t parent = getpid(), child;

	make_small(memory);
	child = fork();
	if (child < 0)
		skip("fork: %s", strerror(errno));
	if (!child) {
		/* It holds on to the page until the test is over. */
		alarm(TEST_SECONDS);
		while (getppid() == parent)
			usleep(10000);
		_exit(0);
	}
	memory->clear |= PM_EXCLUSIVE;
}

#define KSM "/sys/kernel/mm/ksm/"

/* Tell whether all pages of [addr, addr + length) are one frame; MERGED, APART or PARTLY. */
static long compare_frames(const char *addr, size_t length)
{
	unsigned long long first = read_pagemap(addr) & PM_FRAME;
	size_t at, same = 0, apart = 0;

	if (!first)
		skip("/proc/self/pagemap shows no frames: this takes CAP_SYS_ADMIN");
	for (at = page_size; at < length; at += page_size) {
		unsigned long long entry = read_pagemap(addr + at);

		if (entry & PM_PRESENT && (entry & PM_FRAME) == first)
			same++;
		else
			apart++;
	}
	return !apart ? MERGED : !same ? APART : PARTLY;
}

/* Wait until ksmd has merged [addr, addr + length), or gone through all memory often enough to have. */
static void await_ksm(const char *addr, size_t length)
{
	long scans = read_number(KSM "full_scans");
	int naps;

	if (read_number(KSM "run") != 1)
		skip("ksmd does not run: write 1 to " KSM "run");
	for (naps = 0; naps < TEST_SECONDS * 40 && compare_frames(addr, length) != MERGED; naps++) {
		if (read_number(KSM "full_scans") - scans > 12)
			break;
		usleep(10000);
	}
}

static void make_ksm(struct memory *memory)
{
	map_small(memory, 8);
	memset(memory->addr, PATTERN, memory->length);
	if (madvise(memory->addr, memory->length, MADV_MERGEABLE))
		skip("MADV_MERGEABLE: %s", strerror(errno));
	await_ksm(memory->addr, memory->length);
	if (compare_frames(memory->addr, memory->length) != MERGED)
		skip("ksmd did not merge the pages");
	memory->clear |= PM_EXCLUSIVE;
}

static size_t huge_size(void)
{
	long size = read_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");

	return size > 0 ? (size_t)size : page_size / 8 * page_size;
}

static void map_huge(struct memory *memory)
{
	memory->length = huge_size();
	memory->area = map_apart(memory->length, memory->length, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	memory->addr = memory->area + 16 * page_size;
	memory->set = PM_PRESENT;
	memory->clear = PM_FILE | PM_SWAP;
	if (madvise(memory->area, memory->length, MADV_HUGEPAGE))
		skip("MADV_HUGEPAGE: %s", strerror(errno));
}

static void make_thp(struct memory *memory)
{
	map_huge(memory);
	memset(memory->area, PATTERN, memory->length);
	if (read_smaps(memory->area, memory->length, "AnonHugePages", NULL) * 1024 != memory->length)
		skip("no transparent huge page was to be had");
}

static void make_thp_ptes(struct memory *memory)
{
	make_thp(memory);
	/* A protection of its own for one page takes a table of PTEs; the folio stays as it is. */
	if (mprotect(memory->area, page_size, PROT_READ) ||
	    mprotect(memory->area, page_size, PROT_READ | PROT_WRITE))
		skip("mprotect: %s", strerror(errno));
	if (read_smaps(memory->area, memory->length, "AnonHugePages", NULL))
		skip("the huge page is still mapped by a PMD");
	memory->area = memory->addr;
	memory->length = page_size;
}

static void map_file(struct memory *memory, int flags)
{
	char text[64];
	int fd = (int)syscall(SYS_memfd_create, "selftest", MFD_CLOEXEC);
	off_t at;

	memset(text, PATTERN, sizeof(text));
	if (fd < 0 || ftruncate(fd, 2 * (off_t)page_size))
		skip("memfd_create: %s", strerror(errno));
	for (at = 0; at < 2 * (off_t)page_size; at += (off_t)sizeof(text))
		if (pwrite(fd, text, sizeof(text), at) != (ssize_t)sizeof(text))
			skip("pwrite: %s", strerror(errno));
	memory->addr = map_apart(page_size, page_size, flags, fd);
	memory->set = PM_PRESENT;
	memory->clear = PM_SWAP;
}

static void make_shared(struct memory *memory)
{
	map_file(memory, MAP_SHARED);
	memset(memory->addr, PATTERN, page_size);
	memory->set |= PM_FILE;
}

static void make_private(struct memory *memory)
{
	map_file(memory, MAP_PRIVATE);
	if ((unsigned char)*(volatile char *)memory->addr != PATTERN)
		skip("the file does not hold what was written");
	memory->set |= PM_FILE;
}

static void make_private_copy(struct memory *memory)
{
	map_file(memory, MAP_PRIVATE);
	memset(memory->addr, PATTERN, page_size);
	memory->clear |= PM_FILE;
}

static int move_page(void *addr, int *node, int flags)
{
	int status = -ENODATA;

	if (syscall(SYS_move_pages, 0, 1UL, &addr, node, &status, flags) < 0 && status == -ENODATA)
		skip("move_pages: %s", strerror(errno));
	return status;
}

/* Return the node of a page of our own, about which there is nothing special. */
static int find_node(void)
{
	char *plain = map(page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int status;

	*plain = 1;
	status = move_page(plain, NULL, 0);
	if (status < 0)
		skip("move_pages() does not even find a plain page: %s", strerror(-status));
	return status;
}

static long move_pages_query(struct memory *memory)
{
	int status;

	find_node();
	status = move_page(memory->addr, NULL, 0);
	return status >= 0 ? NODE : status;
}

#define KSM_PAGES 64

static long ksm_merge(struct memory *memory)
{
	/* Pages like the one of the state, and two plain ones that show that ksmd is at work. */
	size_t length = KSM_PAGES * page_size;
	char *same = map_apart(length, page_size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *plain = map_apart(2 * page_size, page_size, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(same, length, MADV_NOHUGEPAGE);
	madvise(plain, 2 * page_size, MADV_NOHUGEPAGE);
	memset(same, PATTERN ^ 0x11, length);
	memset(plain, PATTERN ^ 0x22, 2 * page_size);
	if (mprotect(same, length, memory->prot))
		skip("mprotect: %s", strerror(errno));
	if (madvise(same, length, MADV_MERGEABLE) || madvise(plain, 2 * page_size, MADV_MERGEABLE))
		skip("MADV_MERGEABLE: %s", strerror(errno));
	await_ksm(plain, 2 * page_size);
	if (compare_frames(plain, 2 * page_size) != MERGED)
		skip("ksmd did not merge two plain pages");
	await_ksm(same, length);
	return compare_frames(same, length);
}

static long ksm_unmerge(struct memory *memory)
{
	if (madvise(memory->area, memory->length, MADV_UNMERGEABLE))
		return -errno;
	return compare_frames(memory->area, memory->length);
}

static long split_huge(struct memory *memory)
{
	char text[96];
	unsigned long start = (uintptr_t)memory->area;
	int problem;

	snprintf(text, sizeof(text), "%d,%#lx,%#lx", (int)getpid(), start, start + memory->length);
	problem = write_text("/sys/kernel/debug/split_huge_pages", text);
	if (problem)
		skip("/sys/kernel/debug/split_huge_pages: %s", strerror(-problem));
	/* smaps may not look at what is PROT_NONE. */
	if (mprotect(memory->area, memory->length, PROT_READ | PROT_WRITE))
		skip("mprotect: %s", strerror(errno));
	return read_smaps(memory->area, memory->length, "AnonHugePages", NULL) ? WHOLE : SPLIT;
}

/* Give the memory its protection, and see that the kernel has made of it what the test is about. */
static void protect(struct memory *memory)
{
	char permissions[5] = "", wanted[5] = "---";
	unsigned long long entry;

	if (memory->prot != (PROT_READ | PROT_WRITE) && mprotect(memory->area, memory->length, memory->prot))
		skip("mprotect: %s", strerror(errno));
	wanted[0] = memory->prot & PROT_READ ? 'r' : '-';
	wanted[1] = memory->prot & PROT_WRITE ? 'w' : '-';
	read_smaps(memory->addr, page_size, "Rss", permissions);
	if (memcmp(permissions, wanted, 3))
		skip("the mapping is %s, not %s", permissions, wanted);
	entry = read_pagemap(memory->addr);
	if ((entry & memory->set) != memory->set || entry & memory->clear)
		skip("the state was not reached: pagemap has %#llx", entry & ~PM_FRAME);
}

static bool has_warned(void)
{
	long taint = read_number("/proc/sys/kernel/tainted");

	return taint > 0 && taint & (1 << 9);
}

static void run(const struct test *test)
{
	struct memory memory = { .length = page_size, .byte = PATTERN };
	bool warned = has_warned();

	alarm(TEST_SECONDS);
	if (warned && test->expected == test->other)
		skip("only a warning would tell, and the kernel has warned before");
	memory.prot = test->prot;
	test->make(&memory);
	if (!memory.area)
		memory.area = memory.addr;
	protect(&memory);
	result->seen = test->look(&memory);
	/* Whoever left a lock of this page table held is met here. */
	munmap(memory.area, memory.length);
	result->warned = !warned && has_warned();
	leave(KSFT_PASS, "%s", "");
}

static const char *say(long seen, char *text, size_t size)
{
	static const char * const words[] = {
		"the page's node", "another node than the page's", "merged", "not merged", "merged in part",
		"split", "not split", "the bytes", "wrong bytes", "an error",
	};

	if (seen >= NODE && seen <= FAILED)
		snprintf(text, size, "%s", words[seen - NODE]);
	else if (seen == HAZARD)
		snprintf(text, size, "no result");
	else if (seen < 0)
		snprintf(text, size, "%ld (%s)", seen, strerror((int)-seen));
	else
		snprintf(text, size, "%s%s%s%s", seen & SMAPS_RSS ? "Rss " : "",
			 seen & SMAPS_ANONYMOUS ? "Anonymous " : "", seen & SMAPS_HUGE ? "AnonHugePages " : "",
			 seen & SMAPS_SWAP ? "Swap " : seen ? "" : "nothing accounted");
	return text;
}

/* Wait for CHILD: its end, or that it does not come. */
static int await(pid_t child, int *status)
{
	struct timespec nap = { .tv_nsec = 10 * 1000 * 1000 };
	int naps;

	for (naps = 0; naps < (TEST_SECONDS + 5) * 100 && !stopped; naps++) {
		if (waitpid(child, status, WNOHANG) == child)
			return 0;
		nanosleep(&nap, NULL);
	}
	kill(child, SIGKILL);
	return -1;
}

static int report(const struct test *test, int number, int waited, int status)
{
	char text[120], expected[120], other[120];
	bool good;

	if (!waited && WIFEXITED(status) && result->status == KSFT_SKIP) {
		printf("ok %d %s # SKIP %s\n", number, test->name, result->note);
		return KSFT_SKIP;
	}
	good = !waited && WIFEXITED(status) && !WEXITSTATUS(status);
	good = good && result->seen == test->expected && (test->may_warn || !result->warned);
	printf("%sok %d %s\n", good ? "" : "not ", number, test->name);
	if (good)
		return KSFT_PASS;
	if (waited || !WIFEXITED(status))
		printf("# seen: %s\n", waited ? "the call does not end, even when killed" :
		       strsignal(WTERMSIG(status)));
	else
		printf("# seen: %s%s\n", say(result->seen, text, sizeof(text)),
		       result->warned ? ", and a warning of the kernel" : "");
	printf("# expected, as %s the patch: %s\n", test->side, say(test->expected, expected, sizeof(expected)));
	printf("#   in the model: %s\n", test->expected_words);
	printf("# %s the patch it would be: %s\n", test->other_side, say(test->other, other, sizeof(other)));
	printf("#   in the model: %s\n", test->other_words);
	printf("# scenario: %s\n", test->scenario);
	return KSFT_FAIL;
}

/* What is set for the whole machine while the tests run, and what it was. */
static struct setting {
	const char *path;
	long value, was;
} settings[] = {
	{ "/sys/kernel/mm/ksm/run", 1, -1 },
};

static void set(void)
{
	char text[32];
	size_t at;

	for (at = 0; at < sizeof(settings) / sizeof(settings[0]); at++) {
		struct setting *one = &settings[at];
		int naps, fd = open(one->path, O_RDONLY | O_CLOEXEC);
		long was;

		/* Another such program must not set it back meanwhile; the lock ends with this one. */
		for (naps = 0; naps < 3000 && fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && !stopped; naps++)
			usleep(100000);
		was = read_number(one->path);
		if (was < 0 || was >= one->value)
			continue;
		snprintf(text, sizeof(text), "%ld", one->value);
		if (!write_text(one->path, text))
			one->was = was;
	}
}

static void restore(void)
{
	char text[32];
	size_t at;

	for (at = 0; at < sizeof(settings) / sizeof(settings[0]); at++) {
		snprintf(text, sizeof(text), "%ld", settings[at].was);
		if (settings[at].was >= 0 && write_text(settings[at].path, text))
			printf("# %s could not be set back to %s\n", settings[at].path, text);
	}
}

static const struct test tests[] = {
	{
		.name = "an anonymous page that was written, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_small, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set prot=none --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "an anonymous page that a child shares, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_forked, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set prot=none --set page=anon_shared --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a page that KSM merged, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_ksm, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set prot=none --set page=ksm --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a transparent huge page, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_thp, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pmd --set entry=present --set access=protnone --set prot=none --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -EFAULT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "-EFAULT",
	},
	{
		.name = "part of a transparent huge page, mapped by PTEs, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_thp_ptes, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set prot=none --set folio=large --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a page of a shared memfd mapping, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_shared, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set vma=shared_file --set prot=none --set page=file --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a page of a private memfd mapping that was only read, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_private, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set vma=private_file --set prot=none --set page=file --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a page of a private memfd mapping that was written, then PROT_NONE: move_pages() without nodes: do_pages_stat_array()",
		.make = make_private_copy, .prot = PROT_NONE, .look = move_pages_query,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set vma=private_file --set prot=none --set flags=FOLL_GET,FOLL_DUMP",
		.side = "after", .other_side = "before",
		.expected = NODE, .other = -ENOENT, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "an anonymous page that was written, then PROT_NONE: MADV_MERGEABLE and ksmd: get_mergeable_page()",
		.make = make_small, .prot = PROT_NONE, .look = ksm_merge,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set prot=none --set flags=FOLL_GET",
		.side = "after", .other_side = "before",
		.expected = MERGED, .other = APART, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a page that KSM merged, then PROT_NONE: MADV_UNMERGEABLE: break_ksm()",
		.make = make_ksm, .prot = PROT_NONE, .look = ksm_unmerge,
		.scenario = "--set level=pte --set entry=present --set access=protnone --set prot=none --set page=ksm --set flags=FOLL_GET",
		.side = "after", .other_side = "before",
		.expected = APART, .other = MERGED, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
	{
		.name = "a transparent huge page, then PROT_NONE: debugfs split_huge_pages: split_huge_pages_pid()",
		.make = make_thp, .prot = PROT_NONE, .look = split_huge,
		.scenario = "--set level=pmd --set entry=present --set access=protnone --set prot=none --set flags=FOLL_GET",
		.side = "after", .other_side = "before",
		.expected = SPLIT, .other = WHOLE, .may_warn = false,
		.expected_words = "the page, a reference taken",
		.other_words = "NULL",
	},
};

static void stop(int number)
{
	stopped = number;
}

int main(void)
{
	struct sigaction action = { .sa_handler = stop };
	int count = (int)(sizeof(tests) / sizeof(tests[0])), number, passed = 0, failed = 0, skipped = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	printf("TAP version 13\n1..%d\n", count);
	if (result == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		return KSFT_FAIL;
	}
	printf("# %s\n", "finding 4: follow_page(), patch 2/4: mm/gup: let follow_page() find PROT_NONE pages again");
	printf("# %s\n", "what is expected was computed on a model of mm; the kernel that runs this decides");
	set();
	for (number = 1; number <= count && !stopped; number++) {
		const struct test *test = &tests[number - 1];
		int status = 0, waited;
		pid_t child;

		memset(result, 0, sizeof(*result));
		fflush(stdout);
		child = fork();
		if (child < 0) {
			printf("Bail out! fork: %s\n", strerror(errno));
			break;
		}
		if (!child)
			run(test);
		waited = await(child, &status);
		if (stopped)
			break;
		switch (report(test, number, waited, status)) {
		case KSFT_PASS:
			passed++;
			break;
		case KSFT_SKIP:
			skipped++;
			break;
		default:
			failed++;
		}
	}
	restore();
	if (stopped)
		printf("Bail out! stopped by signal %d\n", (int)stopped);
	printf("# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0\n", passed, failed, skipped);
	if (failed || passed + skipped < count)
		return KSFT_FAIL;
	return passed ? KSFT_PASS : KSFT_SKIP;
}
