/* The limit that fan-out is compared with: takes WebSocket `send` frames and writes events of the same size to every
 * socket, with one write per socket for all that one read brought. No log, no rights, no rosters.
 * usage: writer EVENT_BYTES; prints its port, and runs until it is killed. */
#include "ws.h"

struct connection {
    int fd;
    int open;      /* has said hello */
    struct bytes rest, late;
};

static int poll_fd;
static struct connection *connections[65536];
static char event[65536], input[1 << 20];
static size_t event_bytes, key_at;
static int highest;

static void watch(struct connection *c, int operation, unsigned events) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(poll_fd, operation, c->fd, &e);
}

static void end(struct connection *c) {
    connections[c->fd] = NULL;
    close(c->fd);
    forget(&c->rest);
    forget(&c->late);
    free(c);
}

static void give(struct connection *c, const char *data, size_t size) {
    ssize_t n = 0;
    if (c->late.size == 0) {
        n = write(c->fd, data, size);
        if (n < 0) n = 0;
        if ((size_t)n == size) return;
        watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    add(&c->late, data + n, size - (size_t)n);
}

static void late(struct connection *c) {
    ssize_t n = write(c->fd, c->late.at, c->late.size);
    if (n <= 0) return;
    memmove(c->late.at, c->late.at + n, c->late.size - (size_t)n);
    c->late.size -= (size_t)n;
    if (c->late.size == 0) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void greet(struct connection *c) {
    static const char yes[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                              "Sec-WebSocket-Protocol: seriatim.v1.json\r\n\r\n";
    give(c, yes, sizeof yes - 1);
}

/* Collect events and acks of all sends in the input; returns how many bytes were used. */
static size_t take(struct connection *c, char *data, size_t size, struct bytes *events, struct bytes *acks) {
    static const char welcome[] = "{\"type\":\"welcome\",\"epoch\":\"0\",\"resume_token\":\"1\",\"heads\":[],\"more\":false}";
    size_t used = 0;
    struct frame f;
    while (parse_frame(data + used, size - used, &f)) {
        used += f.whole;
        char *key = memmem(f.payload, f.size, "\"client_id\":\"", 13);
        if (key != NULL) {
            memcpy(event + key_at, key + 13, 36);
            add_frame(events, OP_TEXT, 0, event, event_bytes);
            char ack[200];
            int n = snprintf(ack, sizeof ack, "{\"type\":\"sent\",\"client_id\":\"%.36s\",\"created_at\":\"2000-01-01T00:00:00.000000Z\"}", key + 13);
            add_frame(acks, OP_TEXT, 0, ack, (size_t)n);
        } else if (!c->open) {
            c->open = 1;
            struct bytes out = {0};
            add_frame(&out, OP_TEXT, 0, welcome, sizeof welcome - 1);
            give(c, out.at, out.size);
            forget(&out);
        }
    }
    return used;
}

static void readable(struct connection *c) {
    static struct bytes events, acks;
    size_t had = c->rest.size;
    memcpy(input, c->rest.at ? c->rest.at : "", had);
    c->rest.size = 0;
    ssize_t n = read(c->fd, input + had, sizeof input - had);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) end(c);
        return;
    }
    size_t size = had + (size_t)n, used = 0;
    if (size > 3 && memcmp(input, "GET", 3) == 0) {
        char *stop = memmem(input, size, "\r\n\r\n", 4);
        if (stop != NULL) {
            greet(c);
            used = (size_t)(stop + 4 - input);
        }
    } else {
        events.size = acks.size = 0;
        used = take(c, input, size, &events, &acks);
        if (events.size) {
            size_t mine = events.size;
            add(&events, acks.at, acks.size);
            for (int fd = 0; fd <= highest; fd++) {
                struct connection *other = connections[fd];
                if (other != NULL && other->open) give(other, events.at, other == c ? events.size : mine);
            }
        }
    }
    if (used < size) add(&c->rest, input + used, size - used);
}

static void prepare(size_t size) {
    static const char head[] = "{\"type\":\"event\",\"epoch\":\"0\",\"entry\":{\"kind\":\"message_sent\",\"client_id\":\"";
    event_bytes = size < 160 ? 160 : size;
    memset(event, 'x', event_bytes);
    memcpy(event, head, sizeof head - 1);
    key_at = sizeof head - 1;
    memcpy(event + key_at + 36, "\",\"body\":\"", 10);
    memcpy(event + event_bytes - 3, "\"}}", 3);
}

int main(int count, char **words) {
    if (count != 2) return 2;
    many_files();
    prepare((size_t)atoi(words[1]));
    int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    if (bind(door, (struct sockaddr *)&here, sizeof here) < 0 || listen(door, 4096) < 0) die("listen");
    getsockname(door, (struct sockaddr *)&here, &length);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    poll_fd = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, ready[512];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, door, &e);
    for (;;) {
        int n = epoll_wait(poll_fd, ready, 512, -1);
        for (int i = 0; i < n; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c == NULL) {
                int fd;
                while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    no_delay(fd);
                    if (fd > highest) highest = fd;
                    c = connections[fd] = must(calloc(1, sizeof *c));
                    c->fd = fd;
                    watch(c, EPOLL_CTL_ADD, EPOLLIN);
                }
                continue;
            }
            if (ready[i].events & EPOLLOUT) late(c);
            if (ready[i].events & ~(unsigned)EPOLLOUT) readable(c);
        }
    }
}
