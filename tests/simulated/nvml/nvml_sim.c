/* A libnvidia-ml.so.1 without a GPU: the calls of nvml.h that pynvml and the peers make, answered from a script.
 *
 * DCFOOT_NVML_SCRIPT names the script; nvmlInit reads it, and later calls look for a newer one at most every 50 ms.
 * Without the variable the library says that no driver is loaded. */
#define _GNU_SOURCE
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define API __attribute__((visibility("default"))) int
#define LOOK_EVERY_NS 50000000
#define NO_INSTANCE 0xFFFFFFFFu

/* What a handle points to. A device that was lost comes back under a new one, so the losses that had passed are part. */
typedef struct { unsigned char device, losses, mig; } Slot;

typedef struct { Model *model; Device *device; Mig *mig; ns_t now; } Call;

/* The structures of nvml.h that are filled here. */
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } Memory2;
typedef struct {
    char bus_id_legacy[16];
    unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
    char bus_id[32];
} PciInfo;
typedef union { double d; unsigned u; unsigned long long ull; } Value;
typedef struct { unsigned long long time_us; Value value; } Sample;
typedef struct { unsigned field, scope; long long time_us, latency_us; int type, code; Value value; } FieldValue;
typedef struct { unsigned pid; unsigned long long memory_bytes; unsigned gpu_instance, compute_instance; } ProcessInfo;
typedef struct { unsigned pid; unsigned long long time_us; unsigned sm, memory, encoder, decoder; } ProcessUse;
typedef struct { unsigned multiprocessors, engines[5], gpu_slices, compute_slices; unsigned long long memory_mb; } Attributes;
typedef struct { unsigned gpu, memory; } Utilisation;
typedef struct { unsigned version; unsigned sensor; int temperature; } Temperature;
enum { TYPE_UNSIGNED_INT = 1, TYPE_UNSIGNED_LONG_LONG = 3 };

/* The counts of calls, shared with whoever reads the file: per function one row, per device one column, the last for
 * calls about none. */
typedef struct { char name[56]; uint64_t counts[MAX_DEVICES + 1]; } Row;
typedef struct { char magic[8]; uint32_t rows, columns; Row row[FUNCTION_COUNT]; } Log;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Slot slots[MAX_DEVICES][MAX_LOSSES][MAX_MIGS + 1];
static Model *model;
static char script_path[4096];
static struct stat script_seen;
static ns_t looked, initialised; /* on CLOCK_MONOTONIC */
static int users;
static long long calendar_offset_ns;
static Log *call_log;

