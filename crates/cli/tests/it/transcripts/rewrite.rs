//! How what came lies beside what was expected: for people, and for a transcript that is rewritten.

use super::page::{ANY_LINES, ANY_TEXT, fits};

/// The lines that are gone with `-`, the lines that are new with `+`, the others with neither.
pub(super) fn differing(expected: &[String], found: &[String]) -> String {
    let (mut told, mut at) = (String::new(), 0);
    let mut tell = |mark: &str, line: &str| told.push_str(&format!("    {mark} {line}\n"));
    for (line, partner) in expected.iter().zip(partners(expected, found)) {
        if let Some(partner) = partner {
            found[at..partner].iter().for_each(|line| tell("+", line));
            tell(" ", line);
            at = partner + 1;
        } else {
            tell("-", line);
        }
    }
    found[at..].iter().for_each(|line| tell("+", line));
    told
}

/// The lines of two runs as one: words that they do not share become placeholders.
pub(super) fn placeholders(first: &[String], second: &[String]) -> Vec<String> {
    let lines = first.iter().enumerate();
    let pair = |(at, line): (usize, &String)| match second.get(at) {
        Some(other) if line != other => shared(line, other),
        _ => line.clone(),
    };
    lines.map(pair).collect()
}

fn shared(first: &str, second: &str) -> String {
    let (words, others) = (words(first), words(second));
    if words.len() == others.len() {
        return joined(
            words
                .iter()
                .zip(&others)
                .map(|(word, other)| (word == other).then_some(*word)),
        );
    }
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let before = words.iter().zip(&others).take_while(same).count();
    let ends = words[before..].iter().rev();
    let after = ends
        .zip(others[before..].iter().rev())
        .take_while(same)
        .count();
    let (before, after) = (&words[..before], &words[words.len() - after..]);
    joined(
        before
            .iter()
            .map(|word| Some(*word))
            .chain([None])
            .chain(after.iter().map(|word| Some(*word))),
    )
}

/// Words with placeholders where none is known.
fn joined<'a>(words: impl Iterator<Item = Option<&'a str>>) -> String {
    words.fold(String::new(), |line, word| match word {
        None if line.ends_with(ANY_TEXT) => line,
        word => line + word.unwrap_or(ANY_TEXT),
    })
}

/// Runs of letters and digits, and what stands between them.
fn words(line: &str) -> Vec<&str> {
    let is_word = |char: char| char.is_alphanumeric() || "+-_!.".contains(char);
    let (mut words, mut start, mut last) = (Vec::new(), 0, None);
    for (at, char) in line.char_indices() {
        if last.is_some_and(|last| last != is_word(char)) {
            words.push(&line[start..at]);
            start = at;
        }
        last = Some(is_word(char));
    }
    words.push(&line[start..]);
    words
}

/// What was found, in the expected lines' own words where these still fit.
pub(super) fn updated(expected: &[String], found: &[String]) -> Vec<String> {
    let partners = partners(expected, found);
    let (mut lines, mut at) = (Vec::new(), 0);
    for (index, line) in expected.iter().enumerate() {
        if let Some(partner) = partners[index] {
            lines.extend_from_slice(&found[at..partner]);
            lines.push(line.clone());
            at = partner + 1;
        } else if line == ANY_LINES {
            // It stays if the lines around it did.
            let is_anchored = index == 0 || partners[index - 1].is_some();
            let next = match partners.get(index + 1) {
                Some(next) => *next,
                None => Some(found.len()),
            };
            if let (true, Some(next)) = (is_anchored, next) {
                lines.push(line.clone());
                at = next;
            }
        }
    }
    lines.extend_from_slice(&found[at..]);
    lines
}

/// For each expected line the line that it became, in order, as many as can be.
fn partners(expected: &[String], found: &[String]) -> Vec<Option<usize>> {
    let width = found.len() + 1;
    // How many pairs the lines from here to the ends can make.
    let mut pairs = vec![0_usize; (expected.len() + 1) * width];
    let is_pair = |one: usize, other: usize| {
        expected[one] != ANY_LINES && fits(&expected[one], &found[other])
    };
    for one in (0..expected.len()).rev() {
        for other in (0..found.len()).rev() {
            let below = pairs[(one + 1) * width + other].max(pairs[one * width + other + 1]);
            let here = pairs[(one + 1) * width + other + 1] + 1;
            let most = if is_pair(one, other) {
                here.max(below)
            } else {
                below
            };
            pairs[one * width + other] = most;
        }
    }
    let (mut partners, mut other) = (vec![None; expected.len()], 0);
    for (one, partner) in partners.iter_mut().enumerate() {
        let from = other;
        while other < found.len() {
            let here = pairs[one * width + other];
            if is_pair(one, other) && here == pairs[(one + 1) * width + other + 1] + 1 {
                *partner = Some(other);
                other += 1;
                break;
            }
            if here == pairs[(one + 1) * width + other] {
                break;
            }
            other += 1;
        }
        if partner.is_none() {
            other = from;
        }
    }
    partners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn placeholders_stay_where_they_fit() {
        let expected = lines("key [...]|...|end|gone");
        let found = lines("key 7|a|b|end|new");
        assert_eq!(updated(&expected, &found), lines("key [...]|...|end|new"));
        let found = lines("other|end");
        assert_eq!(updated(&expected, &found), lines("other|end"));
    }

    #[test]
    fn what_two_runs_do_not_share_becomes_a_placeholder() {
        let found = placeholders(&lines("id 1, at 2|same"), &lines("id 3, at 4|same"));
        assert_eq!(found, lines("id [...], at [...]|same"));
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let told = differing(&lines("a|b|c"), &lines("a|x|c"));
        assert_eq!(told, "      a\n    - b\n    + x\n      c\n");
    }
}
