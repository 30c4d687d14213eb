/* Runstone for C and for every language that can call C. C++ includes <runstone/runstone.h>.
 *
 *   runstone_field options[] = {runstone_text("project", "demo"),
 *                               runstone_json("config", "{\"lr\": 0.1}")};
 *   runstone_run* run = NULL;
 *   if (runstone_init(options, 2, &run) != RUNSTONE_OK) {
 *     puts(runstone_last_error());
 *     return 1;
 *   }
 *   for (int i = 0; i < 100; ++i) {
 *     runstone_field row[] = {runstone_number("loss", 1.0 / (i + 1)), runstone_int("epoch", i)};
 *     runstone_log(run, row, 2);
 *   }
 *   runstone_finish(run, 0, NULL);
 *   runstone_run_free(run);
 *
 * The rules are those of the C++ and the Python class Run; a name here is the name there.
 *
 * - Every function that can fail gives a runstone_status. runstone_last_error() says what was
 *   wrong, for the last call of this thread that failed. Nothing throws. Only runstone_init(),
 *   runstone_finish() and what says so wait for the network.
 * - A handle is a ticket, not an address. NULL, a handle of another kind, one that was freed and
 *   one that never was are RUNSTONE_INVALID_HANDLE in every call. Freeing twice does no harm.
 * - Any function may be called from any thread, also with one handle from several threads.
 * - Text is UTF-8. Names, paths and titles end with a NUL; content has its size beside it. What
 *   goes in is copied or used up before the call returns. Text that comes out is freed by
 *   runstone_free().
 * - What has a name (a value of a row, a config key, an option) is a runstone_field. An option
 *   that does not exist is an error that names it.
 * - Structs and enumerators keep their layout and their numbers; what is new gets a new name.
 */
#ifndef RUNSTONE_H
#define RUNSTONE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUNSTONE_VERSION_MAJOR 0
#define RUNSTONE_VERSION_MINOR 1
#define RUNSTONE_VERSION_PATCH 0

/* Of the library that runs, maybe newer than this header: 10000 major + 100 minor + patch. */
uint32_t runstone_version(void);
/* The same as text, "0.1.0". */
const char* runstone_version_text(void);

/* --- errors --- */

typedef enum runstone_status {
  RUNSTONE_OK = 0,
  RUNSTONE_INVALID_ARGUMENT = 1,    /* the input is wrong: correct it */
  RUNSTONE_INVALID_TYPE = 2,        /* a value of a kind that cannot be taken here */
  RUNSTONE_NOT_FOUND = 3,           /* the thing named does not exist */
  RUNSTONE_CONFLICT = 4,            /* it exists already, or somebody else holds it */
  RUNSTONE_OUT_OF_RANGE = 5,        /* a number past what its field can hold */
  RUNSTONE_FAILED_PRECONDITION = 6, /* not in this state: the run is finished, the artifact final */
  RUNSTONE_CONFIG_LOCKED = 7,       /* a config value would change without permission */
  RUNSTONE_UNAUTHENTICATED = 8,     /* no key, or a wrong one */
  RUNSTONE_PERMISSION_DENIED = 9,   /* a key that may not do this */
  RUNSTONE_RESOURCE_EXHAUSTED = 10, /* a bound was reached: disk, memory, queue */
  RUNSTONE_UNAVAILABLE = 11,        /* the other side cannot be reached now */
  RUNSTONE_DEADLINE_EXCEEDED = 12,  /* the time given ran out */
  RUNSTONE_NOT_IMPLEMENTED = 13,    /* a feature that this version does not have */
  RUNSTONE_CORRUPT = 14,            /* bytes read back are not what was written */
  RUNSTONE_IO = 15,                 /* trouble with disk or network */
  RUNSTONE_INTERNAL = 16,           /* a bug in Runstone */
  RUNSTONE_INVALID_HANDLE = 17      /* NULL, freed, or a handle of another kind */
} runstone_status;