static ns_t clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (ns_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- the script and the log ---- */

static void open_log(const char *path) {
    int file = *path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
    if (call_log)
        munmap(call_log, sizeof *call_log);
    call_log = NULL;
    if (file < 0)
        return;
    void *mapped = MAP_FAILED;
    if (!ftruncate(file, sizeof(Log)))
        mapped = mmap(NULL, sizeof(Log), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED)
        return;
    call_log = mapped;
    for (int i = 0; i < FUNCTION_COUNT; i++)
        snprintf(call_log->row[i].name, sizeof call_log->row[i].name, "%s", FUNCTION_NAMES[i]);
    call_log->rows = FUNCTION_COUNT;
    call_log->columns = MAX_DEVICES + 1;
    memcpy(call_log->magic, "NVMLSIM1", 8);
}

static void count_call(int function, int column) {
    if (call_log)
        __atomic_fetch_add(&call_log->row[function].counts[column], 1, __ATOMIC_RELAXED);
}

static int same_file(const struct stat *a, const struct stat *b) {
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec
        && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Takes the script as it is now. A model that was replaced is left in memory: a waiting call may still point into it. */
static int look(const char *path) {
    struct stat seen;
    looked = clock_ns(CLOCK_MONOTONIC);
    if (stat(path, &seen))
        return model && !strcmp(path, script_path);
    if (model && !strcmp(path, script_path) && same_file(&seen, &script_seen))
        return 1;
    Model *fresh = read_script(path);
    if (!fresh)
        return 0;
    model = fresh;
    script_seen = seen;
    if (path != script_path)
        snprintf(script_path, sizeof script_path, "%s", path);
    open_log(model->log);
    return 1;
}

/* ---- what every call does first ---- */

static const Fault *fault_of(const void *list, int function, unsigned field, ns_t now) {
    const LIST(Fault) *faults = list;
    for (size_t i = 0; i < faults->count; i++) {
        const Fault *fault = &faults->items[i];
        int meant = fault->field == field && (fault->function == function || fault->function == FUNCTION_COUNT);
        if (meant && fault->from <= now && now < fault->to)
            return fault;
    }
    return NULL;
}

static int leave(int code) {
    pthread_mutex_unlock(&lock);
    return code;
}

/* Sleeps without the lock, so that other threads' calls go on. */
static void wait_ns(ns_t span) {
    if (span <= 0)
        return;
    pthread_mutex_unlock(&lock);
    struct timespec time = {span / 1000000000, span % 1000000000};
    while (nanosleep(&time, &time) && errno == EINTR) {
    }
    pthread_mutex_lock(&lock);
}

static int suffer(const Fault *fault, Call *call) {
    wait_ns(fault->delay < 0 ? fault->to - call->now : fault->delay);
    call->model = model;
    call->now = clock_ns(CLOCK_MONOTONIC) - model->epoch;
    return fault->code;
}

static int reloaded(const Call *call) {
    for (size_t i = 0; i < call->model->reloads.count; i++) {
        const Reload *reload = &call->model->reloads.items[i];
        if (call->now >= reload->from && initialised - call->model->epoch < reload->to)
            return reload->code;
    }
    return SUCCESS;
}

/* Takes the lock; on another answer than SUCCESS it has been given back. */
static int enter_system(int function, Call *call) {
    pthread_mutex_lock(&lock);
    if (!users)
        return leave(UNINITIALIZED);
    ns_t clock = clock_ns(CLOCK_MONOTONIC);
    if (clock - looked > LOOK_EVERY_NS)
        look(script_path);
    *call = (Call){.model = model, .now = clock - model->epoch};
    count_call(function, MAX_DEVICES);
    int code = reloaded(call);
    const Fault *fault = code ? NULL : fault_of(&model->faults, function, 0, call->now);
    if (fault)
        code = suffer(fault, call);
    return code ? leave(code) : SUCCESS;
}

static unsigned char losses_before(const Device *device, ns_t now) {
    unsigned char losses = 0;
    for (size_t i = 0; i < device->losses.count; i++)
        losses += device->losses.items[i].to <= now;
    return losses;
}

static int is_lost(const Device *device, ns_t now) {
    for (size_t i = 0; i < device->losses.count; i++)
        if (device->losses.items[i].from <= now && now < device->losses.items[i].to)
            return 1;
    return 0;
}

static const Slot *slot_of(const void *handle) {
    const char *start = (const char *)slots, *at = handle;
    if (at < start || at >= start + sizeof slots || (at - start) % sizeof(Slot))
        return NULL;
    size_t index = (size_t)(at - start) / sizeof(Slot);
    Slot *slot = &((Slot *)slots)[index];
    slot->mig = (unsigned char)(index % (MAX_MIGS + 1));
    slot->losses = (unsigned char)(index / (MAX_MIGS + 1) % MAX_LOSSES);
    slot->device = (unsigned char)(index / (MAX_MIGS + 1) / MAX_LOSSES);
    return slot;
}

static void *handle_of(const Device *device, ns_t now, size_t mig) {
    return &slots[device->index][losses_before(device, now)][mig];
}

static int enter(int function, void *handle, Call *call) {
    const Slot *slot = slot_of(handle);
    pthread_mutex_lock(&lock);
    if (!users)
        return leave(UNINITIALIZED);
    ns_t clock = clock_ns(CLOCK_MONOTONIC);
    if (clock - looked > LOOK_EVERY_NS)
        look(script_path);
    *call = (Call){.model = model, .now = clock - model->epoch};
    if (!slot || slot->device >= model->device_count || slot->mig > model->devices[slot->device].mig_count)
        return leave(INVALID_ARGUMENT);
    count_call(function, slot->device);
    int code = reloaded(call);
    if (code)
        return leave(code);
    Device *device = &model->devices[slot->device];
    const Fault *fault = fault_of(&device->faults, function, 0, call->now);
    if (!fault)
        fault = fault_of(&model->faults, function, 0, call->now);
    if (fault && (code = suffer(fault, call)))
        return leave(code);
    if (slot->device >= model->device_count)
        return leave(GPU_IS_LOST);
    call->device = device = &model->devices[slot->device];
    if (is_lost(device, call->now) || slot->losses < losses_before(device, call->now))
        return leave(GPU_IS_LOST);
    call->mig = slot->mig ? &device->migs[slot->mig - 1] : NULL;
    return SUCCESS;
}

#define ENTER(function, handle) \
    Call call; \
    int refused = enter(FN_##function, handle, &call); \
    if (refused) \
        return refused
#define ENTER_SYSTEM(function) \
    Call call; \
    int refused = enter_system(FN_##function, &call); \
    if (refused) \
        return refused
#define ENTER_WHOLE(function, handle) \
    ENTER(function, handle); \
    if (call.mig) \
        return leave(NOT_SUPPORTED)

static int give_text(char *target, unsigned size, const char *text) {
    return leave((size_t)snprintf(target, size, "%s", text) < size ? SUCCESS : INSUFFICIENT_SIZE);
}

static int give(unsigned *target, unsigned value) {
    *target = value;
    return leave(SUCCESS);
}

/* ---- the library ---- */

static int initialise(void) {
    const char *path = getenv("DCFOOT_NVML_SCRIPT");
    pthread_mutex_lock(&lock);
    if (!path || !*path)
        return leave(DRIVER_NOT_LOADED);
    if (!look(path))
        return leave(UNKNOWN_ERROR);
    Call call = {.model = model, .now = clock_ns(CLOCK_MONOTONIC) - model->epoch};
    count_call(FN_nvmlInit, MAX_DEVICES);
    const Fault *fault = fault_of(&model->faults, FN_nvmlInit, 0, call.now);
    int code = fault ? suffer(fault, &call) : SUCCESS;
    if (code)
        return leave(code);
    for (size_t i = 0; i < model->reloads.count; i++)
        if (model->reloads.items[i].from <= call.now && call.now < model->reloads.items[i].to)
            return leave(DRIVER_NOT_LOADED);
    if (!users++)
        initialised = call.now + model->epoch;
    return leave(SUCCESS);
}

API nvmlInit(void) { return initialise(); }
API nvmlInit_v2(void) { return initialise(); }
API nvmlInitWithFlags(unsigned flags) { (void)flags; return initialise(); }

API nvmlShutdown(void) {
    pthread_mutex_lock(&lock);
    if (!users)
        return leave(UNINITIALIZED);
    count_call(FN_nvmlShutdown, MAX_DEVICES);
    users--;
    return leave(SUCCESS);
}

__attribute__((visibility("default"))) const char *nvmlErrorString(int code) {
    switch (code) {
    case SUCCESS: return "The operation was successful";
    case UNINITIALIZED: return "Uninitialized";
    case INVALID_ARGUMENT: return "Invalid Argument";
    case NOT_SUPPORTED: return "Not Supported";
    case 4: return "Insufficient Permissions";
    case NOT_FOUND: return "Not Found";
    case INSUFFICIENT_SIZE: return "Insufficient Size";
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case 10: return "Timeout";
    case GPU_IS_LOST: return "GPU is lost";
    case 16: return "GPU requires reset";
    case 18: return "RM has detected an NVML/RM version mismatch.";
    default: return "Unknown Error";
    }
}

API nvmlSystemGetDriverVersion(char *text, unsigned size) {
    ENTER_SYSTEM(nvmlSystemGetDriverVersion);
    return give_text(text, size, call.model->driver);
}

API nvmlSystemGetNVMLVersion(char *text, unsigned size) {
    char version[TEXT + 3];
    ENTER_SYSTEM(nvmlSystemGetNVMLVersion);
    snprintf(version, sizeof version, "12.%s", call.model->driver);
    return give_text(text, size, version);
}

static int cuda_version(int *version) {
    ENTER_SYSTEM(nvmlSystemGetCudaDriverVersion);
    *version = 12020;
    return leave(SUCCESS);
}

API nvmlSystemGetCudaDriverVersion(int *version) { return cuda_version(version); }
API nvmlSystemGetCudaDriverVersion_v2(int *version) { return cuda_version(version); }

API nvmlSystemGetProcessName(unsigned pid, char *text, unsigned size) {
    ENTER_SYSTEM(nvmlSystemGetProcessName);
    for (size_t i = 0; i < call.model->device_count; i++)
        for (size_t j = 0; j < call.model->devices[i].processes.count; j++)
            if (call.model->devices[i].processes.items[j].pid == pid)
                return give_text(text, size, "simulated");
    return leave(NOT_FOUND);
}

/* ---- finding devices ---- */

static int device_count(unsigned *count) {
    ENTER_SYSTEM(nvmlDeviceGetCount);
    return give(count, (unsigned)call.model->device_count);
}

API nvmlDeviceGetCount(unsigned *count) { return device_count(count); }
API nvmlDeviceGetCount_v2(unsigned *count) { return device_count(count); }

static int give_handle(const Call *call, const Device *device, size_t mig, void **handle) {
    if (is_lost(device, call->now))
        return leave(GPU_IS_LOST);
    *handle = handle_of(device, call->now, mig);
    return leave(SUCCESS);
}

static int by_index(unsigned index, void **handle) {
    ENTER_SYSTEM(nvmlDeviceGetHandleByIndex);
    if (index >= call.model->device_count)
        return leave(INVALID_ARGUMENT);
    return give_handle(&call, &call.model->devices[index], 0, handle);
}

API nvmlDeviceGetHandleByIndex(unsigned index, void **handle) { return by_index(index, handle); }
API nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) { return by_index(index, handle); }

API nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
    ENTER_SYSTEM(nvmlDeviceGetHandleByUUID);
    for (size_t i = 0; i < call.model->device_count; i++) {
        const Device *device = &call.model->devices[i];
        if (!strcmp(device->uuid, uuid))
            return give_handle(&call, device, 0, handle);
        for (size_t mig = 0; mig < device->mig_count; mig++)
            if (!strcmp(device->migs[mig].uuid, uuid))
                return give_handle(&call, device, mig + 1, handle);
    }
    return leave(NOT_FOUND);
}

typedef struct { unsigned domain, bus, device; } Address;

static int parse_address(const char *text, Address *address) {
    unsigned function;
    if (sscanf(text, "%x:%x:%x.%x", &address->domain, &address->bus, &address->device, &function) == 4)
        return 1;
    address->domain = 0;
    return sscanf(text, "%x:%x.%x", &address->bus, &address->device, &function) == 3;
}

static int by_address(const char *text, void **handle) {
    Address wanted, known;
    ENTER_SYSTEM(nvmlDeviceGetHandleByPciBusId);
    if (!parse_address(text, &wanted))
        return leave(INVALID_ARGUMENT);
    for (size_t i = 0; i < call.model->device_count; i++)
        if (parse_address(call.model->devices[i].pci, &known) && !memcmp(&known, &wanted, sizeof known))
            return give_handle(&call, &call.model->devices[i], 0, handle);
    return leave(NOT_FOUND);
}

API nvmlDeviceGetHandleByPciBusId(const char *text, void **handle) { return by_address(text, handle); }
API nvmlDeviceGetHandleByPciBusId_v2(const char *text, void **handle) { return by_address(text, handle); }

/* ---- what a device is ---- */

API nvmlDeviceGetName(void *handle, char *text, unsigned size) {
    char name[2 * TEXT];
    ENTER(nvmlDeviceGetName, handle);
    snprintf(name, sizeof name, call.mig ? "%s MIG %ug.%llugb" : "%s", call.device->name, call.mig ? call.mig->slices : 0,
             call.mig ? call.mig->memory_bytes >> 30 : 0);
    return give_text(text, size, name);
}

API nvmlDeviceGetUUID(void *handle, char *text, unsigned size) {
    ENTER(nvmlDeviceGetUUID, handle);
    return give_text(text, size, call.mig ? call.mig->uuid : call.device->uuid);
}

static int pci_info(void *handle, PciInfo *info) {
    Address address;
    ENTER_WHOLE(nvmlDeviceGetPciInfo, handle);
    memset(info, 0, sizeof *info);
    if (!parse_address(call.device->pci, &address))
        return leave(UNKNOWN_ERROR);
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    snprintf(info->bus_id, sizeof info->bus_id, "%08X:%02X:%02X.0", address.domain, address.bus & 0xFF, address.device & 0xFF);
    snprintf(info->bus_id_legacy, sizeof info->bus_id_legacy, "%04X:%02X:%02X.0", address.domain & 0xFFFF,
             address.bus & 0xFF, address.device & 0xFF);
    return leave(SUCCESS);
}

API nvmlDeviceGetPciInfo(void *handle, PciInfo *info) { return pci_info(handle, info); }
API nvmlDeviceGetPciInfo_v2(void *handle, PciInfo *info) { return pci_info(handle, info); }
API nvmlDeviceGetPciInfo_v3(void *handle, PciInfo *info) { return pci_info(handle, info); }

#define GIVES(function, value) \
    API function(void *handle, unsigned *target) { \
        ENTER_WHOLE(function, handle); \
        return give(target, value); \
    }

GIVES(nvmlDeviceGetIndex, call.device->index)
GIVES(nvmlDeviceGetMinorNumber, call.device->index)
GIVES(nvmlDeviceGetArchitecture, call.device->architecture)
GIVES(nvmlDeviceGetBrand, call.device->brand)
GIVES(nvmlDeviceGetPersistenceMode, call.device->persistence)
GIVES(nvmlDeviceGetComputeMode, 0)
GIVES(nvmlDeviceGetPerformanceState, 0)
GIVES(nvmlDeviceGetPowerManagementMode, 1)
GIVES(nvmlDeviceGetPowerManagementLimit, call.device->limit_mw)
GIVES(nvmlDeviceGetPowerManagementDefaultLimit, call.device->limit_max_mw)
GIVES(nvmlDeviceGetEnforcedPowerLimit, call.device->limit_mw)

API nvmlDeviceGetPowerManagementLimitConstraints(void *handle, unsigned *least, unsigned *most) {
    ENTER_WHOLE(nvmlDeviceGetPowerManagementLimitConstraints, handle);
    *least = call.device->limit_min_mw;
    return give(most, call.device->limit_max_mw);
}

API nvmlDeviceGetSerial(void *handle, char *text, unsigned size) {
    ENTER_WHOLE(nvmlDeviceGetSerial, handle);
    return give_text(text, size, call.device->uuid + strlen("GPU-"));
}

API nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
    ENTER(nvmlDeviceGetCudaComputeCapability, handle);
    *major = (int)call.device->compute_major;
    *minor = (int)call.device->compute_minor;
    return leave(SUCCESS);
}

/* ---- power and energy ---- */

API nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *energy) {
    ENTER_WHOLE(nvmlDeviceGetTotalEnergyConsumption, handle);
    if (!call.device->counter.present)
        return leave(NOT_SUPPORTED);
    *energy = counter_mj(call.device, call.now);
    return leave(SUCCESS);
}

