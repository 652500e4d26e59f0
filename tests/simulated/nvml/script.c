/* Reads the script: one statement a line, words apart by spaces, '#' starts a comment; README.md beside the folder tells
 * what each means. */
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AS_TEXT(name) #name,
const char *const FUNCTION_NAMES[FUNCTION_COUNT] = {FUNCTIONS(AS_TEXT)};

static const char *const SENSOR_NAMES[SENSOR_COUNT] = {"usage", "average", "instant", "samples"};

typedef struct { Model *model; Device *device; } Reader;

typedef struct { const char *word; int (*read)(Reader *reader, const char *rest); int in_device; } Statement;

static int find(const char *const *names, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

static int set_text(char *target, size_t size, const char *rest) {
    return (size_t)snprintf(target, size, "%s", rest) < size;
}

static int read_version(Reader *reader, const char *rest) { (void)reader; return !strcmp(rest, "1"); }
static int read_epoch(Reader *r, const char *rest) { return sscanf(rest, "%" SCNd64, &r->model->epoch) == 1; }
static int read_driver(Reader *r, const char *rest) { return set_text(r->model->driver, sizeof r->model->driver, rest); }
static int read_log(Reader *r, const char *rest) { return set_text(r->model->log, sizeof r->model->log, rest); }
static int read_name(Reader *r, const char *rest) { return set_text(r->device->name, sizeof r->device->name, rest); }
static int read_uuid(Reader *r, const char *rest) { return set_text(r->device->uuid, sizeof r->device->uuid, rest); }
static int read_pci(Reader *r, const char *rest) { return set_text(r->device->pci, sizeof r->device->pci, rest); }

static int read_device(Reader *reader, const char *rest) {
    Model *model = reader->model;
    if (*rest || model->device_count == MAX_DEVICES)
        return 0;
    reader->device = &model->devices[model->device_count];
    reader->device->index = (unsigned)model->device_count++;
    reader->device->samples_kept = 120;
    reader->device->use_period = 166666667;
    reader->device->uses_kept = 100;
    return 1;
}

static int read_reload(Reader *reader, const char *rest) {
    Reload reload;
    if (sscanf(rest, "%" SCNd64 " %" SCNd64 " %d", &reload.from, &reload.to, &reload.code) != 3)
        return 0;
    append(&reader->model->reloads, &reload, sizeof reload);
    return 1;
}

static int read_chip(Reader *r, const char *rest) {
    Device *d = r->device;
    return sscanf(rest, "%u %u %u %u", &d->architecture, &d->brand, &d->compute_major, &d->compute_minor) == 4;
}

static int read_memory(Reader *r, const char *rest) {
    return sscanf(rest, "%llu %llu", &r->device->memory_bytes, &r->device->memory_used_bytes) == 2;
}

static int read_state(Reader *r, const char *rest) {
    Device *d = r->device;
    return sscanf(rest, "%u %u %u %u %u", &d->temperature_c, &d->sm_clock_mhz, &d->sm_clock_max_mhz, &d->memory_clock_mhz,
                  &d->persistence) == 5;
}

static int read_limit(Reader *r, const char *rest) {
    return sscanf(rest, "%u %u %u", &r->device->limit_mw, &r->device->limit_min_mw, &r->device->limit_max_mw) == 3;
}

static int read_utilisation(Reader *r, const char *rest) {
    Device *d = r->device;
    d->utilisation_known = 1;
    return sscanf(rest, "%u %u", &d->utilisation_percent, &d->memory_utilisation_percent) == 2;
}

static int read_uses(Reader *r, const char *rest) {
    Device *d = r->device;
    return sscanf(rest, "%" SCNd64 " %u %u", &d->use_period, &d->uses_kept, &d->junk_uses) == 3 && d->use_period > 0;
}

static int read_before(Reader *r, const char *rest) {
    return sscanf(rest, "%lf", &r->device->profile.before_w) == 1;
}

static int add_segment(Reader *reader, Segment segment) {
    Profile *profile = &reader->device->profile;
    if (profile->segments.count) {
        if (segment.start <= profile->segments.items[profile->segments.count - 1].start)
            return 0;
        segment.energy_j = energy_j(profile, segment.start);
    }
    append(&profile->segments, &segment, sizeof segment);
    return 1;
}

static int read_steady(Reader *reader, const char *rest) {
    Segment segment = {0};
    return sscanf(rest, "%" SCNd64 " %lf", &segment.start, &segment.high_w) == 2 && add_segment(reader, segment);
}

static int read_square(Reader *reader, const char *rest) {
    Segment s = {0};
    return sscanf(rest, "%" SCNd64 " %lf %lf %" SCNd64 " %" SCNd64, &s.start, &s.high_w, &s.low_w, &s.period, &s.on) == 5
        && s.period > 0 && s.on >= 0 && s.on <= s.period && add_segment(reader, s);
}

static int good_beat(const Beat *beat) { return beat->period > 0 && beat->jitter >= 0 && beat->jitter < beat->period; }

static int read_sensor(Reader *reader, const char *rest) {
    char name[16];
    Sensor sensor = {.present = 1};
    int words = sscanf(rest, "%15s %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %lf %lf", name,
                       &sensor.windows, &sensor.part, &sensor.beat.period, &sensor.beat.phase, &sensor.beat.jitter,
                       &sensor.lag, &sensor.gain, &sensor.offset_w);
    int which = words == 9 ? find(SENSOR_NAMES, SENSOR_COUNT, name) : -1;
    if (which < 0 || sensor.windows < 0 || sensor.part < 1 || !good_beat(&sensor.beat))
        return 0;
    reader->device->sensors[which] = sensor;
    return 1;
}

static int read_recorded(Reader *reader, const char *rest) {
    char name[16];
    Shown shown;
    int which = sscanf(rest, "%15s %" SCNd64 " %lf", name, &shown.at, &shown.value) == 3
        ? find(SENSOR_NAMES, SENSOR_COUNT, name) : -1;
    if (which < 0 || !reader->device->sensors[which].present)
        return 0;
    append(&reader->device->sensors[which].recorded, &shown, sizeof shown);
    return 1;
}

static int read_samples_kept(Reader *r, const char *rest) {
    return sscanf(rest, "%u", &r->device->samples_kept) == 1 && r->device->samples_kept > 0;
}

static int read_counter(Reader *reader, const char *rest) {
    Counter *c = &reader->device->counter;
    c->present = 1;
    c->seen_beat = INT64_MAX; /* nothing added up yet */
    return sscanf(rest, "%d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %lf %lf %lf", &c->as_seen, &c->beat.period,
                  &c->beat.phase, &c->beat.jitter, &c->lag, &c->gain, &c->offset_w, &c->start_mj) == 8
        && good_beat(&c->beat) && (!c->as_seen || reader->device->sensors[INSTANT].present);
}

static int read_reset(Reader *reader, const char *rest) {
    ns_t at;
    if (sscanf(rest, "%" SCNd64, &at) != 1)
        return 0;
    append(&reader->device->counter.resets, &at, sizeof at);
    return 1;
}

static int read_span(const char *rest, Span *span) {
    return sscanf(rest, "%" SCNd64 " %" SCNd64, &span->from, &span->to) == 2 && span->from <= span->to;
}

static int read_freeze(Reader *reader, const char *rest) {
    Span span;
    if (!read_span(rest, &span))
        return 0;
    append(&reader->device->counter.freezes, &span, sizeof span);
    return 1;
}

static int read_glitch(Reader *reader, const char *rest) {
    char name[16];
    Glitch glitch;
    if (sscanf(rest, "%15s %" SCNd64 " %" SCNd64 " %lf", name, &glitch.from, &glitch.to, &glitch.value) != 4)
        return 0;
    glitch.which = strcmp(name, "counter") ? find(SENSOR_NAMES, SENSOR_COUNT, name) : SENSOR_COUNT;
    append(&reader->device->glitches, &glitch, sizeof glitch);
    return glitch.which >= 0;
}

static int read_lost(Reader *reader, const char *rest) {
    Span span;
    if (!read_span(rest, &span) || reader->device->losses.count == MAX_LOSSES - 1)
        return 0;
    append(&reader->device->losses, &span, sizeof span);
    return 1;
}

static int read_fault(Reader *reader, const char *rest) {
    char name[64];
    Fault fault = {.function = FUNCTION_COUNT};
    if (sscanf(rest, "%63s %d %" SCNd64 " %" SCNd64 " %" SCNd64, name, &fault.code, &fault.from, &fault.to, &fault.delay) != 5)
        return 0;
    if (sscanf(name, "field:%u", &fault.field) != 1 && strcmp(name, "*")) {
        fault.function = find(FUNCTION_NAMES, FUNCTION_COUNT, name);
        if (fault.function < 0)
            return 0;
    }
    if (reader->device)
        append(&reader->device->faults, &fault, sizeof fault);
    else
        append(&reader->model->faults, &fault, sizeof fault);
    return 1;
}

static int read_process(Reader *reader, const char *rest) {
    Process p = {0};
    if (sscanf(rest, "%u %llu %u %u %" SCNd64 " %" SCNd64 " %d %u %u", &p.pid, &p.memory_bytes, &p.sm_percent,
               &p.memory_percent, &p.from, &p.to, &p.graphics, &p.instance, &p.compute) != 9)
        return 0;
    append(&reader->device->processes, &p, sizeof p);
    return 1;
}

static int read_mig_mode(Reader *r, const char *rest) { return sscanf(rest, "%u", &r->device->mig_mode) == 1; }

static int read_mig(Reader *reader, const char *rest) {
    Device *device = reader->device;
    if (device->mig_count == MAX_MIGS)
        return 0;
    Mig *mig = &device->migs[device->mig_count++];
    return sscanf(rest, "%95s %u %u %u %u %llu", mig->uuid, &mig->instance, &mig->compute, &mig->slices,
                  &mig->compute_slices, &mig->memory_bytes) == 6;
}

static const Statement STATEMENTS[] = {
    {"dcfoot-nvml-script", read_version, 0}, {"epoch_ns", read_epoch, 0}, {"driver", read_driver, 0},
    {"log", read_log, 0}, {"reload", read_reload, 0}, {"device", read_device, 0}, {"fault", read_fault, 0},
    {"name", read_name, 1}, {"uuid", read_uuid, 1}, {"pci", read_pci, 1}, {"chip", read_chip, 1},
    {"memory", read_memory, 1}, {"state", read_state, 1}, {"limit", read_limit, 1},
    {"utilisation", read_utilisation, 1}, {"uses", read_uses, 1}, {"before", read_before, 1},
    {"steady", read_steady, 1}, {"square", read_square, 1}, {"sensor", read_sensor, 1}, {"recorded", read_recorded, 1},
    {"samples_kept", read_samples_kept, 1}, {"counter", read_counter, 1}, {"reset", read_reset, 1},
    {"freeze", read_freeze, 1}, {"glitch", read_glitch, 1}, {"lost", read_lost, 1}, {"process", read_process, 1}, {"mig_mode", read_mig_mode, 1},
    {"mig", read_mig, 1},
};

static int read_line(Reader *reader, char *line) {
    line += strspn(line, " \t");
    line[strcspn(line, "\r\n")] = 0;
    if (!*line || *line == '#')
        return 1;
    char *rest = line + strcspn(line, " \t");
    if (*rest)
        *rest++ = 0;
    rest += strspn(rest, " \t");
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++)
        if (!strcmp(STATEMENTS[i].word, line))
            return (reader->device || !STATEMENTS[i].in_device) && STATEMENTS[i].read(reader, rest);
    return 0;
}

Model *read_script(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "simulated NVML: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    Reader reader = {calloc(1, sizeof(Model)), NULL};
    char *line = NULL;
    size_t room = 0;
    int number = 0, good = 1;
    while (good && getline(&line, &room, file) >= 0) {
        char *copy = strdup(line);
        number++;
        good = read_line(&reader, line);
        if (!good)
            fprintf(stderr, "simulated NVML: %s, line %d: not understood: %s", path, number, copy);
        free(copy);
    }
    free(line);
    fclose(file);
    if (good)
        return reader.model;
    free(reader.model);
    return NULL;
}