/* What the last call of this thread that failed had to say; "" before the first. Valid until the
 * next. */
const char* runstone_last_error(void);
/* "ok", "invalid_argument", ...; "unknown" for a number that is no status. */
const char* runstone_status_name(runstone_status status);

/* Frees text that a function gave. NULL does nothing. */
void runstone_free(char* text);

/* --- values with a name --- */

typedef struct runstone_run runstone_run;     /* one run */
typedef struct runstone_media runstone_media; /* an image, a histogram, ...: a value of a row */
typedef struct runstone_artifact runstone_artifact; /* a named, versioned set of files */

typedef enum runstone_kind {
  RUNSTONE_KIND_NULL = 0,
  RUNSTONE_KIND_BOOL = 1,   /* as.integer, 0 or 1 */
  RUNSTONE_KIND_INT = 2,    /* as.integer */
  RUNSTONE_KIND_NUMBER = 3, /* as.number; NaN and infinities are kept */
  RUNSTONE_KIND_TEXT = 4,   /* as.text, of `size` bytes */
  RUNSTONE_KIND_JSON = 5,   /* as.text, of `size` bytes: a JSON value, also with NaN and Infinity */
  RUNSTONE_KIND_MEDIA = 6,  /* as.media */
  RUNSTONE_KIND_MEDIA_LIST = 7 /* as.list, of `size` handles: a gallery */
} runstone_kind;

/* The key is a leaf path: labels joined by `.`, a literal `.` or `\` escaped by `\`. Without it a
 * key is one label, taken literally. For rows only. */
#define RUNSTONE_KEY_IS_PATH UINT32_C(1)

/* A key and its value, borrowed for the call. Made by the functions below, or filled in by hand. */
typedef struct runstone_field {
  const char* key;
  size_t key_size; /* bytes */
  int32_t kind;    /* a runstone_kind */
  uint32_t flags;  /* 0 or RUNSTONE_KEY_IS_PATH */
  union {
    int64_t integer;
    double number;
    const char* text;
    const runstone_media* media;
    const runstone_media* const* list;
  } as;
  size_t size; /* of text in bytes, of a list in handles; else 0 */
} runstone_field;

static inline runstone_field runstone_null(const char* key) {
  runstone_field field;
  memset(&field, 0, sizeof field);
  field.key = key;
  field.key_size = strlen(key);
  return field;
}
static inline runstone_field runstone_bool(const char* key, int value) {
  runstone_field field = runstone_null(key);
  field.kind = RUNSTONE_KIND_BOOL;
  field.as.integer = value != 0;
  return field;
}
static inline runstone_field runstone_int(const char* key, int64_t value) {
  runstone_field field = runstone_null(key);
  field.kind = RUNSTONE_KIND_INT;
  field.as.integer = value;
  return field;
}
static inline runstone_field runstone_number(const char* key, double value) {
  runstone_field field = runstone_null(key);
  field.kind = RUNSTONE_KIND_NUMBER;
  field.as.number = value;
  return field;
}
static inline runstone_field runstone_text(const char* key, const char* text) {
  runstone_field field = runstone_null(key);
  field.kind = RUNSTONE_KIND_TEXT;
  field.as.text = text;
  field.size = strlen(text);
  return field;
}
/* A nested dict or a list: `runstone_json("val", "{\"acc\": 0.9}")` logs the leaf val.acc. */
static inline runstone_field runstone_json(const char* key, const char* json) {
  runstone_field field = runstone_text(key, json);
  field.kind = RUNSTONE_KIND_JSON;
  return field;
}
static inline runstone_field runstone_object(const char* key, const runstone_media* media) {
  runstone_field field = runstone_null(key);
  field.kind = RUNSTONE_KIND_MEDIA;
  field.as.media = media;
  return field;
}
static inline runstone_field runstone_objects(const char* key, const runstone_media* const* list,
                                              size_t count) {
  runstone_field field = runstone_null(key);
  field.kind = RUNSTONE_KIND_MEDIA_LIST;
  field.as.list = list;
  field.size = count;
  return field;
}

