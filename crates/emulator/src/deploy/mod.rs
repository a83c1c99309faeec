//! Deployments through the Metadata API: an archive of an app's files becomes the app.
//!
//! Owns what a deployment goes through and what is said of each component. All of it happens or
//! nothing. What is on the wire is the business of `rest`.

mod examine;
mod package;
mod register;
mod shapes;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use accredit::clock::UnixTime;
use serde_json::Value;

use self::package::{LIST, Package};
use crate::app::App;
use crate::archive;
use crate::ids::RecordId;
use crate::org::bulk::Pace;

/// As many deployments are remembered.
const KEPT_MAX: usize = 100;

/// As many wait to be looked at: each holds its archive.
const WAITING_MAX: usize = 10;

/// As many components and as many failures of each are remembered.
const MESSAGES_MAX: usize = 500;

/// The longest text in what is said of a file, in bytes: as long as a path may be.
const TEXT_MAX: usize = 512;

/// The first characters of a deployment's id.
const KEY_PREFIX: &str = "0Af";

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    InProgress,
    Succeeded,
    Failed,
    Canceling,
    Canceled,
}

impl Status {
    /// Says whether it stays so.
    pub(crate) const fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

/// What is said of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) component_type: String,
    pub(crate) full_name: String,
    pub(crate) file_name: String,
    pub(crate) line: Option<usize>,
    /// Nothing if all went well.
    pub(crate) problem: Option<String>,
    pub(crate) is_new: bool,
}

impl Message {
    fn failed(file_name: &str, problem: &str) -> Self {
        Self {
            full_name: cut(file_name).to_owned(),
            file_name: cut(file_name).to_owned(),
            problem: Some(cut(problem).to_owned()),
            ..Self::default()
        }
    }

    fn of(self, component_type: &str, full_name: &str) -> Self {
        Self {
            component_type: cut(component_type).to_owned(),
            full_name: cut(full_name).to_owned(),
            ..self
        }
    }

    fn at(self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// What is said of the files of one kind: only the first are remembered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) kept: Vec<Message>,
    /// Of all of them.
    pub(crate) count: usize,
}

impl Told {
    fn of(mut all: Vec<Message>) -> Self {
        let count = all.len();
        all.truncate(MESSAGES_MAX);
        all.shrink_to_fit();
        Self { kept: all, count }
    }

    /// The same with a last one that says how many are missing.
    fn with_rest(mut self) -> Self {
        let left_out = self.count - self.kept.len();
        if left_out > 0 {
            let problem = format!("{left_out} more of {} failures are left out", self.count);
            self.kept.push(Message::failed(LIST, &problem));
        }
        self
    }
}

/// Who deploys, and how.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The options as they were sent.
    pub(crate) options: Value,
    pub(crate) by: RecordId,
    pub(crate) by_name: String,
    pub(crate) now: UnixTime,
}

impl Wanted {
    fn has(&self, option: &str) -> bool {
        let value = self.options.get(option);
        value.is_some_and(|value| value.as_bool() == Some(true) || value == "true")
    }
}

/// A deployment.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) id: RecordId,
    pub(crate) wanted: Wanted,
    pub(crate) status: Status,
    pub(crate) changed_at: UnixTime,
    pub(crate) components: Told,
    pub(crate) failures: Told,
}

impl Deployment {
    /// Says whether it changes nothing.
    pub(crate) fn is_check_only(&self) -> bool {
        self.wanted.has("checkOnly")
    }
}

/// The deployments of an org. They are carried out one after the other, while all can be looked at.
#[derive(Debug, Default)]
pub(crate) struct Deployments {
    queue: Mutex<Queue>,
    /// Held by who carries one out. Taken before the queue, never after.
    turn: Mutex<()>,
}

#[derive(Debug, Default)]
struct Queue {
    count: u64,
    all: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    deployment: Deployment,
    work: Work,
}

