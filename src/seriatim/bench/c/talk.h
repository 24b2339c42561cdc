/* Messages on their way in many conversations at once, whatever is spoken; and the rest of the file that names them:
 * "conversations M", M times "conversation_id count place place ...". A message carries its conversation, slot and
 * number in its key, so every message that arrives says which one it is; nothing is matched by order or by body. Whoever
 * includes this defines `say_message`, by which the first member of a conversation sends. */
#ifndef SERIATIM_TALK_H
#define SERIATIM_TALK_H

#include "people.h"

enum { BODY_BYTES = 64 };

struct slot {
    unsigned long number; /* 0: free */
    int missing;          /* receivers that do not have it yet */
    double sent_at;
};

struct place {
    int conversation, slot;
};

struct conversation {
    char *id;
    int *members, member_count;
    struct slot *slots;
    unsigned long next;
};

static char body[BODY_BYTES + 1];
static struct conversation *conversations;
static int conversation_count;
static unsigned run_number;
static int flying, sending;
static double period_s; /* from one sending of a slot to its next, at least */
static struct place *early;
static int early_count, early_room;
static unsigned long done_count, delivered_count, acked_count, event_bytes;
static double *took_s;
static unsigned long took_room;

static void say_message(struct conversation *at, const char *key, unsigned long number);

static void note(double seconds) {
    if (done_count >= took_room) took_s = must(realloc(took_s, (took_room = 2 * took_room + 4096) * sizeof *took_s));
    took_s[done_count++] = seconds;
}

static void send_message(int place, int slot_place) {
    char key[40];
    struct conversation *at = &conversations[place];
    struct slot *slot = &at->slots[slot_place];
    if (!body[0]) memset(body, 'b', BODY_BYTES);
    slot->number = ++at->next;
    slot->missing = at->member_count - 1;
    slot->sent_at = now_s();
    flying++;
    snprintf(key, sizeof key, "%08x-%04x-7%03x-8000-%012lx", run_number, (unsigned)place, (unsigned)slot_place, slot->number);
    say_message(at, key, slot->number);
}

static unsigned long hexadecimal(const char *at, int count) {
    unsigned long value = 0;
    for (int i = 0; i < count; i++) value = value << 4 | (unsigned)(at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
    return value;
}

/* A message with this key has come to a connection, in so many bytes. */
static void message_arrived(struct connection *c, const char *key, size_t size) {
    if (hexadecimal(key, 8) != run_number) return;
    int place = (int)hexadecimal(key + 9, 4), slot_place = (int)hexadecimal(key + 15, 3);
    struct conversation *at = &conversations[place];
    struct slot *slot = &at->slots[slot_place];
    delivered_count++;
    event_bytes += size;
    if (slot->number != hexadecimal(key + 24, 12) || c->person == at->members[0] || --slot->missing > 0) return;
    slot->number = 0;
    note(now_s() - slot->sent_at);
    flying--;
    if (!sending) return;
    if (now_s() - slot->sent_at >= period_s) {
        send_message(place, slot_place);
        return;
    }
    if (early_count == early_room) early = must(realloc(early, (size_t)(early_room = 2 * early_room + 64) * sizeof *early));
    early[early_count++] = (struct place){place, slot_place};
}

static void send_due(void) {
    double now = now_s();
    int left = 0;
    for (int i = 0; i < early_count; i++) {
        struct place p = early[i];
        if (now - conversations[p.conversation].slots[p.slot].sent_at >= period_s) send_message(p.conversation, p.slot);
        else early[left++] = p;
    }
    early_count = left;
}

static void times(double seconds, double cpu) {
    qsort(took_s, done_count, sizeof *took_s, smaller);
    answer("{\"messages\":%lu,\"deliveries\":%lu,\"acked\":%lu,\"errors\":%d,\"lost\":%d,\"unfinished\":%d,\"seconds\":%.6f,"
           "\"p50_ms\":%.4f,\"p95_ms\":%.4f,\"p99_ms\":%.4f,\"event_bytes\":%.1f,\"generator_cpu_s\":%.4f}",
           done_count, delivered_count, acked_count, error_count, lost_count, flying, seconds,
           at_percent(took_s, done_count, 50), at_percent(took_s, done_count, 95), at_percent(took_s, done_count, 99),
           delivered_count ? (double)event_bytes / (double)delivered_count : 0, cpu);
}

/* talk FIRST COUNT IN_FLIGHT SECONDS PERIOD_S: the first member of each conversation keeps IN_FLIGHT messages on their
 * way; one is done when all other members have it, and its successor leaves at once, or PERIOD_S after it left. */
static void talk(int first, int count, int each, double seconds, double period) {
    run_number = (unsigned)rand() << 1 ^ (unsigned)rand();
    done_count = delivered_count = acked_count = event_bytes = 0;
    period_s = period;
    early_count = 0;
    error_count = lost_count = flying = 0;
    for (int i = first; i < first + count; i++) {
        conversations[i].slots = must(realloc(conversations[i].slots, (size_t)each * sizeof(struct slot)));
        memset(conversations[i].slots, 0, (size_t)each * sizeof(struct slot));
    }
    double began = now_s(), cpu = cpu_s();
    sending = 1;
    for (int i = first; i < first + count; i++)
        for (int slot = 0; slot < each; slot++) send_message(i, slot);
    while (now_s() - began < seconds) {
        step(early_count ? 1 : 50);
        if (early_count) send_due();
    }
    sending = 0;
    while ((flying || acked_count < done_count) && now_s() - began < seconds + 10) step(50);
    times(now_s() - began, cpu_s() - cpu);
}

static void load(const char *path) {
    FILE *file = load_people(path);
    free(word(file));
    conversation_count = number(file);
    conversations = must(calloc((size_t)conversation_count + 1, sizeof *conversations));
    for (int i = 0; i < conversation_count; i++) {
        struct conversation *at = &conversations[i];
        at->id = word(file);
        at->member_count = number(file);
        at->members = must(calloc((size_t)at->member_count, sizeof(int)));
        for (int m = 0; m < at->member_count; m++) at->members[m] = number(file);
    }
    fclose(file);
}

#endif
