/* The load generator's twin for XMPP: the same commands and answers, for the same kinds of conversations: two people chat,
 * more are a room.
 * usage: xmpp PORT FILE   FILE: see talk.h; a person is "name - token", the token being base64 of \0name\0password. The
 * key of a message is the id of its stanza. */
#include "loop.h"
#include "talk.h"

static const char stream_header[] = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                                    "xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
static int joined_count;

static void say(struct connection *c, const char *format, ...) {
    static char text[8192];
    va_list words;
    va_start(words, format);
    int n = vsnprintf(text, sizeof text, format, words);
    va_end(words);
    add(&c->out, text, (size_t)n);
    mark(c);
}

static void say_message(struct conversation *at, const char *key, unsigned long number) {
    (void)number;
    if (at->member_count == 2)
        say(&connections[at->members[0]], "<message type='chat' id='m%s' to='%s@localhost/bench'><body>%s</body></message>",
            key, people[at->members[1]].user_id, body);
    else
        say(&connections[at->members[0]],
            "<message type='groupchat' id='m%s' to='%s@conference.localhost'><body>%s</body></message>", key, at->id, body);
}

static void connected(struct connection *c) {
    say(c, "%s", stream_header);
}

struct stanza {
    char *at;
    size_t size;
};

static int is(struct stanza *s, const char *start) {
    return s->size >= strlen(start) && memcmp(s->at, start, strlen(start)) == 0;
}

static char *within(struct stanza *s, const char *text) {
    return memmem(s->at, s->size, text, strlen(text));
}

/* Whether `data` begins with a whole stanza, or with a head that stays open. The server escapes every `>` in text. */
static int parse_stanza(char *data, size_t size, struct stanza *found) {
    char *stop = memchr(data, '>', size);
    if (stop == NULL) return 0;
    *found = (struct stanza){data, (size_t)(stop + 1 - data)};
    if (data[0] != '<' || stop[-1] == '/' || is(found, "<?") || is(found, "</") || is(found, "<stream:stream")) return 1;
    char end[64];
    int n = 2;
    memcpy(end, "</", 2);
    while (n < 60 && data[n - 1] != ' ' && data[n - 1] != '>') {
        end[n] = data[n - 1];
        n++;
    }
    end[n++] = '>';
    stop = memmem(data, size, end, (size_t)n);
    if (stop == NULL) return 0;
    found->size = (size_t)(stop + n - data);
    return 1;
}

static void wrong(struct stanza *s) {
    if (error_count++ == 0) fprintf(stderr, "error: %.*s\n", (int)(s->size < 500 ? s->size : 500), s->at);
}

static void live_stanza(struct connection *c, struct stanza *s) {
    if (within(s, " type='error'") != NULL) {
        wrong(s);
    } else if (is(s, "<presence")) {
        joined_count += within(s, "code='110'") != NULL; /* our own presence in a room: all others were told before */
    } else if (is(s, "<message")) {
        char *key = within(s, " id='m");
        if (key == NULL) return;
        message_arrived(c, key + 6, s->size);
        acked_count = done_count; /* XMPP has no ack: a message is done when its receivers have it */
    }
}

static void stanza_arrived(struct connection *c, struct stanza *s) {
    if (is(s, "</stream") || is(s, "<failure") || is(s, "<stream:error")) {
        wrong(s);
        ended(c);
    } else if (c->state == LIVE) {
        live_stanza(c, s);
    } else if (is(s, "<stream:features") && c->state == UPGRADING) {
        say(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", people[c->person].token);
    } else if (is(s, "<success")) {
        c->state = GREETING;
        say(c, "%s", stream_header);
    } else if (is(s, "<stream:features")) {
        say(c, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>");
    } else if (is(s, "<iq") && within(s, "id='bind'") != NULL) {
        if (within(s, " type='error'") != NULL) wrong(s);
        say(c, "<presence/>");
        now_live(c);
    }
}

static size_t arrived(struct connection *c, char *data, size_t size) {
    size_t used = 0;
    struct stanza s;
    while (c->fd >= 0 && parse_stanza(data + used, size - used, &s)) {
        used += s.size;
        stanza_arrived(c, &s);
    }
    return used;
}

/* join CONVERSATION: all its members enter its room, a few at a time. */
static void join(int place) {
    struct conversation *at = &conversations[place];
    double began = now_s();
    int asked = 0;
    joined_count = error_count = 0;
    while (joined_count < at->member_count && error_count == 0 && now_s() - began < 60) {
        for (; asked < at->member_count && asked - joined_count < 16; asked++)
            say(&connections[at->members[asked]],
                "<presence to='%s@conference.localhost/%s'><x xmlns='http://jabber.org/protocol/muc'/></presence>", at->id,
                people[at->members[asked]].user_id);
        step(50);
    }
    answer("{\"live\":%d,\"lost\":%d}", joined_count, lost_count);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    port = atoi(words[1]);
    srand((unsigned)getpid() ^ (unsigned)(now_s() * 1000));
    many_files();
    load(words[2]);
    poll_fd = epoll_create1(0);
    char line[256];
    answer("{\"people\":%d,\"conversations\":%d}", people_count, conversation_count);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int a, b, c;
        double s, period;
        if (sscanf(line, "connect %d %d %d %lf", &a, &b, &c, &s) == 4) bring(a, b, c, s);
        else if (sscanf(line, "talk %d %d %d %lf %lf", &a, &b, &c, &s, &period) == 5) talk(a, b, c, s, period);
        else if (sscanf(line, "join %d", &a) == 1) join(a);
        else return 2;
    }
    return 0;
}
