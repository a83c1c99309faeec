//! Where each request on a connection begins and ends, judged more strictly than a server has to.
//!
//! Owns the one reading of a stream of requests in which nothing is open to two opinions: lengths
//! are digits and stand once, `chunked` is the only coding, lines end with CR LF. It sees the bytes
//! before the server does; from the first doubtful one on, the server is shown bytes that no
//! request may hold, so it answers 400 and closes.

/// What a server is shown in place of a byte that may not be: illegal in a request line, a header
/// and the size of a chunk.
const POISON: u8 = 0;

/// The longest line that is looked at, in bytes; the server's own limits are below it.
const LINE_MAX: usize = 64 * 1024;

/// The longest line before a chunk or after the last, in bytes.
const CHUNK_LINE_MAX: usize = 4 * 1024;

/// Follows one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    phase: Phase,
    line: Vec<u8>,
    head: Head,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    RequestLine,
    Header,
    /// This many bytes of a body are to come.
    Body(u64),
    ChunkSize,
    /// This many bytes of a chunk are to come, its line end included.
    Chunk(u64),
    Trailer,
    Broken,
}

/// What the head of a request has said of its body so far.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    length: Option<u64>,
    is_chunked: bool,
    is_old: bool,
    has_host: bool,
}

impl Framing {
    /// Takes in what arrived, and makes what may not be unreadable.
    pub(super) fn examine(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let Some(rest) = bytes.get_mut(at..) else {
                return;
            };
            match self.phase {
                Phase::Broken => {
                    rest.fill(POISON);
                    return;
                }
                Phase::Body(left) | Phase::Chunk(left) => at += self.pass(left, rest.len()),
                Phase::RequestLine | Phase::Header | Phase::ChunkSize | Phase::Trailer => {
                    at += self.take_line(rest);
                }
            }
        }
    }

    /// Lets bytes of a body through.
    fn pass(&mut self, left: u64, here: usize) -> usize {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(here);
        let left = left.saturating_sub(taken as u64);
        self.phase = match (self.phase, left) {
            (Phase::Chunk(_), 0) => Phase::ChunkSize,
            (Phase::Chunk(_), left) => Phase::Chunk(left),
            (_, 0) => Phase::RequestLine,
            (_, left) => Phase::Body(left),
        };
        taken
    }

    /// Takes bytes up to the end of the line; gives how many.
    fn take_line(&mut self, rest: &mut [u8]) -> usize {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(rest.len(), |end| end + 1);
        let part = rest.get(..taken).unwrap_or_default();
        self.line.extend_from_slice(part);
        let longest = match self.phase {
            Phase::ChunkSize | Phase::Trailer => CHUNK_LINE_MAX,
            _ => LINE_MAX,
        };
        let next = match end {
            _ if self.line.len() > longest => None,
            None => Some(self.phase).filter(|_| is_sound_so_far(&self.line, self.phase)),
            Some(_) => self.end_line(),
        };
        if end.is_some() || next.is_none() {
            self.line.clear();
        }
        self.phase = next.unwrap_or(Phase::Broken);
        if self.phase == Phase::Broken {
            rest.fill(POISON);
            return rest.len();
        }
        taken
    }

    /// What follows the line that has just ended; `None` if it may not be.
    fn end_line(&mut self) -> Option<Phase> {
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r\n")?;
        if !is_sound_so_far(text, self.phase) || text.contains(&b'\r') {
            return None;
        }
        let next = match self.phase {
            // A server passes over empty lines before a request (RFC 9112 §2.2).
            Phase::RequestLine if text.is_empty() => Some(Phase::RequestLine),
            Phase::RequestLine => {
                self.head = Head {
                    is_old: text.ends_with(b" HTTP/1.0"),
                    ..Head::default()
                };
                Some(Phase::Header)
            }
            Phase::Header if text.is_empty() => self.head.body(),
            Phase::Header => self.head.take(text).then_some(Phase::Header),
            Phase::ChunkSize => chunk(text),
            Phase::Trailer if text.is_empty() => Some(Phase::RequestLine),
            Phase::Trailer => Some(Phase::Trailer),
            Phase::Body(_) | Phase::Chunk(_) | Phase::Broken => None,
        };
        self.line = line;
        next
    }
}

