/* The muster destination ABI, generation 1.
 *
 * A destination is a shared library that exports one function, muster_destination_entry. The host
 * offers it a range of levels; it answers with a constant table of hooks. Everything else goes
 * through that table and through the tables that the host hands over.
 *
 * Rules that hold everywhere below
 *   Text      UTF-8 with a length, not NUL-terminated; data may be NULL when size is 0.
 *   Ownership everything passed to a function is borrowed until it returns; who keeps, copies.
 *             Neither side ever frees the other's memory.
 *   Growth    structs only grow at the end; struct_size says how much of one exists. Fields past it
 *             are absent, and mean their zero. Arrays carry a stride, the bytes from one element to
 *             the next: at least the size of level 1, a multiple of the alignment. But those of
 *             muster_text, which never grows.
 *   Errors    a hook returns a muster_status and fills the caller's muster_error when it is not
 *             MUSTER_OK. No text in it holds a secret or an identifier of a person.
 *   Unwinding no exception, longjmp or exit leaves a hook or a host function.
 *   Threads   each function carries a tag:
 *               [serial]      one call at a time for an instance, on any thread
 *               [concurrent]  any number of calls at once, on any threads
 *               [hook's]      on the thread that the hook was called on, until the hook returns
 *             A plugin may have threads of its own. Whatever they call of the host's they call
 *             while a hook of the instance runs, and return from before the hook does.
 *   Reserved  words named reserved are zero.
 *
 * Numbers such as ABI-5 name requirements: the words beside them say what they are.
 * This header is C11 and C++20 and includes nothing but what follows.
 */
