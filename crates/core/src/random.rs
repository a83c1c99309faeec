//! Randomness as an argument.
//!
//! Owns the trait through which assertion ids and jitter are drawn. RS256 itself needs none.

use std::fmt;
use std::io;
use std::sync::Mutex;

/// Where random bytes come from.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `buffer`.
    ///
    /// # Errors
    /// The operating system's error if it has no random bytes to give.
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()>;
}

/// The random numbers of the operating system: fit for secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that asks for random bytes"
        )]
        getrandom::fill(buffer).map_err(io::Error::other)
    }
}

/// Numbers that repeat from a seed (SplitMix64): for tests and reproducible runs, never for
/// secrets.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// A sequence that is the same for the same `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            for (byte, random) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}
