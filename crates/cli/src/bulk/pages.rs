//! The result of a query job: pages of a table, several on their way at once, given in order.
//!
//! Owns where the pages are (the list of `resultPages`, else one locator after the other), and that
//! a page is whole before anybody sees it: each lies in a file without a name until its records are
//! counted. So memory does not grow, and a page that broke off is fetched again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use accredit::http::{Download, Upload, UreqClient};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;

use super::lines::Lines;
use super::{Job, Jobs, Side, patiently};
use crate::error::{CliError, Kind};
use crate::files;
use crate::output::Output;
use crate::pause::Pause;
use crate::rest::{self, Failure, Org, escape, no_url};

/// How many pages are fetched at once.
const AT_ONCE: usize = 4;

/// How many records a page has where the org lists none.
const PAGE_RECORDS: u32 = 50_000;

/// The most pages of a result: more than an org holds.
const PAGES_MAX: usize = 1_000_000;

/// So many parts of the list may follow each other without a page.
const EMPTY_PARTS_MAX: usize = 1_000;

/// The longest answer that is no table, in bytes.
const REFUSAL_LENGTH_MAX: u64 = 64 * 1024;

/// A whole page.
#[derive(Debug)]
pub(crate) struct Page {
    file: File,
    header_length: u64,
    pub(crate) records: u64,
    next: Option<String>,
}

impl Page {
    /// The table with its header.
    pub(crate) fn whole(&mut self) -> io::Result<&mut File> {
        self.file.rewind()?;
        Ok(&mut self.file)
    }

    /// The lines after the header.
    pub(crate) fn body(&mut self) -> io::Result<&mut File> {
        self.file.seek(SeekFrom::Start(self.header_length))?;
        Ok(&mut self.file)
    }

    /// The first line.
    pub(crate) fn header(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let length = self.header_length;
        self.whole()?.take(length).read_to_end(&mut line)?;
        Ok(line)
    }
}

/// Pages that are still to come.
pub(crate) struct Pages {
    source: Fetcher,
    /// Known and not asked for yet.
    paths: VecDeque<String>,
    /// Where the list of pages goes on.
    list: Option<String>,
    /// The results without a locator, if pages come one by one.
    one_by_one: Option<String>,
    on_the_way: VecDeque<OnTheWay>,
    asked: usize,
}

/// A page that a thread fetches.
struct OnTheWay {
    path: String,
    /// Whom it asks: its token may have ended in the meantime.
    org: Arc<Org>,
    thread: JoinHandle<Result<Page, Failure>>,
}

/// What a thread needs to fetch a page.
#[derive(Clone)]
struct Fetcher {
    client: UreqClient,
    org: Arc<Org>,
    pause: Arc<dyn Pause>,
    folder: PathBuf,
}

impl Pages {
    /// Finds out where the pages of `job` are. They lie in `folder` for a while.
    pub(crate) fn of(
        job: &Job,
        folder: &Path,
        jobs: &mut Jobs,
        out: &mut Output,
    ) -> Result<Self, CliError> {
        let results = jobs.path(&format!("{}/{}/results", Side::Query.path(), job.id));
        let list = jobs.path(&format!("{}/{}/resultPages", Side::Query.path(), job.id));
        let mut this = Self {
            source: Fetcher {
                client: jobs.streams.clone(),
                org: Arc::clone(&jobs.reach.org),
                pause: Arc::clone(&jobs.pause),
                folder: folder.to_owned(),
            },
            paths: VecDeque::new(),
            list: Some(list),
            one_by_one: None,
            on_the_way: VecDeque::new(),
            asked: 0,
        };
        this.find(jobs, out)?;
        if this.paths.is_empty() {
            let first = format!("{results}?maxRecords={PAGE_RECORDS}");
            this.paths.push_back(first.clone());
            this.one_by_one = Some(first);
        }
        Ok(this)
    }

    /// Gives the next page, or nothing after the last.
    pub(crate) fn next(
        &mut self,
        jobs: &mut Jobs,
        out: &mut Output,
    ) -> Result<Option<Page>, CliError> {
        self.start_more(jobs, out)?;
        let Some(OnTheWay { path, org, thread }) = self.on_the_way.pop_front() else {
            return Ok(None);
        };
        let page = match joined(thread) {
            Err(Failure::SessionEnded(error)) => {
                // Another page may have met the end of the session before.
                if Arc::ptr_eq(&org, &jobs.reach.org) {
                    if !jobs.reach.can_renew() {
                        return Err(error);
                    }
                    jobs.reach.renew(out)?;
                }
                self.source.org = Arc::clone(&jobs.reach.org);
                self.source.fetch(&path)
            }
            page => page,
        };
        let page = page.map_err(Failure::into_error)?;
        jobs.reach.prove();
        if let (Some(first), Some(locator)) = (&self.one_by_one, &page.next) {
            let next = format!("{first}&locator={}", escape(locator));
            if next == path {
                return Err(loops());
            }
            self.paths.push_back(next);
        }
        // While this page is written, others come.
        self.start_more(jobs, out)?;
        Ok(Some(page))
    }

    fn start_more(&mut self, jobs: &mut Jobs, out: &mut Output) -> Result<(), CliError> {
        while self.on_the_way.len() < AT_ONCE {
            self.find(jobs, out)?;
            let Some(path) = self.paths.pop_front() else {
                return Ok(());
            };
            self.asked += 1;
            if self.asked > PAGES_MAX {
                return Err(loops());
            }
            let (source, asked) = (self.source.clone(), path.clone());
            let thread = thread::Builder::new()
                .name("accredit-page".to_owned())
                .spawn(move || source.fetch(&asked));
            let thread = thread.map_err(|error| CliError::other("no thread").with_source(error))?;
            let org = Arc::clone(&self.source.org);
            self.on_the_way.push_back(OnTheWay { path, org, thread });
        }
        Ok(())
    }