#ifndef MUSTER_DESTINATION_H
#define MUSTER_DESTINATION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MUSTER_NOEXCEPT noexcept
extern "C" {
#else
#define MUSTER_NOEXCEPT
#endif

/* How much of a struct there must be so that `field` is in it. Readers test struct_size against the
 * last field that they need, never against sizeof: that grows with the header. (ABI-4) */
#ifdef __cplusplus
#define MUSTER_SIZE_UP_TO(type, field) (offsetof(type, field) + sizeof(type::field))
#else
#define MUSTER_SIZE_UP_TO(type, field) (offsetof(type, field) + sizeof(((type*)0)->field))
#endif

/* The highest level that this header describes. */
#define MUSTER_LEVEL 1u

typedef struct muster_text {
  const char* data;
  size_t size;
} muster_text;

/* ---- Errors ------------------------------------------------------------------------------- */

typedef int32_t muster_status;
enum {
  MUSTER_OK = 0,
  MUSTER_INVALID_ARGUMENT = 1, /* the caller broke this contract: an empty or over-size batch */
  MUSTER_NOT_SUPPORTED = 2,
  MUSTER_BAD_CONFIG = 3, /* a setting is unknown, missing or wrong; the message names its key */
  MUSTER_UNAUTHENTICATED = 4, /* the account must be connected again */
  MUSTER_FORBIDDEN = 5,       /* a permission is missing; the message names it */
  MUSTER_AUDIENCE_GONE = 6,   /* the audience that was referred to does not exist any more */
  MUSTER_AUDIENCE_TAKEN = 7,  /* the wanted name belongs to an audience that is not ours */
  MUSTER_UNAVAILABLE = 8,     /* later: retry_after_ms says when, -1 where that is not known */
  MUSTER_REJECTED = 9,        /* the destination refuses for good */
  MUSTER_CANCELLED = 10,
  MUSTER_OUT_OF_MEMORY = 11,
  MUSTER_INTERNAL = 12 /* a bug of the callee */
};

/* Given by the caller, with struct_size set and the rest zero; filled by the callee. Texts end with
 * NUL and are cut at a character boundary when they do not fit. (ABI-6) */
typedef struct muster_error {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t retry_after_ms; /* with MUSTER_UNAVAILABLE; -1 when not known */
  char code[64];          /* a stable machine word: "hubspot.missing_scope" */
  char message[512];      /* what happened, one sentence */
  char hint[256];         /* what the user can do next; may be empty */
} muster_error;

/* ---- What the host offers to a plugin ----------------------------------------------------- */

enum { MUSTER_LOG_DEBUG = 0, MUSTER_LOG_INFO = 1, MUSTER_LOG_WARNING = 2, MUSTER_LOG_ERROR = 3 };

typedef struct muster_host_context muster_host_context; /* the host's, opaque */

/* Valid from `create` until `destroy` returns. Every function is [concurrent]: what blocks on one
 * thread (`wait`, `next` of muster.http/1) holds no other thread up. The host keeps its run alive
 * while the hook's thread is in one of these two: a hook whose work is done on other threads calls
 * `wait` once a minute at least, rather than to join them only. */
typedef struct muster_host {
  uint32_t struct_size;
  uint32_t level;               /* as negotiated */
  muster_host_context* context; /* first argument of each function below */

  void (*log)(muster_host_context* context, int32_t severity, muster_text message) MUSTER_NOEXCEPT;

  /* Milliseconds since 1970-01-01 UTC. */
  int64_t (*now_ms)(muster_host_context* context) MUSTER_NOEXCEPT;
  /* Not 0 once the call that is running should come to an end; it then has 2 s. (ABI-9) */
  int32_t (*is_cancelled)(muster_host_context* context) MUSTER_NOEXCEPT;
  /* Milliseconds left for the call that is running; INT64_MAX without a limit. */
  int64_t (*remaining_ms)(muster_host_context* context) MUSTER_NOEXCEPT;
  /* The only sleep. Returns early, with MUSTER_CANCELLED, when the call is cancelled. */
  muster_status (*wait)(muster_host_context* context, int64_t ms) MUSTER_NOEXCEPT;

  /* Secrets of this connection, sealed by the host. MUSTER_INVALID_ARGUMENT while no hook but
   * map_identifiers runs. secret_get copies at most `capacity` bytes and
   * sets *size to the whole size, 0 when there is none; call again with more room when larger. */
  muster_status (*secret_get)(muster_host_context* context, muster_text name, char* buffer,
                              size_t capacity, size_t* size) MUSTER_NOEXCEPT;
  /* Durable on return; an empty value forgets the secret. What another process stored since this
   * instance last read or put the secret stays: read it again to learn which stands. Both fail when
   * the connection was given to another account meanwhile: the call must end. */
  muster_status (*secret_put)(muster_host_context* context, muster_text name,
                              muster_text value) MUSTER_NOEXCEPT;

  /* A table of the host's by id, such as MUSTER_HTTP_1; NULL when there is none. */
  const void* (*get_extension)(muster_host_context* context, muster_text id)MUSTER_NOEXCEPT;
} muster_host;

/* ---- Host extension muster.http/1 --------------------------------------------------------- */

#define MUSTER_HTTP_1 "muster.http/1"

typedef struct muster_http_header {
  muster_text name;
  muster_text value;
} muster_http_header;

typedef struct muster_http_request {
  uint32_t struct_size;
  uint32_t header_stride; /* bytes from one header to the next */
  muster_text method;     /* a token (RFC 9110): "GET" */
  muster_text url; /* https to a host of the manifest, or http to loopback; no secret in it */
  const muster_http_header* headers;
  size_t header_count;
  muster_text body;
  muster_text bucket; /* the pacing bucket, as named to `limit`; empty: not paced */
  int64_t timeout_ms; /* 0: the host's default */
} muster_http_request;

enum {
  MUSTER_HTTP_ANSWERED = 1,  /* status, headers and body are whole */
  MUSTER_HTTP_NOT_SENT = 2,  /* surely not sent: safe to repeat */
  MUSTER_HTTP_NO_ANSWER = 3, /* sent, perhaps applied, no whole answer */
  MUSTER_HTTP_CANCELLED = 4  /* given up; sent or not */
};

typedef struct muster_http_response {
  uint32_t struct_size;
  int32_t outcome;
  uint64_t tag; /* of the request */
  int32_t status;
  uint32_t header_stride;
  const muster_http_header* headers; /* borrowed, as body, until the next `next` */
  size_t header_count;
  muster_text body;
  muster_text error; /* why there was no answer */
} muster_http_response;

/* A completion queue of one connection: many requests in flight, answers in the order they come. */
typedef struct muster_http_1 {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial], with `next`: MUSTER_INVALID_ARGUMENT while another thread is in one of the two.
   * Queues a request; it is sent when its bucket allows. Everything is copied before it returns.
   * MUSTER_FORBIDDEN: the address is not one that the manifest allows. */
  muster_status (*start)(muster_host_context* context, const muster_http_request* request,
                         uint64_t tag, muster_error* error) MUSTER_NOEXCEPT;
  /* [serial], with `start`. Waits for the next finished request. MUSTER_INVALID_ARGUMENT: nothing
   * was started. Cancelled calls get every request back, as MUSTER_HTTP_CANCELLED at the latest. */
  muster_status (*next)(muster_host_context* context,
                        muster_http_response* response) MUSTER_NOEXCEPT;
  /* [concurrent] At most `requests` starts in any window of `window_ms`, of which the host uses the
   * share that the user grants. Called again with other figures, they replace the old ones. */
  muster_status (*limit)(muster_host_context* context, muster_text bucket, uint32_t requests,
                         int64_t window_ms) MUSTER_NOEXCEPT;
  /* [concurrent] Starts nothing of this bucket for `ms`. */
  muster_status (*pause)(muster_host_context* context, muster_text bucket,
                         int64_t ms) MUSTER_NOEXCEPT;
} muster_http_1;

