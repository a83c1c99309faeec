//! Uploads and downloads, piece by piece.

use std::future::poll_fn;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};
use http::{HeaderValue, Method, StatusCode, header};
use hyper::body::{Body as _, Frame};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{Kind, finished, no_such_job, refused};
use crate::app::App;
use crate::error::ApiError;
use crate::org::Org;
use crate::org::bulk::{Job, Report, Slice, UPLOAD_MAX, UploadError};
use crate::rest::call::{Answer, Call, failed, unexpected};
use crate::rest::wire;

/// How many records a page of results has when nothing is said.
const PAGE: i64 = 50_000;

/// How many bytes of an upload are kept in one piece.
const PIECE: usize = 1_024 * 1_024;

/// How many bytes of a packed upload are unpacked in one go: a thousand times as many come out.
const PACKED_PIECE: usize = 4 * 1_024;

/// How many pieces of a download wait for the client.
const WAITING: usize = 4;

/// Whether a call goes over data that may be large.
pub(in crate::rest) fn is_transfer(call: &Call<'_>) -> bool {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["jobs", "ingest", _, "batches"] => true,
        ["jobs", "query", _, "results"] => true,
        ["jobs", "ingest", _, report] => report_named(report).is_some(),
        _ => false,
    }
}

fn report_named(name: &str) -> Option<Report> {
    match name.to_ascii_lowercase().as_str() {
        "successfulresults" => Some(Report::Successful),
        "failedresults" => Some(Report::Failed),
        "unprocessedrecords" => Some(Report::Unprocessed),
        _ => None,
    }
}

/// `PUT /jobs/ingest/ID/batches`
pub(in crate::rest) async fn upload(
    app: &App,
    call: &Call<'_>,
    body: Body,
) -> Result<Answer, ApiError> {
    call.allow(&["PUT"])?;
    let id = call.path.get(2).cloned().unwrap_or_default();
    let is_packed = match call.header("content-encoding") {
        None | Some("identity") => false,
        Some("gzip") => true,
        Some(_) => {
            return Err(refused(
                "INVALIDCONTENT",
                "Content-Encoding must be gzip or nothing",
            ));
        }
    };
    let job = super::find(app.org(), (Kind::Ingest, &id))?;
    let mut parts = Vec::new();
    let taken = take(app, (&job.id, &mut parts), (body, is_packed)).await;
    if taken.is_err() {
        app.org()
            .drop_upload(&job.id, &parts)
            .map_err(|error| failed(&error))?;
    }
    taken.map(|()| Answer::empty(StatusCode::CREATED))
}

/// Keeps a body piece by piece, and notes in `parts` what was kept.
async fn take(
    app: &App,
    (id, parts): (&str, &mut Vec<i64>),
    (mut body, is_packed): (Body, bool),
) -> Result<(), ApiError> {
    let mut unpacker = GzDecoder::new(Vec::new());
    let mut piece = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let cut_off = |_| refused("INVALIDCONTENT", "The upload was cut off");
        let Ok(data) = frame.map_err(cut_off)?.into_data() else {
            continue;
        };
        for part in data.chunks(PACKED_PIECE) {
            if is_packed {
                unpacker.write_all(part).map_err(not_gzip)?;
                piece.append(unpacker.get_mut());
            } else {
                piece.extend_from_slice(part);
            }
            if piece.len() >= PIECE {
                parts.push(keep(app, id, std::mem::take(&mut piece)).await?);
            }
        }
    }
    if is_packed {
        unpacker.try_finish().map_err(not_gzip)?;
        piece.append(unpacker.get_mut());
    }
    parts.push(keep(app, id, piece).await?);
    Ok(())
}

fn not_gzip(_: std::io::Error) -> ApiError {
    refused(
        "INVALIDCONTENT",
        "The upload is not what Content-Encoding says",
    )
}

async fn keep(app: &App, id: &str, piece: Vec<u8>) -> Result<i64, ApiError> {
    let (app, id) = (app.clone(), id.to_owned());
    let kept = spawn_blocking(move || app.org().upload(&id, &piece).map_err(|error| (error, id)));
    let kept = kept.await.map_err(|_| unexpected())?;
    kept.map_err(|(error, id)| match error {
        UploadError::Database(error) => failed(&error),
        UploadError::Closed(None) => no_such_job(&id),
        UploadError::Closed(Some(state)) => {
            let message = format!("Job {id} takes data while it is Open, and it is {state:?}");
            refused("INVALIDJOBSTATE", message)
        }
        UploadError::TooLarge => {
            let message = format!("The data of a job may have at most {UPLOAD_MAX} bytes");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            ApiError::framework(status, "REQUEST_ENTITY_TOO_LARGE", message)
        }
    })
}

/// What is downloaded.
enum Source {
    Result(Slice),
    Report(Report),
}

/// A download before its body.
struct Download {
    job: Job,
    source: Source,
    count: i64,
    locator: Option<String>,
}

/// `GET /jobs/query/ID/results` and the reports of ingest jobs.
pub(in crate::rest) fn download(app: &App, call: &Call<'_>) -> Result<Response, ApiError> {
    if call.method == Method::PUT {
        return Err(ApiError::not_found());
    }
    call.allow(&["GET"])?;
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let download = match path.as_slice() {
        ["jobs", "query", id, _] => {
            let job = finished(app.org(), call, (Kind::Query, id))?;
            result(call, job)?
        }
        [_, _, id, name] => {
            let job = finished(app.org(), call, (Kind::Ingest, id))?;
            report(job, report_named(name).unwrap_or(Report::Unprocessed))
        }
        _ => return Err(ApiError::not_found()),
    };
    Ok(respond(app.clone(), call, download))
}