API nvmlDeviceGetPowerUsage(void *handle, unsigned *power) {
    ENTER_WHOLE(nvmlDeviceGetPowerUsage, handle);
    if (!call.device->sensors[USAGE].present)
        return leave(NOT_SUPPORTED);
    return give(power, power_mw(call.device, USAGE, call.now));
}

static long long calendar_us(const Call *call, ns_t moment) {
    ns_t monotonic = call->now + call->model->epoch;
    long long offset = clock_ns(CLOCK_REALTIME) - monotonic;
    /* kept while it only trembles, so that a sample has the same time whenever it is asked for */
    if (llabs(offset - calendar_offset_ns) > 1000000)
        calendar_offset_ns = offset;
    return (moment + call->model->epoch + calendar_offset_ns) / 1000;
}

static int give_uint(FieldValue *answer, unsigned value) {
    answer->type = TYPE_UNSIGNED_INT;
    answer->value.u = value;
    return SUCCESS;
}

static int give_power(const Call *call, FieldValue *answer, int which) {
    return call->device->sensors[which].present ? give_uint(answer, power_mw(call->device, which, call->now)) : NOT_SUPPORTED;
}

/* nvml.h, NVML_FI_DEV_*: 83 total energy, 185 average power, 186 instant power, 187 to 190 limits */
static int read_field(Call *call, FieldValue *answer) {
    Device *device = call->device;
    if (answer->scope)
        return NOT_SUPPORTED;
    switch (answer->field) {
    case 83:
        if (!device->counter.present)
            return NOT_SUPPORTED;
        answer->type = TYPE_UNSIGNED_LONG_LONG;
        answer->value.ull = counter_mj(device, call->now);
        return SUCCESS;
    case 185: return give_power(call, answer, AVERAGE);
    case 186: return give_power(call, answer, INSTANT);
    case 187: return give_uint(answer, device->limit_min_mw);
    case 188: return give_uint(answer, device->limit_max_mw);
    case 189: return give_uint(answer, device->limit_max_mw);
    case 190: return give_uint(answer, device->limit_mw);
    default: return NOT_SUPPORTED;
    }
}