/// Says whether a line, or the beginning of one, holds only what it may.
fn is_sound_so_far(line: &[u8], phase: Phase) -> bool {
    let inner = line.strip_suffix(b"\r").unwrap_or(line);
    match phase {
        // Fragments are never sent (RFC 9112 §3.2), and a server that cuts one off would forward
        // another target than the one that was judged.
        Phase::RequestLine => inner
            .iter()
            .all(|byte| (0x20..0x7f).contains(byte) && *byte != b'#'),
        _ => !inner
            .iter()
            .any(|byte| *byte < 0x20 && *byte != b'\t' || *byte == 0x7f),
    }
}

impl Head {
    /// Takes in a header; says whether it may be.
    fn take(&mut self, line: &[u8]) -> bool {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return false;
        };
        if name.is_empty() || !name.iter().all(|byte| is_token_byte(*byte)) {
            return false;
        }
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let is_first = self.length.is_none();
            self.length = digits(value, 10);
            is_first && self.length.is_some()
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_first = !self.is_chunked;
            self.is_chunked = true;
            is_first && value.eq_ignore_ascii_case(b"chunked")
        } else if name.eq_ignore_ascii_case(b"host") {
            let is_first = !self.has_host;
            self.has_host = true;
            is_first
        } else {
            true
        }
    }

    /// The body that follows the head; `None` if there are two opinions on it.
    fn body(self) -> Option<Phase> {
        match (self.length, self.is_chunked) {
            (Some(_), true) => None,
            (None, true) if self.is_old => None,
            (None, true) => Some(Phase::ChunkSize),
            (Some(0) | None, false) => Some(Phase::RequestLine),
            (Some(length), false) => Some(Phase::Body(length)),
        }
    }
}

/// What follows the line with the size of a chunk. Extensions mean nothing to anybody and are not
/// let through.
fn chunk(line: &[u8]) -> Option<Phase> {
    match digits(line, 16)? {
        0 => Some(Phase::Trailer),
        size => size.checked_add(2).map(Phase::Chunk),
    }
}

fn digits(text: &[u8], radix: u32) -> Option<u64> {
    let is_plain = !text.is_empty() && text.len() <= 20;
    let is_number = text.iter().all(|byte| char::from(*byte).is_digit(radix));
    let text = std::str::from_utf8(text).ok()?;
    (is_plain && is_number)
        .then(|| u64::from_str_radix(text, radix).ok())
        .flatten()
}

/// Characters of a token (RFC 9110 §5.6.2).
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_through(text: &str) -> bool {
        let whole = {
            let mut bytes = text.as_bytes().to_vec();
            Framing::default().examine(&mut bytes);
            bytes == text.as_bytes()
        };
        // In single bytes it must come to the same.
        let (mut framing, mut single) = (Framing::default(), Vec::new());
        for byte in text.bytes() {
            let mut one = [byte];
            framing.examine(&mut one);
            single.extend(one);
        }
        assert_eq!(single == text.as_bytes(), whole, "{text:?}");
        whole
    }

    #[test]
    fn requests_one_after_another_are_let_through() {
        for text in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: y\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n#\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n#\n\r\n0\r\nA: b\r\n\r\nGET /",
            "GET / HTTP/1.1\r\nX: \u{e9}#\t!\r\n\r\n",
        ] {
            assert!(is_let_through(text), "{text:?}");
        }
    }

    #[test]
    fn whatever_is_open_to_two_opinions_is_not() {
        for text in [
            "GET /# HTTP/1.1\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\n\n",
            "GET / HTTP/1.1\r\nX: a\rb: c\r\n\r\n",
            "GET / HTTP/1.1\r\nX : a\r\n\r\n",
            "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nabcde",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0_5\r\nabcde\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        ] {
            assert!(!is_let_through(text), "{text:?}");
        }
    }
}
