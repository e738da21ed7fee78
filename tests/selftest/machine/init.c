// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of a machine that runs every program in /programs and switches itself off.
 *
 * Before and after each it prints a line that begins with "@".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK	"/dev/nvme0n1"
#define PAGES	(64 * 256)

static void mount_all(void)
{
	static const char * const places[][2] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "debugfs", "/sys/kernel/debug" },
		{ "tmpfs", "/tmp" }, { "devtmpfs", "/dev" },
	};
	size_t at;

	for (at = 0; at < sizeof(places) / sizeof(places[0]); at++) {
		mkdir(places[at][1], 0755);
		if (mount(places[at][0], places[at][1], places[at][0], 0, NULL))
			printf("@ no %s\n", places[at][0]);
	}
}

/* Make the disk swap space: the header that mkswap writes, and swapon(). */
static void use_swap(void)
{
	static char page[4096];
	unsigned int *header = (unsigned int *)(page + 1024);
	int tries, disk = -1;

	header[0] = 1;
	header[1] = PAGES - 1;
	memcpy(page + sizeof(page) - 10, "SWAPSPACE2", 10);
	for (tries = 0; tries < 100 && disk < 0; tries++) {
		disk = open(DISK, O_WRONLY);
		usleep(50000);
	}
	if (disk < 0 || write(disk, page, sizeof(page)) != (ssize_t)sizeof(page) || close(disk) || swapon(DISK, 0))
		printf("@ no swap\n");
}

static void run(const char *name)
{
	char path[300];
	pid_t child;
	int status = 0;

	snprintf(path, sizeof(path), "/programs/%s", name);
	printf("@ start %s\n", name);
	fflush(stdout);
	child = fork();
	if (!child) {
		if (chdir("/tmp"))
			_exit(126);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	printf("@ end %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
	fflush(stdout);
}

int main(void)
{
	struct utsname system;
	struct dirent **names;
	int count, at;

	mount_all();
	use_swap();
	uname(&system);
	printf("@ kernel %s\n", system.release);
	count = scandir("/programs", &names, NULL, alphasort);
	for (at = 0; at < count; at++)
		if (names[at]->d_name[0] != '.')
			run(names[at]->d_name);
	reboot(RB_POWER_OFF);
	return 0;
}