/* --- a run --- */

/* Starts a run. Options: entity project dir id name notes tags (JSON list) config (JSON dict)
 * config_file (path of a YAML file, weaker than config) group job_type mode (online offline
 * disabled) force resume resume_from fork_from save_code allow_val_change config_exclude_keys
 * config_include_keys sync_tensorboard settings (JSON dict). Online, the server is asked for the
 * run's name, for 2 s at most. A program that ends by exit() or by the end of main() without
 * finishing its runs finishes them with its exit status. On failure *run is NULL. */
runstone_status runstone_init(const runstone_field* options, size_t count, runstone_run** run);

/* For a process that was started anew: logs into the run of another process on this machine, whose
 * property "child_token" is `token`. A forked child just goes on using its copy of the handle. */
runstone_status runstone_attach(const char* token, runstone_run** run);

/* Merges the fields into the open row and writes it as the next step. On return the row survives
 * SIGKILL of this process. Nothing of a row with an error in it is stored, and it uses up no step.
 */
runstone_status runstone_log(runstone_run* run, const runstone_field* fields, size_t count);

#define RUNSTONE_NO_STEP INT64_MIN /* the step that is open */
#define RUNSTONE_DEFAULT (-1)      /* commit: 1 without a step, 0 with one */

/* The same for row `step`, which a later step writes, or at once if `commit` is 1. `commit` 0 keeps
 * the row open for what comes. A step below the open one is ignored, with a warning on the
 * terminal. */
runstone_status runstone_log_step(runstone_run* run, const runstone_field* fields, size_t count,
                                  int64_t step, int commit);

/* The shortest road for many numbers: values[i] belongs to keys[i]. `key_sizes` may be NULL: then
 * each key ends with a NUL. After the first rows nothing is allocated. */
runstone_status runstone_log_numbers(runstone_run* run, const char* const* keys,
                                     const size_t* key_sizes, const double* values, size_t count);
runstone_status runstone_log_numbers_step(runstone_run* run, const char* const* keys,
                                          const size_t* key_sizes, const double* values,
                                          size_t count, int64_t step, int commit);

/* Options: step_metric step_sync hidden summary (comma separated: min max mean last first best copy
 * none) goal (minimize, maximize) overwrite. */
runstone_status runstone_define_metric(runstone_run* run, const char* name,
                                       const runstone_field* options, size_t count);

/* All or nothing. With allow_val_change 0, RUNSTONE_CONFIG_LOCKED if a key holds another value. */
runstone_status runstone_config_update(runstone_run* run, const runstone_field* values,
                                       size_t count, int allow_val_change);
/* Sets summary values by hand; null removes one. */
runstone_status runstone_summary_update(runstone_run* run, const runstone_field* values,
                                        size_t count);

/* Takes the files that match `pattern` into the run. Options: base_path policy (live now end) glob.
 * `paths` (may be NULL) gets a JSON list of where they are in the run's directory. */
runstone_status runstone_save(runstone_run* run, const char* pattern, const runstone_field* options,
                              size_t count, char** paths);

/* Options: level (INFO WARN ERROR) wait_duration (seconds in which more of this title are dropped).
 */
runstone_status runstone_alert(runstone_run* run, const char* title, const char* text,
                               const runstone_field* options, size_t count);
runstone_status runstone_mark_preempting(runstone_run* run);
/* What the program printed, in fragments of any size: the run's console log. */
runstone_status runstone_write_console(runstone_run* run, int is_stderr, const char* text,
                                       size_t size);

