/* The clients of the load generator: WebSocket connections that say hello and are live once they know their heads.
 * Whoever includes this defines `live_frame`, which is called with every frame of a live connection. */
#ifndef SERIATIM_CLIENT_H
#define SERIATIM_CLIENT_H

#include "loop.h"

static char epoch[128];

static void live_frame(struct connection *c, char *payload, size_t size);

static void say(struct connection *c, const char *format, ...) {
    static char text[8192];
    va_list words;
    va_start(words, format);
    int n = vsnprintf(text, sizeof text, format, words);
    va_end(words);
    add_frame(&c->out, OP_TEXT, 1, text, (size_t)n);
    mark(c);
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
    if (memmem(payload, size, "\"more\":false", 12) != NULL) {
        now_live(c);
    }
}

static void frame_arrived(struct connection *c, struct frame *f) {
    if (f->opcode == OP_CLOSE) ended(c);
    else if (c->state == GREETING) greeting_frame(c, f->payload, f->size);
    else if (c->state == LIVE) live_frame(c, f->payload, f->size);
}

static void connected(struct connection *c) {
    static const char request[] =
        "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: seriatim.v1.json\r\n\r\n";
    add(&c->out, request, sizeof request - 1);
}

static size_t arrived(struct connection *c, char *data, size_t size) {
    size_t used = 0;
    if (c->state == UPGRADING) {
        char *stop = memmem(data, size, "\r\n\r\n", 4);
        if (stop != NULL) {
            used = (size_t)(stop + 4 - data);
            upgraded(c, data, used);
        }
    }
    struct frame f;
    while (c->state >= GREETING && c->state <= LIVE && parse_frame(data + used, size - used, &f)) {
        used += f.whole;
        frame_arrived(c, &f);
    }
    return used;
}

#endif
