/* What a moment shows: the true energy in closed form, the sensors' windows over it, the counter's publications. */
#include "sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double seconds(ns_t span) { return (double)span / 1e9; }

void append(void *list, const void *item, size_t size) {
    LIST(char) *bytes = list;
    /* room doubles at each power of two */
    if ((bytes->count & (bytes->count - 1)) == 0)
        bytes->items = realloc(bytes->items, (bytes->count ? 2 * bytes->count : 1) * size);
    memcpy(bytes->items + bytes->count++ * size, item, size);
}

/* Energy of a segment from its start on. */
static double within_j(const Segment *segment, ns_t span) {
    if (!segment->period)
        return segment->high_w * seconds(span);
    ns_t rest = span % segment->period;
    ns_t high = span / segment->period * segment->on + (rest < segment->on ? rest : segment->on);
    return segment->high_w * seconds(high) + segment->low_w * seconds(span - high);
}

/* The segment of this moment, or NULL before the first. */
static const Segment *segment_at(const Profile *profile, ns_t moment) {
    size_t low = 0, high = profile->segments.count;
    const Segment *segments = profile->segments.items;
    if (!high || moment < segments[0].start)
        return NULL;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (segments[middle].start <= moment)
            low = middle;
        else
            high = middle;
    }
    return &segments[low];
}

double energy_j(const Profile *profile, ns_t moment) {
    const Segment *segment = segment_at(profile, moment);
    if (!segment)
        return profile->before_w * seconds(moment - (profile->segments.count ? profile->segments.items[0].start : 0));
    return segment->energy_j + within_j(segment, moment - segment->start);
}

/* The power just before a moment, and since when it had been that. */
static double power_until_w(const Profile *profile, ns_t moment, ns_t *since) {
    const Segment *segment = segment_at(profile, moment - 1);
    *since = segment ? segment->start : INT64_MIN;
    if (!segment)
        return profile->before_w;
    if (!segment->period)
        return segment->high_w;
    ns_t rest = (moment - 1 - segment->start) % segment->period;
    *since = moment - 1 - rest + (rest < segment->on ? 0 : segment->on);
    return rest < segment->on ? segment->high_w : segment->low_w;
}

/* What a capacitor with this time constant shows: the past, weighted by exp(-age / time constant). */
static double smoothed_w(const Profile *profile, ns_t moment, ns_t time_constant) {
    double shown = 0, weight = 1;
    for (ns_t end = moment, since; weight > 1e-12; end = since) {
        double power = power_until_w(profile, end, &since);
        double before = since == INT64_MIN ? 0 : exp(-(double)(moment - since) / (double)time_constant);
        shown += power * (weight - before);
        weight = before;
    }
    return shown;
}

/* A number in [0, 1) that looks random and is always the same for the same beat (splitmix64, Steele et al. 2014). */
static double unsteadiness(int64_t number) {
    uint64_t z = (uint64_t)number * 0x9E3779B97F4A7C15ULL + 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

ns_t time_of(const Beat *beat, int64_t number) {
    ns_t even = beat->phase + number * beat->period;
    return beat->jitter ? even + (ns_t)(unsteadiness(number) * (double)beat->jitter) : even;
}

int64_t beat_at(const Beat *beat, ns_t moment) {
    ns_t since = moment - beat->phase;
    int64_t number = since / beat->period - (since % beat->period < 0);
    return time_of(beat, number) <= moment ? number : number - 1;
}

static double recorded_w(const Sensor *sensor, ns_t moment) {
    size_t low = 0, high = sensor->recorded.count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (sensor->recorded.items[middle].at <= moment)
            low = middle;
        else
            high = middle;
    }
    return sensor->recorded.items[low].value;
}

/* The true power as the sensor's windows that end here see it. */
static double seen_w(const Device *device, const Sensor *sensor, ns_t end) {
    double energy = 0;
    if (!sensor->windows)
        return smoothed_w(&device->profile, end, sensor->part);
    for (int window = 0; window < sensor->windows; window++, end -= sensor->beat.period)
        energy += energy_j(&device->profile, end) - energy_j(&device->profile, end - sensor->part);
    return energy / (seconds(sensor->part) * sensor->windows);
}

double shown_w(const Device *device, const Sensor *sensor, int64_t beat) {
    ns_t end = time_of(&sensor->beat, beat) - sensor->lag;
    if (sensor->recorded.count)
        return recorded_w(sensor, end);
    double shown = seen_w(device, sensor, end) * sensor->gain + sensor->offset_w;
    return shown > 0 ? shown : 0;
}

static const Glitch *glitch_at(const Device *device, int which, ns_t moment) {
    for (size_t i = 0; i < device->glitches.count; i++) {
        const Glitch *glitch = &device->glitches.items[i];
        if (glitch->which == which && glitch->from <= moment && moment < glitch->to)
            return glitch;
    }
    return NULL;
}

unsigned power_mw(const Device *device, int which, ns_t moment) {
    const Sensor *sensor = &device->sensors[which];
    const Glitch *glitch = glitch_at(device, which, moment);
    if (glitch)
        return (unsigned)glitch->value;
    double shown = sensor->recorded.count ? recorded_w(sensor, moment)
                                          : shown_w(device, sensor, beat_at(&sensor->beat, moment));
    return (unsigned)(shown * 1e3 + 0.5);
}

/* What the counter has added up since the epoch, adding only what is new since the last call. */
static double seen_j(Device *device, ns_t moment) {
    const Sensor *sensor = &device->sensors[INSTANT];
    Counter *counter = &device->counter;
    int64_t wanted = beat_at(&sensor->beat, moment);
    if (wanted < counter->seen_beat) {
        counter->seen_beat = beat_at(&sensor->beat, 0);
        counter->seen_j = 0;
    }
    while (counter->seen_beat < wanted) {
        ns_t before = time_of(&sensor->beat, counter->seen_beat++);
        ns_t span = time_of(&sensor->beat, counter->seen_beat) - before;
        counter->seen_j += shown_w(device, sensor, counter->seen_beat) * seconds(span);
    }
    return counter->seen_j;
}

static double counted_j(Device *device, ns_t moment) {
    const Counter *counter = &device->counter;
    double counted = counter->as_seen ? seen_j(device, moment)
                                      : energy_j(&device->profile, moment) - energy_j(&device->profile, 0);
    return counted * counter->gain + counter->offset_w * seconds(moment);
}

unsigned long long counter_mj(Device *device, ns_t moment) {
    const Counter *counter = &device->counter;
    ns_t reset = INT64_MIN;
    const Glitch *glitch = glitch_at(device, SENSOR_COUNT, moment);
    if (glitch)
        return (unsigned long long)glitch->value;
    for (size_t i = 0; i < counter->freezes.count; i++)
        if (counter->freezes.items[i].from <= moment && moment < counter->freezes.items[i].to)
            moment = counter->freezes.items[i].from;
    for (size_t i = 0; i < counter->resets.count; i++)
        if (counter->resets.items[i] <= moment && counter->resets.items[i] > reset)
            reset = counter->resets.items[i];
    ns_t published = time_of(&counter->beat, beat_at(&counter->beat, moment)) - counter->lag;
    double value;
    if (reset == INT64_MIN)
        value = counter->start_mj + 1e3 * counted_j(device, published);
    else
        value = published < reset ? 0 : 1e3 * (counted_j(device, published) - counted_j(device, reset));
    return value > 0 ? (unsigned long long)value : 0;
}
