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

    /// The words in a form that may be shown: the PIN of a token is left out.
    pub(crate) fn words_to_repeat(&self) -> Vec<String> {
        self.words.iter().map(|word| without_pin(word)).collect()
    }

    /// The same with what is written down in profiles, of which a flag may name one.
    pub(crate) fn with_profile(self, flag: Option<String>) -> Self {
        Self {
            environment: Arc::new(Layered::new(flag)),
            ..self
        }
    }
}

/// A word without the value of `pin-value`, which RFC 7512 has in the query of a URI and which the
/// reader of such URIs takes in the path too.
fn without_pin(word: &str) -> String {
    match word.split_once('?') {
        Some((path, query)) => format!("{}?{}", hidden(path, ";"), hidden(query, "&")),
        None => hidden(word, ";"),
    }
}

fn hidden(attributes: &str, separator: &str) -> String {
    let shown = attributes.split(separator);
    let shown = shown.map(|attribute| match attribute.split_once("pin-value=") {
        Some((before, _)) => format!("{before}pin-value=..."),
        None => attribute.to_owned(),
    });
    shown.collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_left_out_wherever_it_stands() {
        for (word, shown) in [
            ("pkcs11:object=k", "pkcs11:object=k"),
            (
                "pkcs11:object=k?pin-value=1;2&x=y",
                "pkcs11:object=k?pin-value=...&x=y",
            ),
            (
                "--key=pkcs11:pin-value=12;object=k",
                "--key=pkcs11:pin-value=...;object=k",
            ),
            (
                "-fpkcs11:object=k?x=y&pin-value=12",
                "-fpkcs11:object=k?x=y&pin-value=...",
            ),
            ("a?b&c;d", "a?b&c;d"),
        ] {
            assert_eq!(without_pin(word), shown);
        }
    }
}
