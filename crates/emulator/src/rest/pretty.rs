//! JSON in the style that `X-PrettyPrint: 1` asks for: that of Java's Jackson (fact sheet §5.3).
//!
//! Objects go over several lines and indent by two spaces, arrays stay on theirs. The input is
//! compact JSON; nothing in it is changed but the space between its tokens.

/// Lays out compact JSON.
pub(super) fn pretty(json: &[u8]) -> Vec<u8> {
    let mut printer = Printer {
        out: Vec::with_capacity(json.len() * 2),
        open: Vec::new(),
        depth: 0,
    };
    let mut rest = json;
    while let Some((first, after)) = rest.split_first() {
        let length = match first {
            b'"' => text_length(rest),
            _ => 1,
        };
        let (token, _) = rest.split_at_checked(length).unwrap_or((rest, after));
        rest = rest.get(length..).unwrap_or_default();
        printer.token(*first, token, rest.first().copied());
    }
    printer.out
}

/// The length of the string at the beginning, quotes included.
fn text_length(json: &[u8]) -> usize {
    let mut is_escaped = false;
    for (at, byte) in json.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

struct Printer {
    out: Vec<u8>,
    /// The brackets that are open.
    open: Vec<u8>,
    /// How many of them are of objects.
    depth: usize,
}

impl Printer {
    fn token(&mut self, first: u8, token: &[u8], next: Option<u8>) {
        match first {
            b'{' | b'[' => self.start(first, next),
            b'}' | b']' => self.end(first),
            b':' => self.out.extend_from_slice(b" : "),
            b',' if self.open.last() == Some(&b'{') => {
                self.out.push(b',');
                self.line();
            }
            b',' => self.out.extend_from_slice(b", "),
            _ => self.out.extend_from_slice(token),
        }
    }

    fn start(&mut self, bracket: u8, next: Option<u8>) {
        self.out.push(bracket);
        self.open.push(bracket);
        let is_object = bracket == b'{';
        self.depth += usize::from(is_object);
        if matches!(next, Some(b'}' | b']')) {
            return;
        }
        if is_object {
            self.line();
        } else {
            self.out.push(b' ');
        }
    }

    fn end(&mut self, bracket: u8) {
        let is_empty = matches!(self.out.last(), Some(b'{' | b'['));
        self.open.pop();
        if bracket == b'}' {
            self.depth = self.depth.saturating_sub(1);
            if !is_empty {
                self.line();
            }
        }
        if is_empty || bracket == b']' {
            self.out.push(b' ');
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        self.out.push(b'\n');
        self.out.resize(self.out.len() + 2 * self.depth, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_as_jackson_writes_it() {
        for (compact, expected) in [
            ("{}", "{ }"),
            ("[]", "[ ]"),
            ("[1,2]", "[ 1, 2 ]"),
            (
                r#"{"totalSize":0,"done":true,"records":[]}"#,
                "{\n  \"totalSize\" : 0,\n  \"done\" : true,\n  \"records\" : [ ]\n}",
            ),
            (
                r#"[{"message":"a \"b\" {:,[","errorCode":"INVALID_TYPE"}]"#,
                "[ {\n  \"message\" : \"a \\\"b\\\" {:,[\",\n  \"errorCode\" : \
                 \"INVALID_TYPE\"\n} ]",
            ),
            (
                r#"{"a":[{"b":{"c":null},"d":[[],{}]},{"e":1.5}]}"#,
                "{\n  \"a\" : [ {\n    \"b\" : {\n      \"c\" : null\n    },\n    \"d\" : [ [ ], \
                 { } ]\n  }, {\n    \"e\" : 1.5\n  } ]\n}",
            ),
            (r#"["[",{"}":"{"}]"#, "[ \"[\", {\n  \"}\" : \"{\"\n} ]"),
        ] {
            let printed = String::from_utf8(pretty(compact.as_bytes())).unwrap();
            assert_eq!(printed, expected);
        }
    }
}
