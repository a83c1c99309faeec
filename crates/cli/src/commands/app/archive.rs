//! A ZIP archive (APPNOTE.TXT 6.3) of files as they are: a few kilobytes are not worth packing.

use std::num::TryFromIntError;

use flate2::Crc;

/// The date of every file, 1980-01-01, so that the same files make the same archive.
const DATE: u16 = 0x0021;

/// Names are UTF-8.
const FLAGS: u16 = 0x0800;

/// The version that is needed to read it.
const VERSION: u16 = 20;

/// The archive of files by path.
///
/// # Errors
/// If they are too long or too many for the format.
pub(super) fn pack(files: &[(String, String)]) -> Result<Vec<u8>, TryFromIntError> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let offset = u32::try_from(archive.len())?;
        let about = about(path, content)?;
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&about);
        archive.extend_from_slice(path.as_bytes());
        archive.extend_from_slice(content.as_bytes());
        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&VERSION.to_le_bytes());
        directory.extend_from_slice(&about);
        // No comment, first disk, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(path.as_bytes());
    }
    let start = u32::try_from(archive.len())?;
    let length = u32::try_from(directory.len())?;
    let count = u16::try_from(files.len())?;
    archive.append(&mut directory);
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    archive.extend_from_slice(&count.to_le_bytes());
    archive.extend_from_slice(&count.to_le_bytes());
    archive.extend_from_slice(&length.to_le_bytes());
    archive.extend_from_slice(&start.to_le_bytes());
    archive.extend_from_slice(&[0; 2]);
    Ok(archive)
}

/// What file and directory say alike of a file.
fn about(path: &str, content: &str) -> Result<Vec<u8>, TryFromIntError> {
    let mut sum = Crc::new();
    sum.update(content.as_bytes());
    let length = u32::try_from(content.len())?.to_le_bytes();
    let mut about = Vec::with_capacity(26);
    // Stored, at midnight.
    for word in [VERSION, FLAGS, 0, 0, DATE] {
        about.extend_from_slice(&word.to_le_bytes());
    }
    about.extend_from_slice(&sum.sum().to_le_bytes());
    about.extend_from_slice(&length);
    about.extend_from_slice(&length);
    about.extend_from_slice(&u16::try_from(path.len())?.to_le_bytes());
    about.extend_from_slice(&[0; 2]);
    Ok(about)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn another_program_unpacks_it() {
        let files = [
            ("package.xml".to_owned(), "<Package/>".to_owned()),
            ("a/ä.eca".to_owned(), "two\nlines".to_owned()),
        ];
        let archive = pack(&files).unwrap();
        assert_eq!(archive, pack(&files).unwrap());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.zip"), &archive).unwrap();
        let script = "import zipfile\nz = zipfile.ZipFile('a.zip')\nassert z.testzip() is None\n\
                      for i in z.infolist(): print(i.filename, z.read(i).decode().split())";
        let ran = Command::new("python3")
            .env("PYTHONIOENCODING", "utf-8")
            .args(["-c", script])
            .current_dir(folder.path())
            .output();
        let Ok(ran) = ran else {
            eprintln!("skipped: python3 is not installed");
            return;
        };
        let told = String::from_utf8_lossy(&ran.stdout);
        assert_eq!(
            told, "package.xml ['<Package/>']\na/ä.eca ['two', 'lines']\n",
            "{ran:?}"
        );
    }
}