/// What is left to do.
#[derive(Debug)]
enum Work {
    /// The archive was not looked into.
    Waits(Vec<u8>),
    /// Somebody is at it.
    GoesOn,
    Over,
}

impl Queue {
    fn find(&mut self, id: &RecordId) -> Option<&mut Entry> {
        self.all.iter_mut().find(|one| one.deployment.id == *id)
    }
}

impl Deployments {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets them, after the one that is carried out.
    pub(crate) fn clear(&self) {
        let _turn = self.turn();
        self.lock().all.clear();
    }

    /// Takes in an archive; nothing if too many wait already.
    pub(crate) fn begin(&self, archive: Vec<u8>, wanted: Wanted) -> Option<Deployment> {
        let mut queue = self.lock();
        let waits = |one: &&Entry| matches!(one.work, Work::Waits(_));
        if queue.all.iter().filter(waits).count() >= WAITING_MAX {
            return None;
        }
        queue.count += 1;
        let begun = Deployment {
            id: RecordId::numbered(KEY_PREFIX, queue.count),
            changed_at: wanted.now,
            wanted,
            status: Status::Pending,
            components: Told::default(),
            failures: Told::default(),
        };
        if queue.all.len() >= KEPT_MAX {
            queue.all.pop_front();
        }
        queue.all.push_back(Entry {
            deployment: begun.clone(),
            work: Work::Waits(archive),
        });
        Some(begun)
    }

    /// Looks at a deployment, which brings it on.
    pub(crate) fn look(&self, app: &App, id: &RecordId, pace: Pace) -> Option<Deployment> {
        let (mut found, archive) = self.go_on(id, pace)?;
        let Some(archive) = archive else {
            return Some(found);
        };
        let _turn = self.turn();
        found.carry_out(app, &archive);
        if let Some(entry) = self.lock().find(id) {
            entry.deployment = found.clone();
            entry.work = Work::Over;
        }
        Some(found)
    }

    /// One step of a deployment; with its archive if it is the caller's to carry it out.
    fn go_on(&self, id: &RecordId, pace: Pace) -> Option<(Deployment, Option<Vec<u8>>)> {
        let mut queue = self.lock();
        let Entry { deployment, work } = queue.find(id)?;
        let mut archive = None;
        match (deployment.status, &mut *work) {
            (Status::Pending, _) if pace == Pace::ByLooks => {
                deployment.status = Status::InProgress;
            }
            (Status::Pending | Status::InProgress, Work::Waits(waiting)) => {
                deployment.status = Status::InProgress;
                archive = Some(std::mem::take(waiting));
                *work = Work::GoesOn;
            }
            (Status::Canceling, Work::Over) => deployment.status = Status::Canceled,
            _ => {}
        }
        Some((deployment.clone(), archive))
    }

    /// Stops a deployment: before its end it can be stopped. The flag says whether it was. One that
    /// is being carried out goes on to its end.
    pub(crate) fn cancel(&self, id: &RecordId, now: UnixTime) -> Option<(Deployment, bool)> {
        let mut queue = self.lock();
        let Entry { deployment, work } = queue.find(id)?;
        let is_under_way = !deployment.status.is_end();
        if is_under_way {
            deployment.status = Status::Canceling;
            deployment.changed_at = now;
        }
        if matches!(work, Work::Waits(_)) {
            *work = Work::Over;
        }
        Some((deployment.clone(), is_under_way))
    }
}

impl Deployment {
    fn carry_out(&mut self, app: &App, archive: &[u8]) {
        let package = match archive::unpack(archive) {
            Ok(files) => package::read(files),
            Err(problem) => Package {
                failures: vec![Message::failed(LIST, &problem)],
                ..Package::default()
            },
        };
        let outcome = register::register(app, package, self.wanted.has("checkOnly"));
        self.status = if outcome.failures.is_empty() {
            Status::Succeeded
        } else {
            Status::Failed
        };
        self.changed_at = app.now();
        self.components = Told::of(outcome.components);
        self.failures = Told::of(outcome.failures).with_rest();
    }
}
