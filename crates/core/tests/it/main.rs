//! The library from outside, in one binary.

mod known_answers;
