//! What leads Java programs to an emulator: they read neither `HTTPS_PROXY` nor PEM files.
//!
//! Owns the form of a trust store, JKS as OpenJDK's `sun.security.provider.JavaKeyStore` reads it,
//! and the options that name it. A program's own options count for more than these.

use std::ffi::OsString;
use std::path::Path;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

/// The variable from which every Java machine takes options.
pub(super) const VARIABLE: &str = "JAVA_TOOL_OPTIONS";

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;

/// The tag of an entry that is a certificate.
const CERTIFICATE: u32 = 2;

/// What Java's own trust store has as password. It guards nothing: certificates are public.
const PASSWORD: &str = "changeit";

/// What is hashed between the password and the entries.
const WHITENER: &[u8] = b"Mighty Aphrodite";

/// A trust store with these certificates, in DER.
pub(super) fn trust_store(certificates: &[Vec<u8>]) -> Vec<u8> {
    let mut store = Vec::new();
    for number in [MAGIC, VERSION, length(certificates)] {
        store.extend_from_slice(&number.to_be_bytes());
    }
    for (index, certificate) in certificates.iter().enumerate() {
        store.extend_from_slice(&CERTIFICATE.to_be_bytes());
        text(&mut store, &format!("accredit-{index}"));
        // When it was made: nobody asks, and the same certificates give the same file.
        store.extend_from_slice(&0_u64.to_be_bytes());
        text(&mut store, "X.509");
        store.extend_from_slice(&length(certificate).to_be_bytes());
        store.extend_from_slice(certificate);
    }
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for unit in PASSWORD.encode_utf16() {
        digest.update(&unit.to_be_bytes());
    }
    digest.update(WHITENER);
    digest.update(&store);
    store.extend_from_slice(digest.finish().as_ref());
    store
}

fn length<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

fn text(store: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    store.extend_from_slice(&length.to_be_bytes());
    store.extend_from_slice(text.as_bytes());
}

/// The options that lead through `proxy`, such as `http://127.0.0.1:8581`, with trust in `store`.
/// They come after those that are there already.
pub(super) fn options(before: Option<OsString>, proxy: &str, store: &Path) -> OsString {
    let mut options = before.unwrap_or_default();
    let address = proxy.trim_start_matches("http://");
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "80"));
    let host = host.trim_matches(['[', ']']);
    if !options.is_empty() {
        options.push(" ");
    }
    options.push(format!(
        "-Dhttps.proxyHost={host} -Dhttps.proxyPort={port} "
    ));
    options.push("-Djavax.net.ssl.trustStoreType=jks \"-Djavax.net.ssl.trustStore=");
    options.push(store);
    options.push("\"");
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_store_is_laid_out_as_java_reads_it() {
        let store = trust_store(&[b"one".to_vec(), b"other".to_vec()]);
        let mut expected = b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x02".to_vec();
        for (alias, certificate) in [("accredit-0", "one"), ("accredit-1", "other")] {
            expected.extend_from_slice(b"\0\0\0\x02\0\x0a");
            expected.extend_from_slice(alias.as_bytes());
            expected.extend_from_slice(b"\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0");
            expected.push(certificate.len() as u8);
            expected.extend_from_slice(certificate.as_bytes());
        }
        let (entries, digest) = store.split_at(expected.len());
        assert_eq!(entries, expected);
        assert_eq!(digest.len(), 20);
    }

    #[test]
    fn options_follow_those_that_are_there() {
        let store = Path::new("/a folder/ca.jks");
        let added = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8581 \
                     -Djavax.net.ssl.trustStoreType=jks \
                     \"-Djavax.net.ssl.trustStore=/a folder/ca.jks\"";
        let proxy = "http://127.0.0.1:8581";
        assert_eq!(options(None, proxy, store), added);
        let both = options(Some("-Xmx1g".into()), proxy, store);
        assert_eq!(both, format!("-Xmx1g {added}").as_str());
        let over_ipv6 = options(None, "http://[::1]:8581", store);
        assert!(over_ipv6.to_string_lossy().contains("proxyHost=::1 "));
    }
}
