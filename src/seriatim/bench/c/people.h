/* Who the generator speaks for, and how it answers. The file that names them begins with "people N", then N times
 * "user_id device_id token". */
#ifndef SERIATIM_PEOPLE_H
#define SERIATIM_PEOPLE_H

#include "loop.h"

static int smaller(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double at_percent(double *sorted, unsigned long count, double percent) {
    return count ? sorted[(unsigned long)((double)(count - 1) * percent / 100)] * 1000 : 0;
}

static void answer(const char *format, ...) {
    va_list words;
    va_start(words, format);
    vprintf(format, words);
    va_end(words);
    printf("\n");
    fflush(stdout);
}

/* connect FIRST COUNT WINDOW WITHIN_S */
static void bring(int first, int count, int window, double within_s) {
    refused_count = refused_blindly_count = lost_count = greeted_count = 0;
    double began = now_s(), cpu = cpu_s();
    int all = all_live(first, count, window, within_s);
    double seconds = now_s() - began;
    qsort(greeted_s, (size_t)greeted_count, sizeof *greeted_s, smaller);
    unsigned long n = (unsigned long)greeted_count;
    answer("{\"live\":%d,\"all\":%s,\"refused\":%d,\"refused_blindly\":%d,\"seconds\":%.6f,\"p50_ms\":%.4f,\"p95_ms\":%.4f,"
           "\"generator_cpu_s\":%.4f}",
           live_count, all ? "true" : "false", refused_count, refused_blindly_count, seconds,
           at_percent(greeted_s, n, 50), at_percent(greeted_s, n, 95), cpu_s() - cpu);
}

static char *word(FILE *file) {
    static char text[8192];
    if (fscanf(file, "%8191s", text) != 1) die("the file is short");
    return must(strdup(text));
}

static int number(FILE *file) {
    char *text = word(file);
    int value = atoi(text);
    free(text);
    return value;
}

/* Read the people, and leave the file where the rest begins. */
static FILE *load_people(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    free(word(file));
    people_count = number(file);
    people = must(calloc((size_t)people_count, sizeof *people));
    connections = must(calloc((size_t)people_count, sizeof *connections));
    dirty = must(calloc((size_t)people_count, sizeof *dirty));
    greeted_s = must(calloc((size_t)people_count, sizeof *greeted_s));
    for (int i = 0; i < people_count; i++) {
        people[i].user_id = word(file);
        people[i].device_id = word(file);
        people[i].token = word(file);
        connections[i].person = i;
        connections[i].fd = -1;
    }
    return file;
}

#endif