API nvmlDeviceGetFieldValues(void *handle, int count, FieldValue *answers) {
    ENTER_WHOLE(nvmlDeviceGetFieldValues, handle);
    for (int i = 0; i < count; i++) {
        const Fault *fault = fault_of(&call.device->faults, FUNCTION_COUNT, answers[i].field, call.now);
        int code = fault ? suffer(fault, &call) : SUCCESS;
        answers[i].time_us = calendar_us(&call, call.now);
        answers[i].latency_us = 0;
        answers[i].value.ull = 0;
        answers[i].code = code ? code : read_field(&call, &answers[i]);
    }
    return leave(SUCCESS);
}

API nvmlDeviceGetSamples(void *handle, int kind, unsigned long long since, int *type, unsigned *count, Sample *samples) {
    ENTER_WHOLE(nvmlDeviceGetSamples, handle);
    const Sensor *sensor = &call.device->sensors[SAMPLES];
    if (kind || !sensor->present) /* 0: NVML_TOTAL_POWER_SAMPLES */
        return leave(NOT_SUPPORTED);
    *type = TYPE_UNSIGNED_INT;
    if (!samples)
        return give(count, call.device->samples_kept);
    int64_t last = beat_at(&sensor->beat, call.now), beat = last - call.device->samples_kept + 1;
    unsigned found = 0;
    for (; beat <= last && found < *count; beat++) {
        unsigned long long time = (unsigned long long)calendar_us(&call, time_of(&sensor->beat, beat));
        if (time <= since)
            continue;
        samples[found].time_us = time;
        samples[found].value.ull = 0;
        samples[found++].value.u = (unsigned)(shown_w(call.device, sensor, beat) * 1e3 + 0.5);
    }
    *count = found;
    return leave(found ? SUCCESS : NOT_FOUND);
}

