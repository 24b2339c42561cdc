/* People who come, go and turn away, and others who show them: is each change told, in time, and not too often?
 * usage: presence PORT FILE   FILE: see people.h. Person i shows the next EACH ones, so each is shown by EACH. */
#include "client.h"
#include "people.h"

enum { ONLINE, AWAY, OFFLINE, UNKNOWN };
enum { SLACK_FRAMES = 1 }; /* a frame that was on its way when the counting began */

struct truth {
    char state;          /* what is so */
    char judged;         /* whether it was looked at whether everybody was told */
    double since;        /* since when */
    double next_at;      /* when it changes */
    unsigned long frames;
};

static struct truth *truths;
static char *told;      /* [watcher * each + k]: the last state told of person watcher + 1 + k */
static int *place_of;   /* by user id, open addressing */
static unsigned long table_size;
static int each, flapping;
static double online_within_s, offline_within_s, *live_since;
static unsigned long row_count, change_count, missed_count, early_count;
static double *took_s[2];
static unsigned long took_count[2], took_room[2];

static void note(int kind, double seconds) {
    if (took_count[kind] == took_room[kind])
        took_s[kind] = must(realloc(took_s[kind], (took_room[kind] = 2 * took_room[kind] + 4096) * sizeof(double)));
    took_s[kind][took_count[kind]++] = seconds;
}

static unsigned long slot_of(unsigned long long user_id) {
    unsigned long at = (unsigned long)(user_id * 0x9e3779b97f4a7c15ull >> 20) % table_size;
    while (place_of[at] >= 0 && strtoull(people[place_of[at]].user_id, NULL, 10) != user_id) at = (at + 1) % table_size;
    return at;
}

static void row_arrived(int watcher, unsigned long long user_id, char first) {
    int place = place_of[slot_of(user_id)];
    int k = (place - watcher - 1 + people_count) % people_count;
    if (place < 0 || k >= each) die("a row nobody asked for");
    int state = first == 'a' ? AWAY : first == 'o' ? ONLINE : OFFLINE; /* away, online, or (see below) offline */
    struct truth *truth = &truths[place];
    row_count++;
    if (flapping && told[watcher * each + k] != UNKNOWN && told[watcher * each + k] != state) {
        double took = now_s() - truth->since;
        if (state == truth->state) note(state == OFFLINE, took);
        if (state == OFFLINE && truth->state == OFFLINE && took < 9.9) early_count++;
    }
    told[watcher * each + k] = (char)state;
}

static void live_frame(struct connection *c, char *payload, size_t size) {
    static const char beginning[] = "{\"type\":\"presence\"";
    if (size > 16 && memcmp(payload, "{\"type\":\"error\"", 15) == 0 && error_count++ == 0)
        fprintf(stderr, "error: %.*s\n", (int)size, payload);
    if (size < sizeof beginning || memcmp(payload, beginning, sizeof beginning - 1) != 0) return;
    truths[c->person].frames++;
    char *end = payload + size;
    for (char *at = payload + sizeof beginning; at < end - 4; at++) {
        if (*at != '[' || at[1] < '0' || at[1] > '9') continue;
        char *after;
        unsigned long long user_id = strtoull(at + 1, &after, 10);
        char first = after[2] == 'o' && after[3] == 'f' ? 'f' : after[2]; /* ,"online" ,"offline" ,"away" */
        row_arrived(c->person, user_id, first);
        at = after;
    }
}

