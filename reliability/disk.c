/* A disk that can lose power, fill up and fail: preloaded into a process, it watches one folder.
 *
 * Power cut. The kernel's page cache survives a SIGKILL, so killing a process never shows a missing fsync. Here every
 * fsync and fdatasync of a file copies what the file holds at that moment into a mirror, under the file's identity, and
 * every fsync of a folder copies the folder's list of names. After the process was killed, the mirror is what a disk
 * would hold that lost everything unsynced: disk.py lays it out as a folder again.
 *
 * Faults. DISK_FAIL="ERRNO@N+K": the operations number N to N+K-1 that change a file of the folder (or sync it) fail
 * with that errno.
 *
 *   cc -shared -fPIC -O2 -o disk.so disk.c -ldl -lpthread
 *   LD_PRELOAD=disk.so DISK_ROOT=/data DISK_MIRROR=/mirror …
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char root[PATH_MAX], mirror[PATH_MAX];
static size_t root_length;
static int fail_errno;
static long fail_from, fail_until;
static atomic_long operations;
static pthread_mutex_t copying = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void configure(void) {
    const char *folder = getenv("DISK_ROOT"), *copy = getenv("DISK_MIRROR"), *fail = getenv("DISK_FAIL");
    if (folder == NULL || realpath(folder, root) == NULL) return;
    root_length = strlen(root);
    if (copy != NULL) snprintf(mirror, sizeof mirror, "%s", copy);
    long count = 1;
    if (fail != NULL && sscanf(fail, "%d@%ld+%ld", &fail_errno, &fail_from, &count) >= 2) fail_until = fail_from + count;
}

/* The path of a descriptor within the folder, without a leading slash ("" is the folder itself); NULL elsewhere. */
static const char *inside(int fd, char *path) {
    if (root_length == 0) return NULL;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < (ssize_t)root_length) return NULL;
    path[length] = 0;
    if (strncmp(path, root, root_length) != 0 || (path[root_length] != '/' && path[root_length] != 0)) return NULL;
    return path + root_length + (path[root_length] == '/');
}

static int fails(int fd) {
    char path[PATH_MAX];
    if (fail_until == 0 || inside(fd, path) == NULL) return 0;
    long number = atomic_fetch_add(&operations, 1) + 1;
    if (number < fail_from || number >= fail_until) return 0;
    errno = fail_errno;
    return 1;
}

/* A file's identity: inode numbers are used again, births are not. */
static int identity(int folder, const char *name, int flags, char *id, size_t size, int *kind) {
    struct statx info;
    if (statx(folder, name, flags | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_TYPE | STATX_BTIME, &info) != 0) return -1;
    long long birth = (long long)info.stx_btime.tv_sec * 1000000000LL + info.stx_btime.tv_nsec;
    snprintf(id, size, "%llu-%lld", (unsigned long long)info.stx_ino, birth);
    *kind = S_ISDIR(info.stx_mode) ? 'd' : 'f';
    return 0;
}

static int draft(const char *part, const char *id, char *path, char *target) {
    snprintf(target, PATH_MAX, "%s/%s/%s", mirror, part, id);
    snprintf(path, PATH_MAX, "%s.draft", target);
    return open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
}

static void copy_file(int fd, const char *id) {
    char path[PATH_MAX], target[PATH_MAX], block[1 << 16], self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int in = open(self, O_RDONLY | O_CLOEXEC), out = draft("files", id, path, target);
    off_t at = 0;
    ssize_t got;
    while (in >= 0 && out >= 0 && (got = pread(in, block, sizeof block, at)) > 0) {
        if (REAL(write)(out, block, (size_t)got) != got) abort();
        at += got;
    }
    if (in >= 0) close(in);
    if (out >= 0) close(out), rename(path, target);
}

static void copy_names(int fd, const char *id) {
    char path[PATH_MAX], target[PATH_MAX], entry[64];
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), out = draft("folders", id, path, target), kind;
    DIR *folder = again >= 0 ? fdopendir(again) : NULL;
    FILE *list = out >= 0 ? fdopen(out, "w") : NULL;
    struct dirent *each;
    while (folder != NULL && list != NULL && (each = readdir(folder)) != NULL) {
        if (strcmp(each->d_name, ".") == 0 || strcmp(each->d_name, "..") == 0) continue;
        if (identity(fd, each->d_name, 0, entry, sizeof entry, &kind) != 0) continue;
        fprintf(list, "%c %s %s\n", kind, entry, each->d_name);
    }
    if (folder != NULL) closedir(folder);
    if (list != NULL) fclose(list), rename(path, target);
}

static void mirror_it(int fd) {
    char path[PATH_MAX], id[64];
    int kind, before = errno;
    const char *name = mirror[0] == 0 ? NULL : inside(fd, path);
    if (name == NULL || identity(fd, "", AT_EMPTY_PATH, id, sizeof id, &kind) != 0) return;
    if (*name == 0) strcpy(id, "root");
    pthread_mutex_lock(&copying);
    kind == 'd' ? copy_names(fd, id) : copy_file(fd, id);
    pthread_mutex_unlock(&copying);
    errno = before;
}

int fsync(int fd) {
    if (fails(fd)) return -1;
    int result = REAL(fsync)(fd);
    if (result == 0) mirror_it(fd);
    return result;
}

int fdatasync(int fd) {
    if (fails(fd)) return -1;
    int result = REAL(fdatasync)(fd);
    if (result == 0) mirror_it(fd);
    return result;
}

ssize_t write(int fd, const void *data, size_t size) { return fails(fd) ? -1 : REAL(write)(fd, data, size); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails(fd) ? -1 : REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails(fd) ? -1 : REAL(pwrite64)(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) { return fails(fd) ? -1 : REAL(writev)(fd, parts, count); }

int ftruncate(int fd, off_t size) { return fails(fd) ? -1 : REAL(ftruncate)(fd, size); }

int ftruncate64(int fd, off64_t size) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, size); }