/* ---- Connecting --------------------------------------------------------------------------- */

/* A setting of the connection, value as text. `auth.*` keys hold the user's credentials. */
typedef struct muster_setting {
  muster_text key;
  muster_text value;
} muster_setting;

typedef struct muster_settings {
  uint32_t struct_size;
  uint32_t stride;
  const muster_setting* items;
  size_t count;
} muster_settings;

enum {
  MUSTER_AUTH_BEGIN = 1,    /* report the URL to open, for redirect_uri, state, code_challenge */
  MUSTER_AUTH_COMPLETE = 2, /* take code and code_verifier, store tokens, report the account */
  MUSTER_AUTH_CHECK = 3,    /* stored credentials or static token: refresh if due, report account */
  MUSTER_AUTH_REVOKE = 4    /* revoke the tokens and forget them; done twice is done */
};

typedef struct muster_auth_request {
  uint32_t struct_size;
  int32_t step;
  muster_text redirect_uri;
  muster_text state;
  muster_text code_challenge; /* S256 (RFC 7636) */
  muster_text code;
  muster_text code_verifier;
} muster_auth_request;

/* Who a connection belongs to. */
typedef struct muster_account {
  uint32_t struct_size;
  uint32_t reserved;
  muster_text id;
  muster_text name;
  muster_text domain;
  muster_text time_zone;    /* IANA name, where known */
  muster_text scopes;       /* granted, separated by spaces */
  muster_text url;          /* page for a person */
  muster_text record_url;   /* page of a record, with {id} for its id; may be empty */
  muster_text audience_url; /* page of an audience, with {id} for its reference; may be empty */
} muster_account;

/* Every function is [hook's], as those of all sinks: a call on another thread changes nothing, and
 * is a fault of the plugin that fails the hook. */
typedef struct muster_auth_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*authorize_url)(void* context, muster_text url) MUSTER_NOEXCEPT;
  void (*account)(void* context, const muster_account* account) MUSTER_NOEXCEPT;
} muster_auth_sink;

/* ---- Identifiers -------------------------------------------------------------------------- */

enum {
  MUSTER_KIND_CREATES = 1u,  /* records can be created from it */
  MUSTER_KIND_IS_RECORD = 2u /* it is the destination's own record id */
};

typedef struct muster_identifier_kind {
  uint32_t struct_size;
  uint32_t flags;
  muster_text id;          /* "email" */
  muster_text description; /* what the column must hold, for people */
} muster_identifier_kind;

typedef struct muster_map_request {
  uint32_t struct_size;
  uint32_t reserved;
  muster_text kind;
  const muster_text* values;
  size_t count;
} muster_map_request;

/* Exactly one call for each index, in any order. [hook's] */
typedef struct muster_map_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  /* A canonical form of more than 4096 bytes is rejected. */
  void (*mapped)(void* context, size_t index, muster_text canonical) MUSTER_NOEXCEPT;
  /* `reason` is a word of the descriptor's reasons. */
  void (*rejected)(void* context, size_t index, muster_text reason) MUSTER_NOEXCEPT;
} muster_map_sink;

/* ---- Sync --------------------------------------------------------------------------------- */

