//! Jobs of Bulk API 2.0 (fact sheet §6): made, watched, ended.
//!
//! Owns the words of the wire about jobs, the patience with an org that does not answer for a
//! moment, and the new sign-in that an ended session allows. A job belongs to the org and not
//! to the session, so it goes on in another one. Results are read by `pages`.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accredit::http::{Upload, UreqClient};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_version as versions;
use crate::error::{CliError, Kind};
use crate::output::Output;
use crate::pause::{Pause, Pauses};
use crate::reach::Reach;
use crate::rest::{self, Failure, INSTANCE_URL_HINT, Org, no_url};
use crate::settings::network::{Traffic, client};
use crate::world::World;

mod lines;
pub(crate) mod pages;

use pages::Page;

/// How often a question is asked again that found nobody.
const TRIES: usize = 6;

/// The pauses between such questions.
pub(crate) const AFTER_FAILURE: Pauses =
    Pauses::doubling(Duration::from_millis(200), Duration::from_secs(10));

/// So many looks at a job in a row may find nobody: with what each of them waits, ten minutes.
const LOST_LOOKS_MAX: usize = 16;

/// The pause after a look that found nobody.
const AFTER_LOST_LOOK: Duration = Duration::from_secs(30);

/// The pauses between two looks at a job.
const BETWEEN_LOOKS: Pauses = Pauses::doubling(Duration::from_millis(200), Duration::from_secs(10));

/// So many looks take a day: Salesforce gives a job up before.
const LOOKS_MAX: usize = 9_000;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum State {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
    #[serde(other)]
    Unknown,
}

impl State {
    const fn is_end(self) -> bool {
        matches!(self, Self::JobComplete | Self::Failed | Self::Aborted)
    }
}

/// Which of the two kinds of jobs is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Query,
    Ingest,
}

impl Side {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Query => "jobs/query",
            Self::Ingest => "jobs/ingest",
        }
    }
}

/// A job as the org tells of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) state: State,
    #[serde(default)]
    pub(crate) object: String,
    pub(crate) operation: Option<String>,
    pub(crate) column_delimiter: Option<String>,
    api_version: Option<f64>,
    #[serde(default)]
    pub(crate) number_records_processed: u64,
    pub(crate) error_message: Option<String>,
}

impl Job {
    /// The version that made it: results are given to the same one only.
    pub(crate) fn version(&self) -> Option<String> {
        self.api_version.map(|version| format!("{version:.1}"))
    }
}

/// Reads the id of a job.
pub(crate) fn job_id(text: &str) -> Result<&str, CliError> {
    let is_id = matches!(text.len(), 15 | 18)
        && text.starts_with("750")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id {
        return Ok(text);
    }
    Err(
        CliError::usage(format!("{text:?} is not the id of a bulk job")).hint(
            "it begins with 750 and has 15 or 18 letters and digits; the command that was \
             interrupted printed it",
        ),
    )
}

/// An org and its jobs.
pub(crate) struct Jobs {
    pub(crate) client: UreqClient,
    /// For bodies of any length.
    pub(crate) streams: UreqClient,
    pub(crate) reach: Reach,
    pub(crate) version: String,
    pub(crate) pause: Arc<dyn Pause>,
}

impl Jobs {
    /// The jobs of the org that was reached, in the version that is asked for or the newest.
    pub(crate) fn open(
        reach: Reach,
        (timeout, version): (Option<&str>, Option<&str>),
        world: &World,
    ) -> Result<Self, CliError> {
        let environment = world.environment.as_ref();
        let url = reach.org.instance_url.as_str();
        let questions = client(environment, timeout, Traffic::Records, url)?;
        let streams = client(environment, timeout, Traffic::Streams, url)?;
        let version = match versions::given(version, environment)? {
            Some(version) => version,
            None => versions::newest(&reach.org, &questions)?,
        };
        Ok(Self {
            client: questions,
            streams,
            reach,
            version,
            pause: Arc::clone(&world.pause),
        })
    }

