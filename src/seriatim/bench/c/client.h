/* The clients of the load generator: thousands of connections in one epoll loop, from connecting to being live.
 * Whoever includes this defines `live_frame`, which is called with every frame of a live connection. */
#ifndef SERIATIM_CLIENT_H
#define SERIATIM_CLIENT_H

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
static char epoch[128], input[1 << 20];
static struct connection **dirty;
static int dirty_count;
static int live_count, trying_count, refused_count, refused_blindly_count, lost_count, error_count;
static double *greeted_s; /* how long each hello took, connect included */
static int greeted_count;

static void live_frame(struct connection *c, char *payload, size_t size);
static void open_connection(struct connection *c);

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

static void say(struct connection *c, const char *format, ...) {
    static char text[8192];
    va_list words;
    va_start(words, format);
    int n = vsnprintf(text, sizeof text, format, words);
    va_end(words);
    add_frame(&c->out, OP_TEXT, 1, text, (size_t)n);
    mark(c);
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

static int text_field(const char *payload, size_t size, const char *name, char *to, size_t room) {
    char *at = memmem(payload, size, name, strlen(name));
    if (at == NULL) return 0;
    at += strlen(name);
    size_t n = 0;
    while (at + n < payload + size && at[n] != '"' && at[n] != ',' && at[n] != '}' && n + 1 < room) n++;
    memcpy(to, at, n);
    to[n] = 0;
    return 1;
}

static void refused(struct connection *c, const char *payload, size_t size, const char *name, double unit_s) {
    char pause[24];
    refused_count++;
    if (text_field(payload, size, name, pause, sizeof pause)) {
        again_after(c, atof(pause) * unit_s);
    } else {
        refused_blindly_count++;
        if (refused_blindly_count == 1) fprintf(stderr, "refused: %.*s\n", (int)(size < 300 ? size : 300), payload);
        again_after(c, 0.5);
    }
}

static void upgraded(struct connection *c, const char *head, size_t size) {
    if (size > 12 && memcmp(head + 9, "101", 3) != 0) {
        char *retry = memmem(head, size, "etry-", 5);
        refused(c, head, size, retry != NULL && retry[5] == 'a' ? "etry-after: " : "etry-After: ", 1.0);
        return;
    }
    struct person *p = &people[c->person];
    c->state = GREETING;
    if (c->resume[0])
        say(c, "{\"type\":\"hello\",\"token\":\"%s\",\"device_id\":%s,\"client\":{\"name\":\"bench\",\"version\":\"1\"},"
               "\"resume\":{\"epoch\":\"%s\",\"token\":\"%s\"}}", p->token, p->device_id, epoch, c->resume);
    else
        say(c, "{\"type\":\"hello\",\"token\":\"%s\",\"device_id\":%s,\"client\":{\"name\":\"bench\",\"version\":\"1\"}}",
            p->token, p->device_id);
}

static void greeting_frame(struct connection *c, const char *payload, size_t size) {
    if (size > 16 && memcmp(payload, "{\"type\":\"error\"", 15) == 0) {
        refused(c, payload, size, "\"retry_after_ms\":", 0.001);
        return;
    }
    if (memcmp(payload, "{\"type\":\"welcome\"", 17) == 0) {
        text_field(payload, size, "\"resume_token\":\"", c->resume, sizeof c->resume);
        text_field(payload, size, "\"epoch\":\"", epoch, sizeof epoch);
    }
    if (size > 13 && memcmp(payload + size - 13, "\"more\":false}", 13) == 0) {
        c->state = LIVE;
        trying_count--;
        live_count++;
        if (greeted_count < people_count) greeted_s[greeted_count++] = now_s() - c->since;
    }
}

static void frame_arrived(struct connection *c, struct frame *f) {
    if (f->opcode == OP_CLOSE) ended(c);
    else if (c->state == GREETING) greeting_frame(c, f->payload, f->size);
    else if (c->state == LIVE) live_frame(c, f->payload, f->size);
}

static void readable(struct connection *c) {
    size_t had = c->rest.size, used = 0;
    if (had) memcpy(input, c->rest.at, had);
    ssize_t n = read(c->fd, input + had, sizeof input - had);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        ended(c);
        return;
    }
    size_t size = had + (size_t)n;
    c->rest.size = 0;
    if (c->state == UPGRADING) {
        char *stop = memmem(input, size, "\r\n\r\n", 4);
        if (stop != NULL) {
            used = (size_t)(stop + 4 - input);
            upgraded(c, input, used);
        }
    }
    struct frame f;
    while (c->state >= GREETING && c->state <= LIVE && parse_frame(input + used, size - used, &f)) {
        used += f.whole;
        frame_arrived(c, &f);
    }
    if (c->fd >= 0 && used < size) add(&c->rest, input + used, size - used);
    else if (c->rest.room > 4096) forget(&c->rest);
}

static void writable(struct connection *c) {
    if (c->state == CONNECTING) {
        c->state = UPGRADING;
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
        static const char request[] =
            "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: seriatim.v1.json\r\n\r\n";
        add(&c->out, request, sizeof request - 1);
    } else {
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
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
