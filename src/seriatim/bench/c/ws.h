/* What the load generator and the raw writer share: sockets, WebSocket framing, time, and this process's own CPU. */
#ifndef SERIATIM_WS_H
#define SERIATIM_WS_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9 };

static inline double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double cpu_s(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

static inline void *must(void *memory) {
    if (memory == NULL) die("memory");
    return memory;
}

static inline void many_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void nonblocking(int fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static inline void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* Bytes that grow. */
struct bytes {
    char *at;
    size_t size, room;
};

static inline void add(struct bytes *to, const void *data, size_t size) {
    if (to->size + size > to->room) {
        to->room = (to->size + size) * 2;
        to->at = must(realloc(to->at, to->room));
    }
    memcpy(to->at + to->size, data, size);
    to->size += size;
}

static inline void forget(struct bytes *these) {
    free(these->at);
    memset(these, 0, sizeof *these);
}

/* One frame. Clients mask: with zeros, which is valid and leaves the payload readable to the raw writer too. */
static inline void add_frame(struct bytes *to, int opcode, int masked, const char *payload, size_t size) {
    unsigned char head[8];
    size_t at = 0;
    int mask = masked ? 0x80 : 0;
    head[at++] = (unsigned char)(0x80 | opcode);
    if (size < 126) {
        head[at++] = (unsigned char)(mask | (int)size);
    } else {
        head[at++] = (unsigned char)(mask | 126);
        head[at++] = (unsigned char)(size >> 8);
        head[at++] = (unsigned char)size;
    }
    if (masked) {
        memset(head + at, 0, 4);
        at += 4;
    }
    add(to, head, at);
    add(to, payload, size);
}

struct frame {
    int opcode;
    char *payload;
    size_t size;
    size_t whole; /* with its head */
};

/* Whether `data` begins with a whole frame. */
static inline int parse_frame(char *data, size_t size, struct frame *found) {
    if (size < 2) return 0;
    unsigned char *d = (unsigned char *)data;
    size_t head = 2, length = d[1] & 0x7f;
    if (length == 126) {
        if (size < 4) return 0;
        length = (size_t)d[2] << 8 | d[3];
        head = 4;
    } else if (length == 127) {
        if (size < 10) return 0;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | d[i];
        head = 10;
    }
    if (d[1] & 0x80) head += 4;
    if (size < head + length) return 0;
    *found = (struct frame){.opcode = d[0] & 0x0f, .payload = data + head, .size = length, .whole = head + length};
    return 1;
}

#endif
