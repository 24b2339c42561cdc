/* Thousands of connections in one epoll loop, from connecting to being live, whatever is spoken on them. Whoever
 * includes this defines `connected`, which says the first words, and `arrived`, which takes what came and returns how
 * much of it was whole. */
#ifndef SERIATIM_LOOP_H
#define SERIATIM_LOOP_H

#include "ws.h"

enum state { ABSENT, CONNECTING, UPGRADING, GREETING, LIVE, WAITING };

struct connection {
    int fd;
    enum state state;
    int person;
    int dirty;
    double since, retry_at; /* when this attempt to be live began; when to try again */
    struct bytes rest, out;
    char resume[24];
};

struct person {
    char *user_id, *device_id, *token;
};

static int port, poll_fd;
static struct person *people;
static int people_count;
static struct connection *connections; /* one per person */
static char input[1 << 20];
static struct connection **dirty;
static int dirty_count;
static int live_count, trying_count, refused_count, refused_blindly_count, lost_count, error_count;
static double *greeted_s; /* how long each hello took, connect included */
static int greeted_count;

static void connected(struct connection *c);
static size_t arrived(struct connection *c, char *data, size_t size);

static void watch(struct connection *c, int operation, unsigned events) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(poll_fd, operation, c->fd, &e);
}

static void mark(struct connection *c) {
    if (!c->dirty) {
        c->dirty = 1;
        dirty[dirty_count++] = c;
    }
}

static void close_connection(struct connection *c) {
    if (c->state == LIVE) live_count--;
    else if (c->state >= CONNECTING && c->state <= GREETING) trying_count--;
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->state = ABSENT;
    forget(&c->rest);
    forget(&c->out);
}

static void again_after(struct connection *c, double pause_s) {
    double began = c->since;
    close_connection(c);
    c->state = WAITING;
    c->since = began;
    c->retry_at = now_s() + pause_s * (1.0 + (double)rand() / RAND_MAX); /* spread, as every client must */
}

static void ended(struct connection *c) {
    if (c->state == LIVE) {
        lost_count++;
        close_connection(c);
    } else {
        refused_count++;
        refused_blindly_count++;
        again_after(c, 0.5);
    }
}

static void now_live(struct connection *c) {
    c->state = LIVE;
    trying_count--;
    live_count++;
    if (greeted_count < people_count) greeted_s[greeted_count++] = now_s() - c->since;
}

static void readable(struct connection *c) {
    size_t had = c->rest.size;
    if (had == sizeof input) {
        errno = EMSGSIZE;
        die("the server's words");
    }
    if (had) memcpy(input, c->rest.at, had);
    ssize_t n = read(c->fd, input + had, sizeof input - had);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        ended(c);
        return;
    }
    size_t size = had + (size_t)n;
    c->rest.size = 0;
    size_t used = arrived(c, input, size);
    if (c->fd >= 0 && used < size) add(&c->rest, input + used, size - used);
    else if (c->rest.room > 4096) forget(&c->rest);
}

static void writable(struct connection *c) {
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    if (c->state == CONNECTING) {
        c->state = UPGRADING;
        connected(c);
    }
    mark(c);
}

static void flush(void) {
    for (int i = 0; i < dirty_count; i++) {
        struct connection *c = dirty[i];
        c->dirty = 0;
        if (c->fd < 0 || c->out.size == 0) continue;
        ssize_t n = write(c->fd, c->out.at, c->out.size);
        if (n < 0) n = 0;
        memmove(c->out.at, c->out.at + n, c->out.size - (size_t)n);
        c->out.size -= (size_t)n;
        if (c->out.size) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        else forget(&c->out);
    }
    dirty_count = 0;
}

/* Handle what has happened, and send what was said. */
static void step(int wait_ms) {
    static struct epoll_event ready[1024];
    flush();
    int n = epoll_wait(poll_fd, ready, 1024, wait_ms);
    for (int i = 0; i < n; i++) {
        struct connection *c = ready[i].data.ptr;
        if (c->fd < 0) continue;
        if (ready[i].events & EPOLLOUT) writable(c);
        if (c->fd >= 0 && ready[i].events & ~(unsigned)EPOLLOUT) readable(c);
    }
    flush();
}

/* Addresses 127.0.0.2 and on, as clients have many: one address has 28,000 ports, some still waiting from before. */
static void open_connection(struct connection *c) {
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    no_delay(c->fd);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    from.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(c->person % 8));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0) die("bind");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
    if (c->state != WAITING) c->since = now_s();
    c->state = CONNECTING;
    trying_count++;
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

/* Bring people first..first+count-1 live, at most `window` of them trying at once. Returns whether all are. */
static int all_live(int first, int count, int window, double within_s) {
    double end = now_s() + within_s, looked_at = 0;
    int wanted = 0, next = first;
    for (int i = first; i < first + count; i++) wanted += connections[i].state != LIVE;
    wanted += live_count;
    while (live_count < wanted && now_s() < end) {
        while (next < first + count && trying_count < window) {
            if (connections[next].state == ABSENT) open_connection(&connections[next]);
            next++;
        }
        if (now_s() - looked_at > 0.02) {
            looked_at = now_s();
            for (int i = first; i < next; i++) {
                struct connection *c = &connections[i];
                if (c->state == WAITING && c->retry_at <= looked_at) open_connection(c);
                if (c->state == ABSENT) open_connection(c);
            }
        }
        step(20);
    }
    return live_count >= wanted;
}

#endif