    /// The path of a resource below the version.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("/services/data/v{}/{below}", self.version)
    }

    /// The path of a job.
    pub(crate) fn path_of(&self, (side, id): (Side, &str)) -> String {
        self.path(&format!("{}/{id}", side.path()))
    }

    /// Makes a job. It is asked for once: who asks twice may have two.
    pub(crate) fn create(
        &mut self,
        side: Side,
        what: &Value,
        out: &mut Output,
    ) -> Result<Job, CliError> {
        let path = self.path(side.path());
        let client = self.client.clone();
        self.reach
            .ask(out, |org| send(org, &client, (&Method::POST, &path), what))
    }

    /// Looks at a job.
    pub(crate) fn look(&mut self, side: Side, id: &str, out: &mut Output) -> Result<Job, CliError> {
        let path = self.path_of((side, id));
        let client = self.client.clone();
        self.patiently(out, |org| {
            let body = org.get(&client, &path)?;
            read(&body, org.host()).map_err(Failure::from)
        })
    }

    /// Asks for another state.
    pub(crate) fn change(
        &mut self,
        (side, id): (Side, &str),
        state: &str,
        out: &mut Output,
    ) -> Result<Job, CliError> {
        let path = self.path_of((side, id));
        let client = self.client.clone();
        let what = json!({"state": state});
        self.reach.ask(out, |org| {
            send(org, &client, (&Method::PATCH, &path), &what)
        })
    }

    /// Forgets a job that has ended, and its files.
    pub(crate) fn delete(
        &mut self,
        (side, id): (Side, &str),
        out: &mut Output,
    ) -> Result<(), CliError> {
        let path = self.path_of((side, id));
        let client = self.client.clone();
        self.reach.ask(out, |org| {
            let request = org.begin(&Method::DELETE, &path)?;
            let request = request.body(Vec::new()).map_err(no_url)?;
            let reply = client.send_blocking(request).map_err(CliError::from)?;
            if reply.status().is_success() {
                return Ok(());
            }
            Err(rest::failure(&reply, org.host()))
        })
    }

    /// Ends a job that takes data or works. It is asked for once: there may be little time.
    pub(crate) fn abort(client: &UreqClient, org: &Org, path: &str) -> Result<(), CliError> {
        let what = json!({"state": "Aborted"});
        send(org, client, (&Method::PATCH, path), &what)
            .map(drop)
            .map_err(Failure::into_error)
    }

    /// Looks at a job until it has ended, and tells `seen` of each look.
    pub(crate) fn wait(
        &mut self,
        (side, id): (Side, &str),
        out: &mut Output,
        mut seen: impl FnMut(&Job),
    ) -> Result<Job, CliError> {
        for pause in BETWEEN_LOOKS.take(LOOKS_MAX) {
            let waits = Arc::clone(&self.pause);
            let job = through_silence(waits.as_ref(), || self.look(side, id, out))?;
            seen(&job);
            if job.state.is_end() {
                return Ok(job);
            }
            self.pause.pause(pause);
        }
        let host = self.reach.org.host();
        let what = format!("the job {id} at {host} has not ended within a day");
        Err(CliError::new(Kind::Unreachable, what))
    }

    /// Fetches a table whole. It lies in `folder` for a while.
    pub(crate) fn table(
        &mut self,
        path: &str,
        folder: &Path,
        out: &mut Output,
    ) -> Result<Page, CliError> {
        let client = self.streams.clone();
        self.patiently(out, |org| pages::table((&client, org), (path, folder)))
    }

    /// Gives an open job its data, in one piece.
    pub(crate) fn upload(
        &self,
        id: &str,
        (data, length): (Box<dyn Read + Send>, u64),
    ) -> Result<(), Failure> {
        let path = self.path(&format!("{}/{id}/batches", Side::Ingest.path()));
        let org = &self.reach.org;
        let request = org
            .begin(&Method::PUT, &path)?
            .header(CONTENT_TYPE, HeaderValue::from_static("text/csv"))
            .header(CONTENT_LENGTH, HeaderValue::from(length))
            .body(Upload::Reader(data))
            .map_err(no_url)?;
        let reply = self.streams.stream_blocking(request);
        let reply = reply.map_err(CliError::from)?;
        if reply.status().is_success() {
            return Ok(());
        }
        Err(pages::refused(reply, org.host()))
    }

    /// Asks until there is an answer, a few times; an ended session is renewed once. For questions
    /// that may be asked twice.
    pub(crate) fn patiently<T>(
        &mut self,
        out: &mut Output,
        ask: impl Fn(&Org) -> Result<T, Failure>,
    ) -> Result<T, CliError> {
        let pause = Arc::clone(&self.pause);
        self.reach
            .ask(out, |org| patiently(pause.as_ref(), || ask(org)))
    }
}

