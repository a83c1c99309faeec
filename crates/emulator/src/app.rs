//! What a request handler may use.

use std::sync::Arc;

use accredit::clock::{Clock, UnixTime};

use crate::org::Org;

/// The state that all requests share. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct App {
    org: Arc<Org>,
    clock: Arc<dyn Clock>,
}

impl App {
    /// Serves `org` at the time that `clock` shows.
    pub(crate) fn new(org: Arc<Org>, clock: Arc<dyn Clock>) -> Self {
        Self { org, clock }
    }

    /// The records.
    pub(crate) fn org(&self) -> &Org {
        &self.org
    }

    /// The present moment.
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }
}