fn report(job: Job, report: Report) -> Download {
    let count = match report {
        Report::Successful => job.processed - job.failed,
        Report::Failed => job.failed,
        Report::Unprocessed => 0,
    };
    Download {
        job,
        source: Source::Report(report),
        count,
        locator: None,
    }
}

fn result(call: &Call<'_>, job: Job) -> Result<Download, ApiError> {
    if job.task.version != call.version {
        let message = format!(
            "The job was created with API version {}.0",
            job.task.version
        );
        return Err(ApiError::framework(
            StatusCode::CONFLICT,
            "INVALIDVERSION",
            message,
        ));
    }
    let size = page_size(call)?;
    let start = match call.parameter("locator") {
        None => 0,
        Some(text) => offset(text)
            .filter(|start| *start < job.processed)
            .ok_or_else(|| refused("INVALIDLOCATOR", format!("Invalid locator: {text}")))?,
    };
    let end = start.saturating_add(size).min(job.processed);
    Ok(Download {
        locator: (end < job.processed).then(|| locator(end)),
        count: end - start,
        source: Source::Result(Slice { start, end }),
        job,
    })
}

fn page_size(call: &Call<'_>) -> Result<i64, ApiError> {
    let Some(text) = call.parameter("maxRecords") else {
        return Ok(PAGE);
    };
    text.parse().ok().filter(|size| *size > 0).ok_or_else(|| {
        let message = format!("maxRecords must be a number above zero, and it is {text}");
        refused("INVALIDPARAMETER", message)
    })
}

fn locator(offset: i64) -> String {
    STANDARD_NO_PAD.encode(offset.to_string())
}

fn offset(locator: &str) -> Option<i64> {
    let bytes = STANDARD_NO_PAD.decode(locator.trim_end_matches('=')).ok()?;
    let offset: i64 = String::from_utf8(bytes).ok()?.parse().ok()?;
    (offset > 0).then_some(offset)
}

/// `GET /jobs/query/ID/resultPages`
pub(super) fn pages(_: &Org, call: &Call<'_>, job: &Job) -> Result<Answer, ApiError> {
    let mut pages = Vec::new();
    let mut start = 0;
    loop {
        let query = if start == 0 {
            String::new()
        } else {
            format!("?locator={}", locator(start))
        };
        pages.push(json!({"resultLink": format!("/jobs/query/{}/results{query}", job.id)}));
        start += page_size(call)?;
        if start >= job.processed {
            break;
        }
    }
    Ok(Answer::json(
        &json!({"resultPages": pages, "nextRecordsUrl": null, "done": true}),
    ))
}

/// Sends a download while it is read.
fn respond(app: App, call: &Call<'_>, download: Download) -> Response {
    let is_packed = wire::accepts_gzip(call.headers);
    let count = download.count;
    let locator = download.locator.clone();
    let is_query = download.job.task.operation.is_query();
    let (sender, receiver) = mpsc::channel(WAITING);
    // It ends with the body: when the client goes away, its next piece is not taken.
    drop(spawn_blocking(move || {
        send(&app, &download, (&sender, is_packed))
    }));
    let mut response = Body::new(Pieces(receiver)).into_response();
    let headers = response.headers_mut();
    let csv = HeaderValue::from_static("text/csv");
    headers.insert(header::CONTENT_TYPE, csv);
    if is_packed {
        let gzip = HeaderValue::from_static("gzip");
        headers.insert(header::CONTENT_ENCODING, gzip);
    }
    if is_query {
        let locator = locator.unwrap_or_else(|| "null".to_owned());
        if let Ok(locator) = HeaderValue::try_from(locator) {
            headers.insert("sforce-locator", locator);
        }
        headers.insert("sforce-numberofrecords", HeaderValue::from(count));
    }
    response
}

/// What the reading side gets.
type Piece = Result<Bytes, std::io::Error>;

fn send(app: &App, download: &Download, (sender, is_packed): (&mpsc::Sender<Piece>, bool)) {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let mut out = |data: Vec<u8>| {
        let piece = if is_packed {
            packer
                .write_all(&data)
                .map(|()| std::mem::take(packer.get_mut()))
        } else {
            Ok(data)
        };
        match piece {
            Ok(piece) if piece.is_empty() => true,
            piece => sender.blocking_send(piece.map(Bytes::from)).is_ok(),
        }
    };
    let outcome = read(app.org(), download, &mut out);
    if let Err(error) = outcome {
        tracing::error!(%error, "a download broke off");
        let broken = std::io::Error::other("the download broke off");
        drop(sender.blocking_send(Err(broken)));
        return;
    }
    if is_packed && let Ok(rest) = packer.finish() {
        drop(sender.blocking_send(Ok(Bytes::from(rest))));
    }
}

fn read(
    org: &Org,
    download: &Download,
    out: &mut dyn FnMut(Vec<u8>) -> bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let job = &download.job;
    match download.source {
        Source::Report(report) => org.read_report(job, report, out),
        Source::Result(slice) => {
            if out(org.result_header(job)?) {
                org.read_result(job, slice, out)?;
            }
            Ok(())
        }
    }
}

/// A body whose pieces come from another thread.
struct Pieces(mpsc::Receiver<Piece>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let piece = self.0.poll_recv(context);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