static void show(int person) {
    static char text[8192];
    int n = snprintf(text, sizeof text, "{\"type\":\"focus\",\"inactive\":%s,\"user_ids\":[", truths[person].state == AWAY ? "true" : "false");
    for (int k = 0; k < each; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", k ? "," : "", people[(person + 1 + k) % people_count].user_id);
    say(&connections[person], "%s]}", text);
}

static unsigned long unknown(void) {
    unsigned long found = 0;
    for (int i = 0; i < people_count * each; i++) found += told[i] == UNKNOWN;
    return found;
}

/* watch EACH WITHIN_S: everybody who is live shows so many others; done when he knows them all. */
static void begin(int count, double within_s) {
    each = count;
    truths = must(calloc((size_t)people_count, sizeof *truths));
    live_since = must(calloc((size_t)people_count, sizeof *live_since));
    told = must(malloc((size_t)people_count * (size_t)each));
    memset(told, UNKNOWN, (size_t)people_count * (size_t)each);
    table_size = 4ul * (unsigned long)people_count + 1;
    place_of = must(malloc(table_size * sizeof *place_of));
    for (unsigned long i = 0; i < table_size; i++) place_of[i] = -1;
    for (int i = 0; i < people_count; i++) place_of[slot_of(strtoull(people[i].user_id, NULL, 10))] = i;
    double began = now_s();
    for (int i = 0; i < people_count; i++) show(i);
    while (unknown() && now_s() - began < within_s)
        for (int i = 0; i < 20; i++) step(10);
    answer("{\"unknown\":%lu,\"rows\":%lu,\"seconds\":%.4f}", unknown(), row_count, now_s() - began);
}

static double within(double low, double high) { return low + (high - low) * rand() / RAND_MAX; }

/* Was everybody told who is there to hear it? */
static void judge(int person) {
    struct truth *truth = &truths[person];
    double limit = truth->state == OFFLINE ? offline_within_s : online_within_s, now = now_s();
    truth->judged = 1;
    for (int k = 0; k < each; k++) {
        int watcher = (person - 1 - k + 2 * people_count) % people_count;
        if (connections[watcher].state != LIVE || now - live_since[watcher] < limit) continue;
        if (told[watcher * each + k] != truth->state && missed_count++ == 0)
            fprintf(stderr, "person %d is %d since %.1f s, and %d was told %d\n", person, truth->state, now - truth->since,
                    watcher, told[watcher * each + k]);
    }
}

static void becomes(int person, int state, double low, double high) {
    struct truth *truth = &truths[person];
    truth->state = (char)state;
    truth->judged = 0;
    truth->since = now_s();
    truth->next_at = truth->since + within(low, high);
    change_count++;
}

static void change(int person, int leavers, double low, double high) {
    struct connection *c = &connections[person];
    if (leavers && person % leavers == 0) {
        if (c->state == LIVE) {
            close_connection(c);
            memset(told + person * each, UNKNOWN, (size_t)each);
            live_since[person] = 1e18; /* until he is seen to be live again */
            becomes(person, OFFLINE, low, high);
        } else if (c->state == ABSENT) {
            open_connection(c); /* he is there again when he is live, and shows what he showed */
            truths[person].next_at = now_s() + 60;
        }
    } else if (c->state == LIVE) {
        becomes(person, truths[person].state == AWAY ? ONLINE : AWAY, low, high);
        show(person);
    }
}

static void look(int person, double low, double high) {
    struct truth *truth = &truths[person];
    struct connection *c = &connections[person];
    if (c->state == WAITING && c->retry_at <= now_s()) open_connection(c);
    if (truth->state == OFFLINE && c->state == LIVE) {
        live_since[person] = now_s();
        becomes(person, ONLINE, low, high);
        show(person);
    }
    double limit = truth->state == OFFLINE ? offline_within_s : online_within_s;
    if (!truth->judged && truth->since > 0 && now_s() - truth->since >= limit) judge(person);
}

/* flap SECONDS LOW HIGH LEAVERS ONLINE_S OFFLINE_S: everybody changes after a random time, again and again; one in LEAVERS
 * (0: none) by closing his connection, the others by turning away. */
static void flap(double seconds, double low, double high, int leavers) {
    row_count = change_count = missed_count = early_count = took_count[0] = took_count[1] = 0;
    error_count = lost_count = 0;
    double began = now_s(), cpu = cpu_s();
    for (int i = 0; i < people_count; i++) {
        truths[i].next_at = began + within(0, high);
        truths[i].frames = 0;
        truths[i].judged = 1;
    }
    flapping = 1;
    int next_ping = 0;
    double end = began + seconds, last = end + (leavers ? offline_within_s : online_within_s) + 0.5;
    while (now_s() < last) {
        double now = now_s();
        for (int i = 0; i < people_count; i++) {
            look(i, low, high);
            if (now < end && now >= truths[i].next_at) change(i, leavers, low, high);
        }
        for (int due = (int)((now - began) / 25.0 * people_count); next_ping < due; next_ping++)
            if (connections[next_ping % people_count].state == LIVE) say(&connections[next_ping % people_count], "{\"type\":\"ping\"}");
        for (int i = 0; i < 10; i++) step(2);
    }
    flapping = 0;
    double took = now_s() - began, most = 0;
    unsigned long frames = 0;
    for (int i = 0; i < people_count; i++) {
        frames += truths[i].frames;
        double rate = truths[i].frames > SLACK_FRAMES ? (double)(truths[i].frames - SLACK_FRAMES) / took : 0;
        if (rate > most) most = rate;
    }
    for (int kind = 0; kind < 2; kind++) qsort(took_s[kind], took_count[kind], sizeof(double), smaller);
    answer("{\"changes\":%lu,\"rows\":%lu,\"frames\":%lu,\"missed\":%lu,\"early\":%lu,\"errors\":%d,\"lost\":%d,\"seconds\":%.4f,"
           "\"frames_per_s\":%.5f,\"most_frames_per_s\":%.5f,\"told_p50_ms\":%.2f,\"told_p99_ms\":%.2f,\"told_most_ms\":%.2f,"
           "\"gone\":%lu,\"gone_p99_ms\":%.2f,\"gone_most_ms\":%.2f,\"generator_cpu_s\":%.4f}",
           change_count, row_count, frames, missed_count, early_count, error_count, lost_count, took,
           (double)frames / people_count / took, most, at_percent(took_s[0], took_count[0], 50),
           at_percent(took_s[0], took_count[0], 99), at_percent(took_s[0], took_count[0], 100), took_count[1],
           at_percent(took_s[1], took_count[1], 99), at_percent(took_s[1], took_count[1], 100), cpu_s() - cpu);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    port = atoi(words[1]);
    srand((unsigned)getpid() ^ (unsigned)(now_s() * 1000));
    many_files();
    fclose(load_people(words[2]));
    poll_fd = epoll_create1(0);
    char line[256];
    answer("{\"people\":%d}", people_count);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int a, b, c;
        double s, low, high;
        if (sscanf(line, "connect %d %d %d %lf", &a, &b, &c, &s) == 4) bring(a, b, c, s);
        else if (sscanf(line, "watch %d %lf", &a, &s) == 2) begin(a, s);
        else if (sscanf(line, "flap %lf %lf %lf %d %lf %lf", &s, &low, &high, &a, &online_within_s, &offline_within_s) == 6)
            flap(s, low, high, a);
        else return 2;
    }
    return 0;
}