enum {
  MUSTER_ADD = 1,
  MUSTER_REMOVE = 2,
  MUSTER_UPDATE = 3 /* of a member of the audience: write its properties, nothing else */
};
enum {
  /* An add that may not create a record, nor write to the audience before the record is known to
   * exist: a member that was dropped is looked for again. Otherwise NOT_FOUND. */
  MUSTER_OPERATION_MUST_EXIST = 1u
};

typedef struct muster_operation {
  uint32_t struct_size;
  int32_t kind;
  uint32_t flags;
  uint32_t property_count;
  muster_text identifier;        /* canonical; empty where only the record is known */
  muster_text record_id;         /* as reported before; empty where only the identifier is known */
  const muster_text* properties; /* values in the order of the request's property names */
} muster_operation;

enum {
  MUSTER_SYNC_CREATE_MISSING = 1u, /* records may be created */
  /* An earlier run announced that it would create the audience under audience_name and its answer
   * was lost: one of that name is ours. */
  MUSTER_SYNC_CREATION_BEGUN = 2u,
  /* The user has the audience of that name, if there is one, taken over as it is. */
  MUSTER_SYNC_ADOPT = 4u
};

typedef struct muster_sync_request {
  uint32_t struct_size;
  uint32_t flags;
  muster_text kind;              /* of the identifiers */
  muster_text cohort;            /* its name, for people */
  muster_text audience_name;     /* wanted */
  muster_text audience_ref;      /* as reported before; empty: there is none yet */
  muster_text audience_known_as; /* the name last reported with it: differs after a rename */
  const muster_text* property_names;
  size_t property_count;
  const muster_operation* operations;
  size_t operation_count; /* 1 to max_batch */
  size_t operation_stride;
  /* The source's columns that the properties come from, `property_count` of them: for people, and
   * to tell one mapping from another. NULL: not told. */
  const muster_text* property_columns;
} muster_sync_request;

/* Zero is UNSET and refused. (ABI-10, ABI-11) */
enum {
  MUSTER_OUTCOME_UNSET = 0,
  MUSTER_APPLIED = 1,
  MUSTER_UNCHANGED = 2,     /* already so */
  MUSTER_NOT_FOUND = 3,     /* no such record, and none was to be created */
  MUSTER_ITEM_REJECTED = 4, /* for good; reason and detail say why */
  /* Of an add or a remove: the audience surely did not change, though a record may have been made.
   * Of an update: surely not written. retry_after_ms, -1 where not known. */
  MUSTER_RETRY = 5,
  MUSTER_IN_DOUBT = 6, /* sent, answer lost */
  MUSTER_SKIPPED = 7   /* not tried: cancelled or out of time */
};
enum {
  MUSTER_OUTCOME_CREATED =
      1u, /* the record was made by this operation; with any kind but NOT_FOUND */
  /* With CREATED: without its properties, or without some of them, which the destination refused.
   * The host then sends them as an update, whose outcome speaks for them. */
  MUSTER_OUTCOME_VALUES_LEFT_OUT = 2u
};
/* The detail of an item that is IN_DOUBT although an answer came: it does not mention the item. The
 * host tries such items again a few times in a run; then they count as silently dropped. */
#define MUSTER_DETAIL_UNACCOUNTED "UNACCOUNTED"

typedef struct muster_outcome {
  uint32_t struct_size;
  int32_t kind;
  uint32_t flags;
  uint32_t reserved;
  int64_t retry_after_ms;
  /* With APPLIED and UNCHANGED of an add: required. With RETRY of a remove: the record that the
   * operation's was merged into, where it was; the host decides what becomes of that one. */
  muster_text record_id;
  muster_text reason; /* with ITEM_REJECTED: a word of the descriptor's reasons */
  /* The destination's own code, such as INVALID_EMAIL. With ITEM_REJECTED, one that begins with
   * INVALID_ says that the identifier itself is refused: the next run only looks for the member
   * (MUSTER_OPERATION_MUST_EXIST), where it adds others again. */
  muster_text detail;
} muster_outcome;

enum {
  MUSTER_AUDIENCE_CREATING = 1, /* about to be created under `name`: written ahead */
  MUSTER_AUDIENCE_READY = 2,    /* exists as `ref`, under `name` */
  MUSTER_AUDIENCE_ADOPTED = 3,  /* as READY; it was there before, made by someone else */
  /* Of the creations under `name` that were announced surely none came about: the announcement is
   * taken back. Never while the answer to one of them is in doubt. */
  MUSTER_AUDIENCE_NOT_CREATED = 4
};