    /// Reads the list on until there is a page: a part of it may have none.
    fn find(&mut self, jobs: &mut Jobs, out: &mut Output) -> Result<(), CliError> {
        for _ in 0..EMPTY_PARTS_MAX {
            if !self.paths.is_empty() || self.list.is_none() {
                return Ok(());
            }
            self.go_on(jobs, out)?;
        }
        if self.paths.is_empty() && self.list.is_some() {
            return Err(loops());
        }
        Ok(())
    }

    /// Reads the list on. An org without one has its pages asked for one by one.
    fn go_on(&mut self, jobs: &mut Jobs, out: &mut Output) -> Result<(), CliError> {
        let Some(path) = self.list.take() else {
            return Ok(());
        };
        let client = jobs.client.clone();
        let listed = jobs.patiently(out, |org| match org.get(&client, &path) {
            Err(Failure::Final(error)) if error.kind() == Kind::Refused => Ok(None),
            body => body.map(Some),
        })?;
        self.source.org = Arc::clone(&jobs.reach.org);
        let Some(list) = listed.and_then(|body| serde_json::from_slice::<List>(&body).ok()) else {
            return if self.asked == 0 {
                Ok(())
            } else {
                Err(CliError::new(
                    Kind::Partial,
                    "the list of result pages broke off",
                ))
            };
        };
        self.paths = list
            .result_pages
            .iter()
            .map(|page| below(jobs, &page.result_link))
            .collect();
        self.list = list.next_records_url.map(|path| below(jobs, &path));
        Ok(())
    }
}

/// The list gives paths below the version.
fn below(jobs: &Jobs, path: &str) -> String {
    if path.starts_with("/services/") {
        return path.to_owned();
    }
    jobs.path(path.trim_start_matches('/'))
}

fn loops() -> CliError {
    CliError::other("the org gives the same page of the result again and again")
}

fn joined(thread: JoinHandle<Result<Page, Failure>>) -> Result<Page, Failure> {
    thread.join().unwrap_or_else(|_| {
        let what = "the part of the program that fetches a page failed";
        Err(CliError::new(Kind::Bug, what).into())
    })
}

/// A part of the list of pages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    result_pages: Vec<Listed>,
    next_records_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    result_link: String,
}

impl Fetcher {
    fn fetch(&self, path: &str) -> Result<Page, Failure> {
        let ask = || table((&self.client, &self.org), (path, &self.folder));
        patiently(self.pause.as_ref(), ask)
    }
}

/// Fetches a table into a file without a name in `folder`.
pub(super) fn table(
    (client, org): (&UreqClient, &Org),
    (path, folder): (&str, &Path),
) -> Result<Page, Failure> {
    let request = org
        .begin(&Method::GET, path)?
        .header(ACCEPT, HeaderValue::from_static("text/csv"))
        .body(Upload::Nothing)
        .map_err(no_url)?;
    let reply = client.stream_blocking(request);
    let reply = reply.map_err(CliError::from)?;
    if reply.status() != StatusCode::OK {
        return Err(refused(reply, org.host()));
    }
    let (head, body) = reply.into_parts();
    let (file, lines) = take(body, folder, org.host())?;
    let page = Page {
        file,
        header_length: lines.header_length(),
        records: lines.records(),
        next: locator(&head.headers),
    };
    let announced = number(&head.headers);
    let is_whole = announced.is_none_or(|announced| announced == page.records);
    if is_whole && !lines.is_cut_off() {
        return Ok(page);
    }
    let announced = announced.map_or_else(|| "more".to_owned(), |number| number.to_string());
    Err(broken(format!(
        "{} sent a page of {} records and announced {announced}",
        org.host(),
        page.records
    )))
}

/// Reads a body into a file without a name, in which every line ends with a line break.
fn take(mut body: Download, folder: &Path, host: &str) -> Result<(File, Lines), Failure> {
    let unwritable = |error| files::unwritable(folder, error);
    let mut file = tempfile::tempfile_in(folder).map_err(unwritable)?;
    let mut lines = Lines::default();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = body
            .read(&mut piece)
            .map_err(|error| broken(format!("{host} broke off in mid-page: {error}")))?;
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        lines.feed(bytes);
        file.write_all(bytes).map_err(unwritable)?;
    }
    // Pages are copied one after the other: the last record of one must not run into the next.
    if lines.is_open() && !lines.is_cut_off() {
        lines.feed(b"\n");
        file.write_all(b"\n").map_err(unwritable)?;
    }
    Ok((file, lines))
}

fn broken(what: String) -> Failure {
    CliError::new(Kind::Unreachable, what).into()
}

pub(super) fn refused(reply: Response<Download>, host: &str) -> Failure {
    let (head, body) = reply.into_parts();
    let mut text = Vec::new();
    // What came is told, even if it is not all of it.
    let _cut_off = body.take(REFUSAL_LENGTH_MAX).read_to_end(&mut text);
    rest::failure(&Response::from_parts(head, text), host)
}

fn locator(headers: &HeaderMap) -> Option<String> {
    let locator = headers.get("sforce-locator")?.to_str().ok()?;
    (!locator.is_empty() && locator != "null").then(|| locator.to_owned())
}

fn number(headers: &HeaderMap) -> Option<u64> {
    headers
        .get("sforce-numberofrecords")?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