/* ---- who uses it ---- */

static int runs(const Process *process, ns_t now) { return process->from <= now && now < process->to; }

static int is_in(const Process *process, const Mig *mig) {
    return !mig || (process->instance == mig->instance && process->compute == mig->compute);
}

static int processes(void *handle, unsigned *count, ProcessInfo *infos, int function, int graphics) {
    Call call;
    int refused = enter(function, handle, &call);
    if (refused)
        return refused;
    unsigned found = 0, room = infos ? *count : 0;
    for (size_t i = 0; i < call.device->processes.count; i++) {
        const Process *process = &call.device->processes.items[i];
        if (process->graphics != graphics || !runs(process, call.now) || !is_in(process, call.mig))
            continue;
        if (found < room)
            infos[found] = (ProcessInfo){process->pid, process->memory_bytes,
                                         call.device->mig_mode ? process->instance : NO_INSTANCE,
                                         call.device->mig_mode ? process->compute : NO_INSTANCE};
        found++;
    }
    *count = found;
    return leave(found > room ? INSUFFICIENT_SIZE : SUCCESS);
}

#define LISTS(symbol, function, graphics) \
    API symbol(void *handle, unsigned *count, ProcessInfo *infos) { \
        return processes(handle, count, infos, FN_##function, graphics); \
    }

LISTS(nvmlDeviceGetComputeRunningProcesses_v2, nvmlDeviceGetComputeRunningProcesses, 0)
LISTS(nvmlDeviceGetComputeRunningProcesses_v3, nvmlDeviceGetComputeRunningProcesses, 0)
LISTS(nvmlDeviceGetGraphicsRunningProcesses_v2, nvmlDeviceGetGraphicsRunningProcesses, 1)
LISTS(nvmlDeviceGetGraphicsRunningProcesses_v3, nvmlDeviceGetGraphicsRunningProcesses, 1)

/* The part of a span in which a process ran. */
static double active_ratio(const Process *process, ns_t start, ns_t end) {
    ns_t from = process->from > start ? process->from : start;
    ns_t to = process->to < end ? process->to : end;
    return to > from ? (double)(to - from) / (double)(end - start) : 0;
}

/* The end of the last sampling period that was over at this moment. */
static ns_t period_end(const Device *device, ns_t moment) {
    return moment - ((moment % device->use_period) + device->use_period) % device->use_period;
}

/* The end of the last sampling period in which a process ran. */
static ns_t last_use(const Device *device, const Process *process, ns_t end) {
    ns_t last = period_end(device, process->to - 1) + device->use_period;
    return last < end ? last : end;
}

/* As drivers do: one row a process that ran since, the mean since then, stamped with the last sampling period in which
 * it ran; asked for the size, the size of the buffer whatever is in it (github.com/NVIDIA/go-nvml issues 11 and 51,
 * github.com/Syllo/nvtop issue 110 and pull request 91, which also knows rows of junk). */
API nvmlDeviceGetProcessUtilization(void *handle, ProcessUse *uses, unsigned *count, unsigned long long since_us) {
    ENTER_WHOLE(nvmlDeviceGetProcessUtilization, handle);
    const Device *device = call.device;
    if (device->mig_mode)
        return leave(NOT_SUPPORTED);
    if (!uses || *count < device->uses_kept) {
        *count = device->uses_kept;
        return leave(INSUFFICIENT_SIZE);
    }
    unsigned found = 0;
    ns_t end = period_end(device, call.now), start = end - (ns_t)device->uses_kept * device->use_period;
    ns_t since = (ns_t)since_us * 1000 - (calendar_us(&call, 0) * 1000);
    start = since > start ? period_end(device, since + device->use_period / 2) : start;
    for (size_t i = 0; i < device->processes.count && found < *count; i++) {
        const Process *process = &device->processes.items[i];
        double active = start < end ? active_ratio(process, start, end) : 0;
        if (!active || (!process->sm_percent && !process->memory_percent))
            continue;
        unsigned long long time = (unsigned long long)calendar_us(&call, last_use(device, process, end));
        if (time > since_us)
            uses[found++] = (ProcessUse){process->pid, time, (unsigned)(process->sm_percent * active + 0.5),
                                         (unsigned)(process->memory_percent * active + 0.5), 0, 0};
    }
    for (unsigned i = 0; i < device->junk_uses && found < *count; i++)
        uses[found++] = (ProcessUse){0, 0, 4294967295u, 4294967295u, 0, 0};
    *count = found;
    return leave(found ? SUCCESS : NOT_FOUND);
}

API nvmlDeviceGetUtilizationRates(void *handle, Utilisation *utilisation) {
    ENTER_WHOLE(nvmlDeviceGetUtilizationRates, handle);
    const Device *device = call.device;
    if (device->mig_mode)
        return leave(NOT_SUPPORTED);
    *utilisation = (Utilisation){device->utilisation_percent, device->memory_utilisation_percent};
    if (device->utilisation_known)
        return leave(SUCCESS);
    double sm = 0, memory = 0;
    ns_t end = period_end(device, call.now);
    for (size_t i = 0; i < device->processes.count; i++) {
        double active = active_ratio(&device->processes.items[i], end - device->use_period, end);
        sm += device->processes.items[i].sm_percent * active;
        memory += device->processes.items[i].memory_percent * active;
    }
    *utilisation = (Utilisation){(unsigned)(sm < 100 ? sm + 0.5 : 100), (unsigned)(memory < 100 ? memory + 0.5 : 100)};
    return leave(SUCCESS);
}

/* Total and used memory of the device, or of the MIG instance. */
static Memory memory_of(const Call *call) {
    Memory memory = {call->mig ? call->mig->memory_bytes : call->device->memory_bytes, 0, 0};
    memory.used = call->mig ? 0 : call->device->memory_used_bytes;
    for (size_t i = 0; i < call->device->processes.count; i++) {
        const Process *process = &call->device->processes.items[i];
        if (runs(process, call->now) && is_in(process, call->mig))
            memory.used += process->memory_bytes;
    }
    memory.used = memory.used < memory.total ? memory.used : memory.total;
    memory.free = memory.total - memory.used;
    return memory;
}

API nvmlDeviceGetMemoryInfo(void *handle, Memory *memory) {
    ENTER(nvmlDeviceGetMemoryInfo, handle);
    *memory = memory_of(&call);
    return leave(SUCCESS);
}

API nvmlDeviceGetMemoryInfo_v2(void *handle, Memory2 *memory) {
    ENTER(nvmlDeviceGetMemoryInfo, handle);
    Memory known = memory_of(&call);
    *memory = (Memory2){memory->version, known.total, 0, known.free, known.used};
    return leave(SUCCESS);
}

/* ---- state ---- */

static int clock_mhz(const Call *call, unsigned kind, unsigned sm_mhz, unsigned *clock) {
    return kind > 3 ? leave(INVALID_ARGUMENT) : give(clock, kind == 2 ? call->device->memory_clock_mhz : sm_mhz);
}

API nvmlDeviceGetClockInfo(void *handle, unsigned kind, unsigned *clock) {
    ENTER_WHOLE(nvmlDeviceGetClockInfo, handle);
    return clock_mhz(&call, kind, call.device->sm_clock_mhz, clock);
}

API nvmlDeviceGetMaxClockInfo(void *handle, unsigned kind, unsigned *clock) {
    ENTER_WHOLE(nvmlDeviceGetMaxClockInfo, handle);
    return clock_mhz(&call, kind, call.device->sm_clock_max_mhz, clock);
}

API nvmlDeviceGetTemperature(void *handle, unsigned sensor, unsigned *temperature) {
    ENTER_WHOLE(nvmlDeviceGetTemperature, handle);
    return sensor ? leave(INVALID_ARGUMENT) : give(temperature, call.device->temperature_c);
}

API nvmlDeviceGetTemperatureV(void *handle, Temperature *temperature) {
    ENTER_WHOLE(nvmlDeviceGetTemperature, handle);
    temperature->temperature = (int)call.device->temperature_c;
    return leave(SUCCESS);
}

/* ---- MIG ---- */

API nvmlDeviceGetMigMode(void *handle, unsigned *now, unsigned *pending) {
    ENTER_WHOLE(nvmlDeviceGetMigMode, handle);
    if (call.device->compute_major < 8 || call.device->compute_minor) /* MIG came with GA100, compute capability 8.0 */
        return leave(NOT_SUPPORTED);
    *pending = call.device->mig_mode;
    return give(now, call.device->mig_mode);
}

GIVES(nvmlDeviceGetMaxMigDeviceCount, call.device->mig_mode ? 7 : 0)

API nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned index, void **mig) {
    ENTER_WHOLE(nvmlDeviceGetMigDeviceHandleByIndex, handle);
    if (!call.device->mig_mode)
        return leave(NOT_SUPPORTED);
    if (index >= call.device->mig_count)
        return leave(NOT_FOUND);
    return give_handle(&call, call.device, index + 1, mig);
}

