//! Archives made by hand, whole and damaged.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// An archive of these files: every other one deflated.
pub(crate) fn pack(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (number, (path, content)) in files.iter().enumerate() {
        let mut sum = Crc::new();
        sum.update(content.as_bytes());
        let deflated = number % 2 == 1;
        let data = if deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content.as_bytes()).unwrap();
            encoder.finish().unwrap()
        } else {
            content.as_bytes().to_vec()
        };
        let mut about = vec![20, 0, 0, 0, if deflated { 8 } else { 0 }, 0, 0, 0, 0, 0];
        for number in [
            sum.sum(),
            u32::try_from(data.len()).unwrap(),
            u32::try_from(content.len()).unwrap(),
        ] {
            about.extend(number.to_le_bytes());
        }
        about.extend(u16::try_from(path.len()).unwrap().to_le_bytes());
        about.extend([0, 0]);
        let offset = u32::try_from(archive.len()).unwrap();
        directory.extend([ENTRY, &[20, 0], &about, &[0; 10], &offset.to_le_bytes()].concat());
        directory.extend(path.as_bytes());
        archive.extend([LOCAL, &about, path.as_bytes(), &data].concat());
    }
    let start = u32::try_from(archive.len()).unwrap();
    let length = u32::try_from(directory.len()).unwrap();
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    archive.extend(directory);
    archive.extend([END, &[0; 4], &count, &count].concat());
    archive.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0, 0]);
    archive
}

fn refusal(archive: &[u8]) -> String {
    unpack(archive).unwrap_err()
}

#[test]
fn stored_and_deflated_files_are_read() {
    let text = "long ".repeat(1000);
    let archive = pack(&[("package.xml", "<a/>"), ("x/y.eca", &text), ("x/", "")]);
    let files = unpack(&archive).unwrap();
    let found: Vec<_> = files
        .iter()
        .map(|file| (file.path.as_str(), file.content.as_slice()))
        .collect();
    assert_eq!(
        found,
        [("package.xml", &b"<a/>"[..]), ("x/y.eca", text.as_bytes())]
    );
}

#[test]
fn an_archive_that_was_cut_or_changed_is_refused_and_never_read_past() {
    let archive = pack(&[("a", "first"), ("b", "second file"), ("c", "third")]);
    for length in 0..archive.len() {
        assert!(unpack(&archive[..length]).is_err(), "{length}");
    }
    let whole = unpack(&archive).unwrap();
    for at in 0..archive.len() {
        let mut changed = archive.clone();
        changed[at] ^= 0x55;
        // Times and the like may be anything; what is read is never something else.
        if let Ok(files) = unpack(&changed) {
            let same = files
                .iter()
                .all(|file| whole.iter().any(|known| known.content == file.content));
            assert!(same, "{at} of {}: {files:?}", archive.len());
        }
    }
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let long = format!("a/{}", "b".repeat(511));
    for path in [
        "../x",
        "/x",
        "a//b",
        "a/../../b",
        "c:x",
        "a\\b",
        "./x",
        &long,
    ] {
        assert!(refusal(&pack(&[(path, "")])).contains("no path"), "{path}");
    }
    assert_eq!(
        refusal(&pack(&[("a", "1"), ("a", "2")])),
        "a is there twice"
    );
    assert_eq!(refusal(b"no archive"), "this is no ZIP archive");
}

#[test]
fn a_file_that_says_it_is_small_and_is_not_is_refused() {
    let mut archive = pack(&[("a", ""), ("b", &"0".repeat(100_000))]);
    let at = archive
        .windows(4)
        .rposition(|window| window == ENTRY)
        .unwrap();
    archive[at + 24..at + 28].copy_from_slice(&10_u32.to_le_bytes());
    assert_eq!(refusal(&archive), "b is damaged");
    archive[at + 24..at + 28].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(refusal(&archive), "expected at most 16 MB, unpacked");
    archive[at + 8] = 1;
    assert_eq!(refusal(&archive), "b is encrypted");
}