/* A fact about the run as text: id name notes tags project entity group job_type path url
 * project_url sweep_id sweep_url dir sync_dir offline disabled resumed finished is_child start_time
 * starting_step step row_count settings config summary status child_token, and should_stop: whether
 * somebody pressed stop in the pages; a program that asks ends by itself, any other gets SIGINT.
 * Truth values are "true" and "false"; tags, settings, config, summary and status are JSON. *text
 * is NULL for what the run has not (the url of an offline run). `size` may be NULL. */
runstone_status runstone_run_property(const runstone_run* run, const char* name, char** text,
                                      size_t* size);
/* name, notes, or tags (a JSON list). */
runstone_status runstone_run_set(runstone_run* run, const runstone_field* value);

typedef struct runstone_report {
  uint64_t rows;         /* written to the journal by this process */
  uint64_t lost_records; /* that the disk refused */
  uint64_t lost_media;   /* whose files the disk refused */
  uint64_t
      left_records;     /* online: not yet acknowledged by the server; `runstone sync` sends them */
  int32_t first_call;   /* 0: the run was finished before, nothing was done */
  int32_t delivered;    /* online: the server has acknowledged everything; else 1 */
  uint64_t reserved[4]; /* 0 */
} runstone_report;

/* Writes the open row and the exit record, and waits for delivery within the setting
 * finish_timeout. Exit code 0 is finished, all else failed. `report` may be NULL. A second call
 * does nothing. */
runstone_status runstone_finish(runstone_run* run, int exit_code, runstone_report* report);
/* Gives the handle back; a run that is not finished is, with exit code 0. */
void runstone_run_free(runstone_run* run);

/* --- media: made once, logged as values of rows by runstone_object(), then freed --- */

/* height x width x channels bytes, row by row; channels 1 (gray), 3 (RGB) or 4 (RGBA). `size` is
 * that of the array in bytes. Options: caption grouping file_type (png jpg jpeg bmp) boxes (JSON
 * dict). */
runstone_status runstone_image(const uint8_t* pixels, size_t size, int height, int width,
                               int channels, const runstone_field* options, size_t count,
                               runstone_media** image);
/* frames x height x width x channels bytes. Options: caption fps format (gif mp4 webm ogg). */
runstone_status runstone_video(const uint8_t* pixels, size_t size, int frames, int height,
                               int width, int channels, const runstone_field* options, size_t count,
                               runstone_media** video);
/* Samples of -1 to 1, channels beside each other; `size` counts samples, sample_rate is in Hz.
 * Options: caption. */
runstone_status runstone_audio(const float* samples, size_t size, int sample_rate, int channels,
                               const runstone_field* options, size_t count, runstone_media** audio);
/* How `count` values are distributed over bins of equal width, at most 512; 0 bins: 64. */
runstone_status runstone_histogram(const double* values, size_t count, int bins,
                                   runstone_media** histogram);
runstone_status runstone_histogram_of_floats(const float* values, size_t count, int bins,
                                             runstone_media** histogram);
/* counts[bins] between edges[bins + 1], which ascend. */
runstone_status runstone_histogram_of_counts(const double* counts, const double* edges, size_t bins,
                                             runstone_media** histogram);
/* A page of HTML. Options: inject (a base target and a plain style sheet; by default yes). */
runstone_status runstone_html(const char* text, size_t size, const runstone_field* options,
                              size_t count, runstone_media** html);
/* A file, kept as it is. `kind`: image video audio html object3d molecule. Options: caption. */
runstone_status runstone_media_file(const char* kind, const char* path,
                                    const runstone_field* options, size_t count,
                                    runstone_media** media);
void runstone_media_free(runstone_media* media);

/* --- artifacts --- */

/* A draft. Options: description metadata (JSON dict) incremental. */
runstone_status runstone_artifact_new(const char* name, const char* type,
                                      const runstone_field* options, size_t count,
                                      runstone_artifact** artifact);
/* Options: name (the path in the artifact) policy (mutable immutable) overwrite. */
runstone_status runstone_artifact_add_file(runstone_artifact* artifact, const char* path,
                                           const runstone_field* options, size_t count);