API nvmlDeviceGetDeviceHandleFromMigDeviceHandle(void *mig, void **handle) {
    ENTER(nvmlDeviceGetDeviceHandleFromMigDeviceHandle, mig);
    return call.mig ? give_handle(&call, call.device, 0, handle) : leave(NOT_FOUND);
}

API nvmlDeviceIsMigDeviceHandle(void *handle, unsigned *is_mig) {
    ENTER(nvmlDeviceIsMigDeviceHandle, handle);
    return give(is_mig, call.mig != NULL);
}

/* Only of MIG handles, which name a compute instance (NVML API Reference Guide, "Multi Instance GPU Management"). */
static int give_of_mig(const Call *call, unsigned *target, unsigned value) {
    return call->mig ? give(target, value) : leave(NOT_SUPPORTED);
}

API nvmlDeviceGetGpuInstanceId(void *handle, unsigned *number) {
    ENTER(nvmlDeviceGetGpuInstanceId, handle);
    return give_of_mig(&call, number, call.mig ? call.mig->instance : 0);
}

API nvmlDeviceGetComputeInstanceId(void *handle, unsigned *number) {
    ENTER(nvmlDeviceGetComputeInstanceId, handle);
    return give_of_mig(&call, number, call.mig ? call.mig->compute : 0);
}

API nvmlDeviceGetAttributes_v2(void *handle, Attributes *attributes) {
    ENTER(nvmlDeviceGetAttributes, handle);
    if (!call.mig)
        return leave(NOT_SUPPORTED);
    *attributes = (Attributes){.multiprocessors = 14 * call.mig->compute_slices, .gpu_slices = call.mig->slices,
                               .compute_slices = call.mig->compute_slices, .memory_mb = call.mig->memory_bytes >> 20};
    return leave(SUCCESS);
}

API nvmlDeviceGetAttributes(void *handle, Attributes *attributes) { return nvmlDeviceGetAttributes_v2(handle, attributes); }
