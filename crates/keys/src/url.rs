//! URLs, and texts in them and in forms (RFC 3986 §2.1).
//!
//! Owns the escaping, and the rule that secrets go over TLS.

/// Everything but letters, digits and `-._~` escaped.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Says whether secrets may be sent to `url`: over TLS, or to this machine, where servers for
/// development listen.
pub(crate) fn is_safe(url: &str) -> bool {
    const LOCAL: [&str; 3] = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || LOCAL.iter().any(|start| url.starts_with(start))
}

/// The body of a form. Whoever sends it wipes it.
pub(crate) fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let length = fields
        .iter()
        .map(|(name, value)| name.len() + value.len() * 3 + 2)
        .sum();
    let mut body = String::with_capacity(length);
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        body.push_str(&percent_encoded(value));
    }
    body.into_bytes()
}
