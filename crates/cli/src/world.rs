//! What a command may know of the outside: environment, time, random numbers, its own
//! command line.

use std::sync::Arc;

use accredit::clock::{Clock, SystemClock};
use accredit::random::{Random, SystemRandom};

use crate::pause::{Pause, Sleep};
use crate::settings::layer::Layered;
use crate::settings::{Environment, ProcessEnvironment};

/// The outside as an argument.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) pause: Arc<dyn Pause>,
    /// The words that the program was started with, for hints that repeat them.
    pub(crate) words: Arc<[String]>,
}

impl World {
    /// The one of the process.
    pub(crate) fn real() -> Self {
        Self {
            environment: Arc::new(ProcessEnvironment),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            pause: Arc::new(Sleep),
            words: std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
        }
    }

    /// The same with what is written down in profiles, of which a flag may name one.
    pub(crate) fn with_profile(self, flag: Option<String>) -> Self {
        Self {
            environment: Arc::new(Layered::new(flag)),
            ..self
        }
    }
}
