/* The simulated GPUs behind a libnvidia-ml.so.1: what a script describes, and what a moment shows of it.
 *
 * Every moment is in ns since the script's epoch, which is an instant of CLOCK_MONOTONIC. Nothing runs in the background:
 * each call works out its answer from the profile of true power and the moment of the call. */
#ifndef DCFOOT_SIM_H
#define DCFOOT_SIM_H

#include <stddef.h>
#include <stdint.h>

#define MAX_DEVICES 16
#define MAX_MIGS 8
#define MAX_LOSSES 8
#define TEXT 96

typedef int64_t ns_t;

/* The calls that can be counted and made to fail, by their name in nvml.h without a version. */
#define FUNCTIONS(X) \
    X(nvmlInit) X(nvmlShutdown) X(nvmlSystemGetDriverVersion) X(nvmlSystemGetNVMLVersion) \
    X(nvmlSystemGetCudaDriverVersion) X(nvmlSystemGetProcessName) X(nvmlDeviceGetCount) \
    X(nvmlDeviceGetHandleByIndex) X(nvmlDeviceGetHandleByUUID) X(nvmlDeviceGetHandleByPciBusId) \
    X(nvmlDeviceGetName) X(nvmlDeviceGetUUID) X(nvmlDeviceGetPciInfo) X(nvmlDeviceGetIndex) \
    X(nvmlDeviceGetMinorNumber) X(nvmlDeviceGetSerial) X(nvmlDeviceGetArchitecture) X(nvmlDeviceGetBrand) \
    X(nvmlDeviceGetCudaComputeCapability) X(nvmlDeviceGetAttributes) X(nvmlDeviceGetTotalEnergyConsumption) \
    X(nvmlDeviceGetPowerUsage) X(nvmlDeviceGetFieldValues) X(nvmlDeviceGetSamples) \
    X(nvmlDeviceGetUtilizationRates) X(nvmlDeviceGetMemoryInfo) X(nvmlDeviceGetClockInfo) \
    X(nvmlDeviceGetMaxClockInfo) X(nvmlDeviceGetTemperature) X(nvmlDeviceGetPowerManagementMode) \
    X(nvmlDeviceGetPowerManagementLimit) X(nvmlDeviceGetPowerManagementDefaultLimit) \
    X(nvmlDeviceGetPowerManagementLimitConstraints) X(nvmlDeviceGetEnforcedPowerLimit) \
    X(nvmlDeviceGetComputeRunningProcesses) X(nvmlDeviceGetGraphicsRunningProcesses) \
    X(nvmlDeviceGetProcessUtilization) X(nvmlDeviceGetComputeMode) X(nvmlDeviceGetMigMode) \
    X(nvmlDeviceGetMaxMigDeviceCount) X(nvmlDeviceGetMigDeviceHandleByIndex) \
    X(nvmlDeviceGetDeviceHandleFromMigDeviceHandle) X(nvmlDeviceIsMigDeviceHandle) \
    X(nvmlDeviceGetGpuInstanceId) X(nvmlDeviceGetComputeInstanceId) \
    X(nvmlDeviceGetPersistenceMode) X(nvmlDeviceGetPerformanceState)

#define AS_ENUM(name) FN_##name,
enum { FUNCTIONS(AS_ENUM) FUNCTION_COUNT };

/* nvml.h, nvmlReturn_t */
enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15, UNKNOWN_ERROR = 999
};

/* A growing array of any element type. */
#define LIST(type) struct { type *items; size_t count; }

/* True power from `start` until the next segment: steady where period is 0, else `high_w` for the first part of each
 * period and `low_w` for the rest. */
typedef struct { ns_t start, period, on; double high_w, low_w, energy_j; } Segment;

/* True power before the first segment is `before_w`. */
typedef struct { double before_w; LIST(Segment) segments; } Profile;

/* What happens every period: the k-th time at phase + k * period, late by up to `jitter` (less than a period). */
typedef struct { ns_t period, phase, jitter; } Beat;

