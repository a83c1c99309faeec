//! The library from outside, in one binary.

// `cfg(test)` tells the lints that helpers in these files are tests as well.
#[cfg(test)]
mod known_answers;