/* All below a folder. Options: name (the folder in the artifact) policy. */
runstone_status runstone_artifact_add_dir(runstone_artifact* artifact, const char* path,
                                          const runstone_field* options, size_t count);
/* Bytes as the file `path` of the artifact. Options: overwrite. */
runstone_status runstone_artifact_add_bytes(runstone_artifact* artifact, const char* path,
                                            const void* bytes, size_t size,
                                            const runstone_field* options, size_t count);
/* Options: name checksum max_objects. */
runstone_status runstone_artifact_add_reference(runstone_artifact* artifact, const char* uri,
                                                const runstone_field* options, size_t count);
/* An entry, or all below a folder. */
runstone_status runstone_artifact_remove(runstone_artifact* artifact, const char* path);
/* Takes the artifact into the run as a new version. It becomes final and is sent in the background.
 * Options: aliases tags (JSON lists). */
runstone_status runstone_log_artifact(runstone_run* run, runstone_artifact* artifact,
                                      const runstone_field* options, size_t count);
/* The same of a file, a folder or an address, as an artifact made for it. Options: name type (for a
 * model: "model") aliases tags. `artifact` may be NULL. */
runstone_status runstone_log_path(runstone_run* run, const char* path,
                                  const runstone_field* options, size_t count,
                                  runstone_artifact** artifact);
/* A version of the server, "[[entity/]project/]name[:alias]", and a note there that this run used
 * it. Waits for the network. Options: type (that it must have). */
runstone_status runstone_use_artifact(runstone_run* run, const char* name,
                                      const runstone_field* options, size_t count,
                                      runstone_artifact** artifact);
/* Puts a version into a collection, "[[entity/]project/]collection". Waits for the network.
 * Options: aliases (JSON list). */
runstone_status runstone_link_artifact(runstone_run* run, runstone_artifact* artifact,
                                       const char* target_path, const runstone_field* options,
                                       size_t count);
/* Brings the content of a version into a folder and checks it; `path` (may be NULL) gets the
 * folder's. Waits for the network. Options: root path_prefix skip_cache allow_missing_references.
 */
runstone_status runstone_artifact_download(runstone_artifact* artifact,
                                           const runstone_field* options, size_t count,
                                           char** path);
/* RUNSTONE_CORRUPT if a file in the folder is foreign, missing or changed. `root` NULL: where
 * download puts it. */
runstone_status runstone_artifact_verify(runstone_artifact* artifact, const char* root);
/* Brings a file of a run from the server; `path` (may be NULL) gets where it is. Options: run_path
 * (by default this run's) root replace. */
runstone_status runstone_restore(runstone_run* run, const char* name, const runstone_field* options,
                                 size_t count, char** path);
/* Waits (for the network) until the server has committed it; timeout_secs 0: as long as it takes.
 */
runstone_status runstone_artifact_wait(runstone_artifact* artifact, double timeout_secs);
/* As text: name type description metadata (JSON) digest size id state entries (JSON) is_final
 * is_sent is_link; of a version on a server (else RUNSTONE_FAILED_PRECONDITION) also version entity
 * project collection qualified_name url aliases (JSON) tags (JSON). */
runstone_status runstone_artifact_property(const runstone_artifact* artifact, const char* name,
                                           char** text, size_t* size);
void runstone_artifact_free(runstone_artifact* artifact);

/* --- what runs say to people --- */

typedef enum runstone_level {
  RUNSTONE_LEVEL_INFO = 0,
  RUNSTONE_LEVEL_WARNING = 1,
  RUNSTONE_LEVEL_ERROR = 2
} runstone_level;

/* One line, without its end. Called from any thread, but never inside a call that holds a lock. */
typedef void (*runstone_printer)(void* user, runstone_level level, const char* line, size_t size);
/* Who gets the lines of the runs that are started from now on; NULL: standard error. */
void runstone_set_printer(runstone_printer printer, void* user);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* RUNSTONE_H */
