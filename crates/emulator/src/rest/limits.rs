//! `/limits` and `/limits/recordCount`.

use accredit::clock::UnixTime;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, failed};
use crate::error::ApiError;
use crate::org::Org;

/// What there is of each thing in a day, a month or an hour in a Developer Edition org. Only calls
/// are counted.
const LIMITS: [(&str, u64); 45] = [
    ("ActiveScratchOrgs", 3),
    ("AnalyticsExternalDataSizeMB", 40_960),
    ("ConcurrentAsyncGetReportInstances", 200),
    ("ConcurrentEinsteinDataInsightsStoryCreation", 5),
    ("ConcurrentEinsteinDiscoveryStoryCreation", 2),
    ("ConcurrentSyncReportRuns", 20),
    ("DailyAnalyticsDataflowJobExecutions", 60),
    ("DailyAnalyticsUploadedFilesSizeMB", 51_200),
    ("DailyAsyncApexExecutions", 250_000),
    ("DailyAsyncApexTests", 500),
    ("DailyBulkApiBatches", 15_000),
    ("DailyBulkV2QueryFileStorageMB", 976_562),
    ("DailyBulkV2QueryJobs", 10_000),
    ("DailyDeliveredPlatformEvents", 10_000),
    ("DailyDurableGenericStreamingApiEvents", 10_000),
    ("DailyDurableStreamingApiEvents", 10_000),
    ("DailyEinsteinDataInsightsStoryCreation", 1_000),
    ("DailyEinsteinDiscoveryPredictAPICalls", 50_000),
    ("DailyEinsteinDiscoveryPredictionsByCDC", 500_000),
    ("DailyEinsteinDiscoveryStoryCreation", 100),
    ("DailyFunctionsApiCallLimit", 235_000),
    ("DailyGenericStreamingApiEvents", 10_000),
    ("DailyScratchOrgs", 6),
    ("DailyStandardVolumePlatformEvents", 10_000),
    ("DailyStreamingApiEvents", 10_000),
    ("DailyWorkflowEmails", 390),
    ("DataStorageMB", 5),
    ("DurableStreamingApiConcurrentClients", 20),
    ("FileStorageMB", 20),
    ("HourlyAsyncReportRuns", 1_200),
    ("HourlyDashboardRefreshes", 200),
    ("HourlyDashboardResults", 5_000),
    ("HourlyDashboardStatuses", 999_999_999),
    ("HourlyLongTermIdMapping", 100_000),
    ("HourlyODataCallout", 1_000),
    ("HourlyPublishedPlatformEvents", 50_000),
    ("HourlyPublishedStandardVolumePlatformEvents", 1_000),
    ("HourlyShortTermIdMapping", 100_000),
    ("HourlySyncReportRuns", 500),
    ("HourlyTimeBasedWorkflow", 50),
    ("MassEmail", 10),
    ("MonthlyEinsteinDiscoveryStoryCreation", 500),
    ("Package2VersionCreates", 6),
    ("SingleEmail", 15),
    ("StreamingApiConcurrentClients", 20),
];

/// What a call of `/limits…` is answered with.
pub(super) fn answer(org: &Org, call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET"])?;
    match path {
        [] => Ok(Answer::json(&limits(org, call.now))),
        ["recordCount"] => record_count(org, call),
        _ => Err(ApiError::not_found()),
    }
}

fn limits(org: &Org, now: UnixTime) -> Value {
    let count = org.usage().read(now);
    let whole = |max: u64| json!({"Max": max, "Remaining": max});
    let mut limits: Vec<(String, Value)> = LIMITS
        .iter()
        .map(|(name, max)| ((*name).to_owned(), whole(*max)))
        .collect();
    let left = count.max.saturating_sub(count.calls);
    let calls = json!({"Max": count.max, "Remaining": left});
    limits.push(("DailyApiRequests".to_owned(), calls));
    let mut sets = whole(1_500);
    if let Some(sets) = sets.as_object_mut() {
        sets.insert("CreateCustom".to_owned(), whole(1_000));
    }
    limits.push(("PermissionSets".to_owned(), sets));
    limits.sort_by(|(left, _), (right, _)| left.cmp(right));
    Value::Object(limits.into_iter().collect::<Map<_, _>>())
}

/// Objects that are not there are left out.
fn record_count(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    let schema = org.schema();
    let objects = match call.parameter("sObjects") {
        Some(names) => names
            .split(',')
            .filter_map(|name| schema.object(name.trim()))
            .collect(),
        None => schema.objects().iter().collect::<Vec<_>>(),
    };
    let mut counts = Vec::new();
    for object in objects
        .into_iter()
        .filter(|object| object.key_prefix.is_some())
    {
        let count = org.count(object).map_err(|error| failed(&error))?;
        counts.push(json!({"count": count, "name": object.name}));
    }
    Ok(Answer::json(&json!({"sObjects": counts})))
}
