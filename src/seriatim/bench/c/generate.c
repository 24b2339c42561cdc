/* The load generator: one process, many clients, commands on standard input, one line of JSON for each.
 * usage: generate PORT FILE   FILE: see talk.h. The key of a message is its client_id. */
#include "client.h"
#include "talk.h"

static unsigned long asked_count, pong_count;

static void say_message(struct conversation *at, const char *key, unsigned long number) {
    say(&connections[at->members[0]],
        "{\"type\":\"send\",\"id\":%lu,\"conversation_id\":%s,\"client_id\":\"%s\",\"body\":\"%s\"}", number, at->id, key, body);
}

static void event_arrived(struct connection *c, char *payload, size_t size) {
    char *key = memmem(payload, size, "\"client_id\":\"", 13);
    if (key != NULL) message_arrived(c, key + 13, size);
}

static void live_frame(struct connection *c, char *payload, size_t size) {
    switch (payload[9]) { /* {"type":"... */
        case 'e':
            if (payload[10] == 'v') {
                event_arrived(c, payload, size);
                return;
            }
            if (error_count++ == 0) fprintf(stderr, "error: %.*s\n", (int)size, payload);
            break;
        case 's': acked_count += payload[11] == 'n'; break; /* sent, self */
        case 'p':
            if (payload[10] == 'a') asked_count++;
            else pong_count++;
            break;
        default: break;
    }
}

/* ask KIND CONVERSATION COUNT LIMIT HEAD: pages of history at random places, one after another. */
static void ask(const char *kind, int place, int count, int limit, long head) {
    struct conversation *at = &conversations[place];
    struct connection *c = &connections[at->members[0]];
    done_count = 0;
    error_count = 0;
    double began = now_s(), cpu = cpu_s();
    for (int i = 0; i < count && c->state == LIVE && error_count == 0; i++) {
        long seq = 1 + (long)((double)rand() / ((double)RAND_MAX + 1) * (double)head);
        double asked_at = now_s();
        asked_count = 0;
        if (strcmp(kind, "latest") == 0)
            say(c, "{\"type\":\"fetch\",\"id\":%d,\"conversation_id\":%s,\"limit\":%d}", i, at->id, limit);
        else
            say(c, "{\"type\":\"fetch\",\"id\":%d,\"conversation_id\":%s,\"%s\":%ld,\"limit\":%d}", i, at->id, kind, seq, limit);
        while (!asked_count && error_count == 0 && now_s() - asked_at < 10) step(50);
        if (asked_count) note(now_s() - asked_at);
    }
    times(now_s() - began, cpu_s() - cpu);
}

/* Everybody pings, so that nobody is closed as silent during the next run. */
static void ping(void) {
    double began = now_s();
    unsigned long wanted = (unsigned long)live_count;
    pong_count = 0;
    for (int i = 0; i < people_count; i++)
        if (connections[i].state == LIVE) say(&connections[i], "{\"type\":\"ping\"}");
    while (pong_count < wanted && now_s() - began < 10) step(50);
    answer("{\"pongs\":%lu,\"live\":%d}", pong_count, live_count);
}

/* Everybody pings once in 25 s, spread over it. */
static void hold(double seconds) {
    double began = now_s();
    int next = 0;
    while (now_s() - began < seconds) {
        int due = (int)((now_s() - began) / 25.0 * people_count);
        for (; next < due; next++)
            if (connections[next % people_count].state == LIVE) say(&connections[next % people_count], "{\"type\":\"ping\"}");
        step(50);
    }
    answer("{\"live\":%d,\"lost\":%d}", live_count, lost_count);
}

static void leave(void) {
    for (int i = 0; i < people_count; i++)
        if (connections[i].state != ABSENT) close_connection(&connections[i]);
    answer("{\"live\":%d}", live_count);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    port = atoi(words[1]);
    srand((unsigned)getpid() ^ (unsigned)(now_s() * 1000));
    many_files();
    load(words[2]);
    poll_fd = epoll_create1(0);
    char line[256], kind[16];
    answer("{\"people\":%d,\"conversations\":%d}", people_count, conversation_count);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int a, b, c;
        long d;
        double s, period;
        if (sscanf(line, "connect %d %d %d %lf", &a, &b, &c, &s) == 4) bring(a, b, c, s);
        else if (sscanf(line, "talk %d %d %d %lf %lf", &a, &b, &c, &s, &period) == 5) talk(a, b, c, s, period);
        else if (sscanf(line, "ask %15s %d %d %d %ld", kind, &a, &b, &c, &d) == 5) ask(kind, a, b, c, d);
        else if (sscanf(line, "hold %lf", &s) == 1) hold(s);
        else if (strncmp(line, "ping", 4) == 0) ping();
        else if (strncmp(line, "leave", 5) == 0) leave();
        else return 2;
    }
    return 0;
}
