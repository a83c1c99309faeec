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

/// How much of a line is kept, in bytes: more than what means something here needs. Whoever sends
/// the beginnings of long lines holds no more than this for each.
const KEPT_MAX: usize = 256;

/// What the request line of an old client ends with.
const OLD: &[u8] = b" HTTP/1.0\r";

/// The longest line before a chunk or after the last, in bytes.
const CHUNK_LINE_MAX: usize = 4 * 1024;

/// Follows one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    phase: Phase,
    line: Line,
    head: Head,
}

/// What is remembered of a line.
#[derive(Debug, Default)]
struct Line {
    /// Its beginning.
    kept: Vec<u8>,
    /// Its last bytes.
    end: [u8; OLD.len()],
    length: usize,
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
        let is_sound = self.line.take(part, self.phase);
        let next = match end {
            _ if !is_sound => None,
            None => Some(self.phase),
            Some(_) => self.end_line(),
        };
        if end.is_some() {
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
        let line = &self.line;
        match self.phase {
            // A server passes over empty lines before a request (RFC 9112 §2.2).
            Phase::RequestLine if line.is_empty() => Some(Phase::RequestLine),
            Phase::RequestLine => {
                self.head = Head {
                    is_old: line.end == OLD,
                    ..Head::default()
                };
                Some(Phase::Header)
            }
            Phase::Header if line.is_empty() => self.head.body(),
            Phase::Header => self.head.take(line).then_some(Phase::Header),
            Phase::ChunkSize => chunk(line.whole()?),
            Phase::Trailer if line.is_empty() => Some(Phase::RequestLine),
            Phase::Trailer => Some(Phase::Trailer),
            Phase::Body(_) | Phase::Chunk(_) | Phase::Broken => None,
        }
    }
}

impl Line {
    /// Takes in more of it; says whether it holds only what it may.
    fn take(&mut self, part: &[u8], phase: Phase) -> bool {
        let (text, is_over) = match part.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (part, false),
        };
        // CR stands before LF, and nowhere else.
        let is_torn = self.end.ends_with(b"\r") && !text.is_empty();
        let inner = text.strip_suffix(b"\r").unwrap_or(text);
        let is_sound = !is_torn && inner.iter().all(|byte| is_sound(*byte, phase));
        let room = KEPT_MAX.saturating_sub(self.kept.len()).min(text.len());
        self.kept
            .extend_from_slice(text.get(..room).unwrap_or_default());
        self.end.rotate_left(text.len().min(OLD.len()));
        for (slot, byte) in self.end.iter_mut().rev().zip(text.iter().rev()) {
            *slot = *byte;
        }
        self.length = self.length.saturating_add(text.len());
        let longest = match phase {
            Phase::ChunkSize | Phase::Trailer => CHUNK_LINE_MAX,
            _ => LINE_MAX,
        };
        is_sound && self.length <= longest && (!is_over || self.end.ends_with(b"\r"))
    }

    /// Whether nothing but its end was there.
    const fn is_empty(&self) -> bool {
        self.length <= 1
    }

    /// Its beginning, without its end.
    fn beginning(&self) -> &[u8] {
        self.kept.strip_suffix(b"\r").unwrap_or(&self.kept)
    }

    /// All of it, if it is short.
    fn whole(&self) -> Option<&[u8]> {
        (self.length == self.kept.len()).then(|| self.beginning())
    }

    fn clear(&mut self) {
        self.kept.clear();
        (self.end, self.length) = ([0; OLD.len()], 0);
    }
}

/// Says whether a byte may stand in a line.
fn is_sound(byte: u8, phase: Phase) -> bool {
    match phase {
        // Fragments are never sent (RFC 9112 §3.2), and a server that cuts one off would forward
        // another target than the one that was judged.
        Phase::RequestLine => (0x20..0x7f).contains(&byte) && byte != b'#',
        _ => (byte >= 0x20 || byte == b'\t') && byte != 0x7f,
    }
}

impl Head {
    /// Takes in a header; says whether it may be.
    fn take(&mut self, line: &Line) -> bool {
        let mut parts = line.beginning().splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return false;
        };
        if name.is_empty() || !name.iter().all(|byte| is_token_byte(*byte)) {
            return false;
        }
        // A long value has blanks around it that nobody needs, or none of the three meanings.
        let value = line.whole().map(|_| value.trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let is_first = self.length.is_none();
            self.length = value.and_then(|value| digits(value, 10));
            is_first && self.length.is_some()
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_first = !self.is_chunked;
            self.is_chunked = true;
            is_first && value.is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"))
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
        // In single bytes it must come to the same, and nothing long is kept.
        let (mut framing, mut single) = (Framing::default(), Vec::new());
        for byte in text.bytes() {
            let mut one = [byte];
            framing.examine(&mut one);
            single.extend(one);
            assert!(framing.line.kept.capacity() <= KEPT_MAX);
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
    fn long_lines_are_let_through_and_not_kept() {
        let long = "x".repeat(40_000);
        for text in [
            format!("GET /{long} HTTP/1.1\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nCookie: {long}\r\nHost: x\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nCookie: {long}"),
        ] {
            assert!(is_let_through(&text), "{}", &text[..40]);
        }
        let blanks = " ".repeat(300);
        for text in [
            format!("POST /{long} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            format!("GET / HTTP/1.1\r\n{long}: x\r\n\r\n"),
            format!("POST / HTTP/1.1\r\nContent-Length: {blanks}5\r\n\r\nabcde"),
            format!("POST / HTTP/1.1\r\nTransfer-Encoding:{blanks}chunked\r\n\r\n0\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nCookie: {long}\rx\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nCookie: {long}\n\r\n"),
        ] {
            assert!(!is_let_through(&text), "{}", &text[..40]);
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