typedef struct muster_audience {
  uint32_t struct_size;
  int32_t state;
  muster_text ref;
  muster_text name;
} muster_audience;

/* All is durable, or taken over for the batch's transaction, when they return. [hook's] */
typedef struct muster_sync_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  /* Exactly once for each index. MUSTER_INVALID_ARGUMENT, changing nothing, for a second report, an
   * index out of range, an unset or unknown kind. Items without a report are in doubt. */
  muster_status (*report)(void* context, size_t index,
                          const muster_outcome* outcome) MUSTER_NOEXCEPT;
  /* Before the audience is created, and before the first member is added to it. Anything but
   * MUSTER_OK: the host could not write it down; write nothing more, report what was done, return.
   */
  muster_status (*audience)(void* context, const muster_audience* audience) MUSTER_NOEXCEPT;
  /* Before records enter the audience: those that the operations did not name, `count` of them, by
   * the operations' indices. A kill behind the write then leaves them known: who leaves later is
   * found, whatever became of the identifier. Anything but MUSTER_OK: the host could not write them
   * down; write nothing more, report what was done (records that were made are told by CREATED),
   * return. */
  muster_status (*resolved)(void* context, const size_t* indices, const muster_text* record_ids,
                            size_t count) MUSTER_NOEXCEPT;
} muster_sync_sink;

/* ---- Plugin extensions -------------------------------------------------------------------- */

/* Streams the record ids of an audience. */
#define MUSTER_READBACK_1 "muster.readback/1"
/* [hook's] */
typedef struct muster_readback_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  /* A page of record ids, and the cursor that continues after it (empty after the last). */
  muster_status (*page)(void* context, const muster_text* record_ids, size_t count,
                        muster_text next_cursor) MUSTER_NOEXCEPT;
} muster_readback_sink;
typedef struct muster_readback_1 {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial] `cursor` empty: from the start. */
  muster_status (*read)(void* instance, muster_text audience_ref, muster_text cursor,
                        const muster_readback_sink* sink, muster_error* error) MUSTER_NOEXCEPT;
} muster_readback_1;

/* Says which identifiers have a record; writes nothing. */
#define MUSTER_LOOKUP_1 "muster.lookup/1"
/* [hook's] */
typedef struct muster_lookup_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  /* Once for each identifier that has a record; indexes not reported have none. */
  void (*found)(void* context, size_t index, muster_text record_id) MUSTER_NOEXCEPT;
  /* For an identifier that the destination refuses to look up: whether it has one is not known. */
  void (*refused)(void* context, size_t index) MUSTER_NOEXCEPT;
} muster_lookup_sink;
typedef struct muster_lookup_1 {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial] Canonical identifiers of `kind`, at most max_batch of them. */
  muster_status (*look_up)(void* instance, muster_text kind, const muster_text* identifiers,
                           size_t count, const muster_lookup_sink* sink,
                           muster_error* error) MUSTER_NOEXCEPT;
} muster_lookup_1;

/* Changes an audience because the user asked for it. Done twice is done. */
#define MUSTER_AUDIENCE_1 "muster.audience/1"
enum {
  MUSTER_AUDIENCE_EMPTY = 1,
  MUSTER_AUDIENCE_DELETE = 2,
  MUSTER_AUDIENCE_RESTORE = 3,
  MUSTER_AUDIENCE_RENAME = 4
};
typedef struct muster_audience_1 {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial] `name` with MUSTER_AUDIENCE_RENAME. */
  muster_status (*change)(void* instance, int32_t action, muster_text audience_ref,
                          muster_text name, muster_error* error) MUSTER_NOEXCEPT;
} muster_audience_1;