/* Something shown from `at` until the next one. */
typedef struct { ns_t at; double value; } Shown;

/* At each beat, the mean of `windows` windows, each `part` long and one period apart, the last one ending `lag` before
 * the beat. With no window, what a capacitor shows whose time constant is `part`. With `recorded` values, those alone. */
typedef struct {
    int present, windows;
    Beat beat;
    ns_t part, lag;
    double gain, offset_w;
    LIST(Shown) recorded;
} Sensor;

typedef struct { ns_t from, to; } Span;

/* Energy in mJ since the driver was loaded, which is `start_mj` at the epoch. With `as_seen`, only what the instant
 * sensor sees, each of its publications standing for the time since the one before. */
typedef struct {
    int present, as_seen;
    Beat beat;
    ns_t lag;
    double gain, offset_w, start_mj;
    LIST(ns_t) resets;
    LIST(Span) freezes;
    int64_t seen_beat; /* as_seen: the beat up to which seen_j was added up */
    double seen_j;
} Counter;

/* From `from` to `to`, calls of `function` (FUNCTION_COUNT: any) or reads of `field` (if not 0) answer `code`, after
 * `delay`; with a negative delay, not before `to`. */
typedef struct { int function, code; unsigned field; ns_t from, to, delay; } Fault;

/* From `from` to `to`, sensor `which` (SENSOR_COUNT: the counter) shows `value` [mW, mJ], which is wrong. */
typedef struct { int which; ns_t from, to; double value; } Glitch;

typedef struct {
    unsigned pid, sm_percent, memory_percent, instance, compute;
    unsigned long long memory_bytes;
    ns_t from, to;
    int graphics;
} Process;

/* A compute instance of a GPU instance; both numbers and both counts of slices. */
typedef struct { char uuid[TEXT]; unsigned instance, compute, slices, compute_slices; unsigned long long memory_bytes; } Mig;

enum { USAGE, AVERAGE, INSTANT, SAMPLES, SENSOR_COUNT };

typedef struct {
    char name[TEXT], uuid[TEXT], pci[32];
    unsigned index, architecture, brand, compute_major, compute_minor, mig_mode, persistence;
    unsigned long long memory_bytes, memory_used_bytes;
    unsigned temperature_c, sm_clock_mhz, sm_clock_max_mhz, memory_clock_mhz, limit_mw, limit_min_mw, limit_max_mw;
    int utilisation_known;
    unsigned utilisation_percent, memory_utilisation_percent;
    Profile profile;
    Sensor sensors[SENSOR_COUNT];
    Counter counter;
    unsigned samples_kept;
    ns_t use_period;
    unsigned uses_kept, junk_uses;
    LIST(Fault) faults;
    LIST(Glitch) glitches;
    LIST(Process) processes;
    LIST(Span) losses;
    size_t mig_count;
    Mig migs[MAX_MIGS];
} Device;

typedef struct { ns_t from, to; int code; } Reload;

typedef struct {
    ns_t epoch;
    char driver[TEXT], log[4096];
    size_t device_count;
    Device devices[MAX_DEVICES];
    LIST(Fault) faults;
    LIST(Reload) reloads;
} Model;

extern const char *const FUNCTION_NAMES[FUNCTION_COUNT];

/* script.c: a new model, or NULL after saying on stderr what is wrong on which line. */
Model *read_script(const char *path);

/* power.c */
double energy_j(const Profile *profile, ns_t moment); /* since the first segment; negative before it */
int64_t beat_at(const Beat *beat, ns_t moment);       /* the latest beat not after this moment */
ns_t time_of(const Beat *beat, int64_t number);
double shown_w(const Device *device, const Sensor *sensor, int64_t beat);
unsigned power_mw(const Device *device, int which, ns_t moment);
unsigned long long counter_mj(Device *device, ns_t moment);
void append(void *list, const void *item, size_t size);

#endif
