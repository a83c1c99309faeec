//! Metadata as XML text.
//!
//! Owns the escaping: whatever stands between two tags is text and nothing else.

/// The namespace of all metadata.
const NAMESPACE: &str = "http://soap.sforce.com/2006/04/metadata";

/// A document that is being written, element by element.
#[derive(Debug)]
pub(super) struct Document {
    root: &'static str,
    text: String,
    depth: usize,
}

impl Document {
    /// Begins a document with this outermost element.
    pub(super) fn new(root: &'static str) -> Self {
        Self {
            root,
            text: format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">\n"
            ),
            depth: 1,
        }
    }

    /// Adds an element with a text.
    pub(super) fn put(&mut self, name: &str, text: &str) {
        let indent = "    ".repeat(self.depth);
        let text = escaped(text);
        self.text
            .push_str(&format!("{indent}<{name}>{text}</{name}>\n"));
    }

    /// Adds an element for each text.
    pub(super) fn put_all(&mut self, name: &str, texts: &[String]) {
        for text in texts {
            self.put(name, text);
        }
    }

    /// Adds an element with what `inside` adds.
    pub(super) fn nest(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let indent = "    ".repeat(self.depth);
        self.text.push_str(&format!("{indent}<{name}>\n"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.text.push_str(&format!("{indent}</{name}>\n"));
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        format!("{}</{}>\n", self.text, self.root)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_elements_are_indented() {
        let mut document = Document::new("Package");
        document.nest("types", |types| types.put("members", "a<b>&c"));
        assert_eq!(
            document.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Package xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <types>\n        \
             <members>a&lt;b&gt;&amp;c</members>\n    </types>\n</Package>\n"
        );
    }
}
