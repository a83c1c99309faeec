//! What the REST and Bulk APIs say of queries and records (fact sheet §5.6, §5.7, §6).

use super::{Area, Diagnosis, Retry};

const REST: Diagnosis = Diagnosis {
    area: Area::Rest,
    ..super::BLANK
};

/// The entries.
pub(super) static ENTRIES: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-2040",
        error: "MALFORMED_QUERY",
        cause: "the SOQL cannot be parsed",
        setting: "the caret in the message",
        fix: "correct the query where the caret points; `accredit query --check SOQL` parses it \
              without asking the org",
        ..REST
    },
    Diagnosis {
        code: "ACC-2041",
        error: "INVALID_FIELD",
        cause: "the object has no such field, or the user may not see it",
        setting: "Setup > Object Manager > the object > Fields; field-level security of the user",
        fix: "correct the API name (custom fields end in __c, relations in __r), or make the field \
              visible to the user",
        ..REST
    },
    Diagnosis {
        code: "ACC-2042",
        error: "INVALID_TYPE",
        cause: "there is no such object, or the user may not see it",
        setting: "Setup > Object Manager; object permissions of the user",
        fix: "correct the API name (custom objects end in __c), or give the user Read on the \
              object",
        ..REST
    },
    Diagnosis {
        code: "ACC-2043",
        error: "INVALID_QUERY_LOCATOR",
        cause: "the next page is no longer there: pages belong to a session and are kept for two \
                days",
        setting: "the time between two pages, and the session that asked",
        fix: "run the query again from its start",
        ..REST
    },
    Diagnosis {
        code: "ACC-2044",
        error: "QUERY_TIMEOUT",
        cause: "the query took too long",
        setting: "the filters of the query",
        fix: "filter by an indexed field, ask for fewer records, or use Bulk API",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2045",
        error: "REQUIRED_FIELD_MISSING",
        cause: "a field that must be set is not",
        setting: "the fields that the message lists",
        fix: "send a value for each of them",
        ..REST
    },
    Diagnosis {
        code: "ACC-2046",
        error: "MALFORMED_ID",
        cause: "an id is not one: it has 15 or 18 letters and digits, and the last three of 18 are \
                a checksum",
        setting: "the field that the message names",
        fix: "copy the id again",
        ..REST
    },
    Diagnosis {
        code: "ACC-2047",
        error: "JSON_PARSER_ERROR",
        cause: "the body is no JSON, or a value is of another type than its field",
        setting: "the line and column in the message",
        fix: "correct the value; numbers stand without quotes, times are like 2026-01-31T10:00:00Z",
        ..REST
    },
    Diagnosis {
        code: "ACC-2048",
        error: "INVALID_FIELD_FOR_INSERT_UPDATE",
        cause: "a field cannot be written, at all or by this user",
        setting: "field-level security of the user",
        fix: "leave the field out, or make it editable for the user's profile",
        ..REST
    },
    Diagnosis {
        code: "ACC-2049",
        error: "STRING_TOO_LONG",
        cause: "a value is longer than its field",
        setting: "Setup > Object Manager > the object > the field > Length",
        fix: "shorten the value or lengthen the field",
        ..REST
    },
    Diagnosis {
        code: "ACC-2050",
        error: "DUPLICATE_VALUE",
        cause: "another record has this value in a unique field; the message has its id",
        setting: "the unique or external id field",
        fix: "update that record (upsert does it by itself), or send another value",
        ..REST
    },
    Diagnosis {
        code: "ACC-2051",
        error: "DUPLICATES_DETECTED",
        cause: "a duplicate rule took the record for one that is there",
        setting: "Setup > Duplicate Rules",
        fix: "use the record that is there, or send Sforce-Duplicate-Rule-Header: allowSave=true",
        ..REST
    },
    Diagnosis {
        code: "ACC-2052",
        error: "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        cause: "a validation rule of the org refused the record; the message is the rule's",
        setting: "Setup > Object Manager > the object > Validation Rules",
        fix: "send values that the rule allows",
        ..REST
    },
    Diagnosis {
        code: "ACC-2053",
        error: "UNABLE_TO_LOCK_ROW",
        cause: "another transaction holds the record or its parent",
        setting: "programs that write the same records at the same time",
        fix: "try again in a moment; write the records of one parent one after the other",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2054",
        error: "ENTITY_IS_DELETED",
        cause: "the record is in the recycle bin",
        setting: "the recycle bin",
        fix: "undelete it, or leave it out; --all-rows shows deleted records",
        ..REST
    },
    Diagnosis {
        code: "ACC-2055",
        error: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        cause: "a value is none of the restricted picklist",
        setting: "Setup > Object Manager > the object > the field > Values",
        fix: "send an API name of the list, or add the value",
        ..REST
    },
    Diagnosis {
        code: "ACC-2056",
        error: "STORAGE_LIMIT_EXCEEDED",
        cause: "the org's storage is full",
        setting: "Setup > Storage Usage",
        fix: "delete data or buy storage",
        ..REST
    },
    Diagnosis {
        code: "ACC-2057",
        error: "INVALID_EMAIL_ADDRESS",
        cause: "a value is no e-mail address",
        setting: "the field that the message names",
        fix: "correct the address",
        ..REST
    },
    Diagnosis {
        code: "ACC-2058",
        error: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        cause: "a trigger or flow of the org failed while the record was saved",
        setting: "Setup > Apex Triggers, Flows; the debug log of the user",
        fix: "read the message: it names the trigger, and the line",
        ..REST
    },
    Diagnosis {
        code: "ACC-2060",
        error: "FUNCTIONALITY_NOT_ENABLED",
        cause: "what was asked for is not switched on in the org, or not possible in Bulk API",
        setting: "the message",
        fix: "leave compound fields (addresses, geolocations) out of bulk queries, or enable the \
              feature",
        ..REST
    },
    Diagnosis {
        code: "ACC-2061",
        error: "INVALIDENTITY",
        cause: "the object does not support Bulk API",
        setting: "the object of the job",
        fix: "use the REST API for it",
        ..REST
    },
    Diagnosis {
        code: "ACC-2062",
        error: "JOB_NOT_COMPLETE",
        cause: "the results of a bulk job were asked for before it was done",
        setting: "the state of the job",
        fix: "wait until the state is JobComplete",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2063",
        error: "INVALIDJOB",
        cause: "there is no such bulk job, or it was made with another API version",
        setting: "the id of the job and --api-version",
        fix: "use the API version that made the job; jobs are kept for seven days",
        ..REST
    },
    Diagnosis {
        code: "ACC-2064",
        error: "INVALIDJOBSTATE",
        cause: "the bulk job is in a state that does not allow this",
        setting: "the state of the job",
        fix: "upload while it is Open, read results when it is JobComplete",
        ..REST
    },
    Diagnosis {
        code: "ACC-2065",
        error: "FEATURENOTENABLED",
        cause: "Bulk API is not switched on for the org or the user",
        setting: "Setup > Profiles > System Permissions > API Enabled; the org's edition",
        fix: "give the user API Enabled, or use an edition with Bulk API",
        ..REST
    },
    Diagnosis {
        code: "ACC-2066",
        error: "API_ERROR",
        cause: "Bulk API could not do what was asked; the message says why",
        setting: "the message",
        fix: "correct the request",
        ..REST
    },
];