/* Foretells the calls of a plan; pure, no call is made. */
#define MUSTER_ESTIMATE_1 "muster.estimate/1"
typedef struct muster_estimate_request {
  uint32_t struct_size;
  uint32_t flags; /* of the sync request */
  muster_text kind;
  uint64_t adds;           /* by identifier */
  uint64_t adds_by_record; /* with a record id known */
  uint64_t removes;
  uint64_t missing;       /* adds whose record does not exist, where known; else UINT64_MAX */
  uint64_t audience_size; /* members expected afterwards; read back when verify is not 0 */
  uint32_t verify;
  uint32_t has_audience;
  uint64_t updates; /* of properties, by record id */
} muster_estimate_request;
typedef struct muster_estimate {
  uint32_t struct_size;
  uint32_t requests_per_window; /* the limit that paces them, before the user's share */
  uint64_t calls;
  int64_t window_ms;
} muster_estimate;
typedef struct muster_estimate_1 {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial] */
  muster_status (*estimate)(void* instance, const muster_estimate_request* request,
                            muster_estimate* estimate, muster_error* error) MUSTER_NOEXCEPT;
} muster_estimate_1;

/* ---- The plugin --------------------------------------------------------------------------- */

/* Constant for the life of the process. Required: every field but uninstall and get_extension,
 * which may be NULL. (ABI-5) */
typedef struct muster_destination {
  uint32_t struct_size;
  uint32_t level;      /* the level that the plugin was built for, within the offer */
  muster_text id;      /* as in the manifest: "hubspot" */
  muster_text name;    /* for people */
  muster_text version; /* of the plugin, for people */
  uint32_t max_batch;  /* operations in one sync call, and values in one look-up; at least 1 */
  uint32_t kind_stride;
  const muster_identifier_kind* kinds;
  size_t kind_count;
  const muster_text* reasons; /* every reason word that map_identifiers and sync may give */
  size_t reason_count;

  /* [concurrent] An instance for one connection, not NULL. No network, nothing but memory. `host`
   * is valid until `destroy` returns. MUSTER_BAD_CONFIG names the key at fault. */
  muster_status (*create)(const muster_host* host, const muster_settings* settings, void** instance,
                          muster_error* error) MUSTER_NOEXCEPT;
  /* [serial] The last call on an instance; joins what it started. */
  void (*destroy)(void* instance) MUSTER_NOEXCEPT;
  /* [serial] */
  muster_status (*authenticate)(void* instance, const muster_auth_request* request,
                                const muster_auth_sink* sink, muster_error* error) MUSTER_NOEXCEPT;
  /* [concurrent] Pure: no host call, the same answer each time; the canonical form maps to itself.
   */
  muster_status (*map_identifiers)(void* instance, const muster_map_request* request,
                                   const muster_map_sink* sink,
                                   muster_error* error) MUSTER_NOEXCEPT;
  /* [serial] One batch. The status speaks for the call, outcomes for the items. A batch may hold
   * adds and removes: nobody leaves to enter again. Of an add and a remove of one record, the add
   * wins (the remove: UNCHANGED, or RETRY where the add came to nothing); and while an add of the
   * batch has no final outcome and its record is not known, no remove is carried out (RETRY). */
  muster_status (*sync)(void* instance, const muster_sync_request* request,
                        const muster_sync_sink* sink, muster_error* error) MUSTER_NOEXCEPT;
  /* [serial] Ends this connection's grant at the destination; deletes nothing else. May be NULL. */
  muster_status (*uninstall)(void* instance, muster_error* error) MUSTER_NOEXCEPT;
  /* [concurrent] A table by id, such as MUSTER_READBACK_1; NULL when there is none. May be NULL. */
  const void* (*get_extension)(muster_text id)MUSTER_NOEXCEPT;
} muster_destination;

typedef struct muster_offer {
  uint32_t struct_size;
  uint32_t min_level;
  uint32_t max_level;
  uint32_t reserved;
  muster_text host_version; /* for logs, never for decisions */
} muster_offer;

#if defined(_WIN32)
#define MUSTER_EXPORT __declspec(dllexport)
#else
#define MUSTER_EXPORT __attribute__((visibility("default")))
#endif

/* The plugin's one exported function. Pure: the same answer each time, no allocation, no I/O. NULL,
 * with the error filled, when no level of the offer fits. (ABI-2, ABI-3) */
MUSTER_EXPORT const muster_destination* muster_destination_entry(
    const muster_offer* offer, muster_error* error) MUSTER_NOEXCEPT;
typedef const muster_destination* (*muster_destination_entry_function)(
    const muster_offer* offer, muster_error* error)MUSTER_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MUSTER_DESTINATION_H */
