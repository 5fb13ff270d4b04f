// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program's entry, before that of the C library. A verb that puts a process into a container
 * starts the program twice (protect.c), and of the first start nothing is needed but to start again:
 * so it is done here, for that library's own start costs as much as a dozen mounts.
 *
 * Nothing is ready yet: no errno, no stack protector, no function of the library, which may be one
 * that is chosen by the processor's features. Whatever does not work out, or needs more than this,
 * goes the usual way: main() calls protect_self(), which believes only what it sees for itself.
 */
#if defined(__x86_64__) && !defined(CELL_WITHOUT_GUARD_SELF)

#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <sys/syscall.h>

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static bool begins(const char *text, const char *with)
{
	while (*with && *text == *with)
		text++, with++;
	return !*with;
}

static bool is(const char *text, const char *other)
{
	return begins(text, other) && begins(other, text);
}

/* Options before the verb whose value is an argument of its own (main.c). */
static bool has_value(const char *option)
{
	return is(option, "--root") || is(option, "--log") || is(option, "--log-format") ||
	       is(option, "--log-level") || is(option, "--cgroup-manager");
}

/* Is it a verb of those? All others may need to know where this file lies: the next start does not. */
static bool enters(char *const *argv)
{
	int i = 1;

	while (argv[0] && argv[i] && begins(argv[i], "-"))
		i += has_value(argv[i]) && argv[i + 1] ? 2 : 1;
	if (!argv[0] || !argv[i] ||
	    (!is(argv[i], "run") && !is(argv[i], "create") && !is(argv[i], "exec")))
		return false;
	/* So must this (beside.c). */
	for (; argv[i]; i++)
		if (begins(argv[i], "--image"))
			return false;
	return true;
}

/* Who is started by a descriptor has been here before, or is to go the usual way. */
static bool by_descriptor(const Elf64_auxv_t *aux)
{
	for (; aux->a_type != AT_NULL; aux++)
		if (aux->a_type == AT_EXECFN)
			return begins((const char *)aux->a_un.a_val, "/dev/fd/");
	return true;
}

/**
 * cell_start_again() - from a copy of the mount that is read-only and nobody's
 * @stack: as the kernel leaves it: count, arguments, 0, environment, 0, auxiliary vector
 *
 * Returns if it does not.
 */
void cell_start_again(long *stack);
void cell_start_again(long *stack)
{
	char **argv = (char **)(stack + 1), **environment = argv + stack[0] + 1, **end = environment;
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	long fd;

	while (*end)
		end++;
	if (!enters(argv) || by_descriptor((const Elf64_auxv_t *)(end + 1)))
		return;
	fd = call(SYS_open_tree, AT_FDCWD, (long)"/proc/self/exe",
		  OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH, 0, 0);
	if (fd < 0)
		return;
	if (!call(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&readonly, sizeof(readonly)))
		call(SYS_execveat, fd, (long)"", (long)argv, (long)environment, AT_EMPTY_PATH);
	call(SYS_close, fd, 0, 0, 0, 0);
}

/* rdx is a function to call at exit, if it is not 0 (System V ABI, AMD64, 3.4.1). */
__asm__(".globl cell_entry\n"
	".type cell_entry, @function\n"
	"cell_entry:\n"
	"	xor	%ebp, %ebp\n"
	"	mov	%rsp, %rbx\n"
	"	mov	%rdx, %r12\n"
	"	mov	%rsp, %rdi\n"
	"	and	$-16, %rsp\n"
	"	call	cell_start_again\n"
	"	mov	%rbx, %rsp\n"
	"	mov	%r12, %rdx\n"
	"	jmp	_start\n");

#endif
