//! Secrets taken out of a stream of bytes.
//!
//! Owns the search across the borders of chunks: what may be the beginning of a secret is held back
//! until the next chunk tells.

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// The shortest text that is taken for a secret, in bytes.
const SECRET_LENGTH_MIN: usize = 8;

/// Takes secrets out of a stream.
pub(crate) struct Masker {
    secrets: Vec<Vec<u8>>,
    held: Vec<u8>,
}

impl Masker {
    /// For these secrets, as they are and as they stand in a URL.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let in_url = secret.replace('!', "%21");
            for form in [secret.to_owned(), in_url] {
                let form = form.into_bytes();
                if form.len() >= SECRET_LENGTH_MIN && !all.contains(&form) {
                    all.push(form);
                }
            }
        }
        Self {
            secrets: all,
            held: Vec::new(),
        }
    }

    /// What can be shown after this chunk.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        let text = std::mem::take(&mut self.held);
        let mut shown = Vec::with_capacity(text.len());
        let mut rest: &[u8] = &text;
        while let Some((&first, after)) = rest.split_first() {
            if let Some(secret) = self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                shown.extend_from_slice(MASK.as_bytes());
                rest = rest.get(secret.len()..).unwrap_or_default();
            } else if self.secrets.iter().any(|secret| secret.starts_with(rest)) {
                self.held = rest.to_vec();
                return shown;
            } else {
                shown.push(first);
                rest = after;
            }
        }
        shown
    }

    /// What was held back when the stream ended.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(chunks: &[&str]) -> String {
        let mut masker = Masker::new(["00D!secret.token"]);
        let mut shown: Vec<u8> = Vec::new();
        for chunk in chunks {
            shown.extend(masker.feed(chunk.as_bytes()));
        }
        shown.extend(masker.finish());
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn a_secret_is_masked_wherever_the_chunks_end() {
        let text = "a 00D!secret.token b 00D!secret.token";
        for at in 0..text.len() {
            let (head, tail) = text.split_at(at);
            assert_eq!(masked(&[head, tail]), "a *** b ***", "{at}");
        }
        let bytes: Vec<String> = text.chars().map(String::from).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(masked(&bytes), "a *** b ***");
    }

    #[test]
    fn what_only_begins_like_a_secret_is_shown() {
        assert_eq!(masked(&["00D!secret.tok"]), "00D!secret.tok");
        assert_eq!(masked(&["00D!sec", "00D!secret.token"]), "00D!sec***");
        assert_eq!(masked(&["url=00D%21secret.token"]), "url=***");
    }
}