/// Asks until there is an answer that another try would not change, a few times.
pub(crate) fn patiently<T>(
    pause: &dyn Pause,
    ask: impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    for span in AFTER_FAILURE.take(TRIES - 1) {
        match ask() {
            Err(Failure::Final(error)) if may_pass(&error) => pause.pause(span),
            answered => return answered,
        }
    }
    ask()
}

/// Looks at what goes on without us until there is an answer, for minutes.
fn through_silence<T>(
    pause: &dyn Pause,
    mut look: impl FnMut() -> Result<T, CliError>,
) -> Result<T, CliError> {
    for _ in 1..LOST_LOOKS_MAX {
        match look() {
            Err(error) if may_pass(&error) => pause.pause(AFTER_LOST_LOOK),
            answered => return answered,
        }
    }
    look()
}

/// Whether another try may help.
pub(crate) fn may_pass(error: &CliError) -> bool {
    let is_used_up = error.code() == Some("ACC-2007");
    matches!(error.kind(), Kind::Unreachable | Kind::RateLimited) && !is_used_up
}

fn send(
    org: &Org,
    client: &UreqClient,
    (method, path): (&Method, &str),
    what: &Value,
) -> Result<Job, Failure> {
    let request = org
        .begin(method, path)?
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(what.to_string().into_bytes())
        .map_err(no_url)?;
    let reply = client.send_blocking(request).map_err(CliError::from)?;
    if reply.status().is_success() {
        return Ok(read(reply.body(), org.host())?);
    }
    Err(rest::failure(&reply, org.host()))
}

fn read(body: &[u8], host: &str) -> Result<Job, CliError> {
    let job = serde_json::from_slice::<Job>(body).ok();
    // The id becomes a part of paths.
    let job = job.filter(|job| job_id(&job.id).is_ok());
    job.ok_or_else(|| {
        CliError::other(format!(
            "{host} answered with something that is no bulk job"
        ))
        .hint(INSTANCE_URL_HINT)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::pause::tests::Noted;

    #[test]
    fn a_question_is_asked_again_with_growing_pauses_and_not_for_ever() {
        let (asked, pause) = (Cell::new(0), Noted::default());
        let ask = |ends_at: usize, kind: Kind| {
            asked.set(0);
            patiently(&pause, || {
                asked.set(asked.get() + 1);
                if asked.get() == ends_at {
                    return Ok(());
                }
                Err(CliError::new(kind, "x").into())
            })
        };
        ask(3, Kind::Unreachable).unwrap();
        assert_eq!(asked.get(), 3);
        ask(100, Kind::RateLimited).unwrap_err();
        assert_eq!(asked.get(), TRIES);
        ask(100, Kind::Refused).unwrap_err();
        assert_eq!(asked.get(), 1);
        let paused = pause.0.into_inner().unwrap();
        let paused: Vec<u128> = paused.iter().map(Duration::as_millis).collect();
        assert_eq!(paused, [200, 400, 200, 400, 800, 1600, 3200]);
    }

    #[test]
    fn a_job_is_waited_for_through_minutes_of_silence_and_not_for_ever() {
        let (pause, asked) = (Noted::default(), Cell::new(0));
        let nobody = || {
            asked.set(asked.get() + 1);
            match asked.get() {
                10 => Ok(()),
                _ => Err(CliError::new(Kind::Unreachable, "x")),
            }
        };
        through_silence(&pause, nobody).unwrap();
        through_silence(&pause, nobody).unwrap_err();
        assert_eq!(asked.get(), 10 + LOST_LOOKS_MAX);
        let refused = || Err::<(), _>(CliError::new(Kind::Refused, "x"));
        through_silence(&pause, refused).unwrap_err();
        let paused: Duration = pause.0.into_inner().unwrap().into_iter().sum();
        assert_eq!(paused, AFTER_LOST_LOOK * (9 + 15));
    }

    #[test]
    fn the_id_of_a_job_cannot_leave_its_path() {
        let with = |id: &str| format!(r#"{{"id":"{id}","state":"Open"}}"#);
        assert!(read(with("750R0000000zlh9IAA").as_bytes(), "h").is_ok());
        assert!(read(with("750/../../x").as_bytes(), "h").is_err());
    }

    #[test]
    fn ids_of_jobs_are_told_from_paths() {
        for (text, is_id) in [
            ("750R0000000zlh9IAA", true),
            ("750R0000000zlh9", true),
            ("001R0000000zlh9", false),
            ("750R0000000zl/..", false),
            ("", false),
        ] {
            assert_eq!(job_id(text).is_ok(), is_id, "{text}");
        }
    }
}
