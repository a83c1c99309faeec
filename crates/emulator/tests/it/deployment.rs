//! Deployments as requests: archives, lists of components, the five files of an app.

use flate2::Crc;
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, OURS};

/// A ZIP archive of these files, as they are.
pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let mut sum = Crc::new();
        sum.update(content.as_bytes());
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let name = u16::try_from(path.len()).unwrap().to_le_bytes();
        let about = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &sum.sum().to_le_bytes()[..],
            &length,
            &length,
            &name,
            &[0, 0],
        ]
        .concat();
        let offset = u32::try_from(archive.len()).unwrap().to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\0", &about[..], &[0; 10], &offset].concat());
        directory.extend(path.as_bytes());
        archive.extend(
            [
                b"PK\x03\x04",
                &about[..],
                path.as_bytes(),
                content.as_bytes(),
            ]
            .concat(),
        );
    }
    let start = u32::try_from(archive.len()).unwrap().to_le_bytes();
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    archive.extend(directory);
    archive.extend(
        [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &[0; 4],
            &start,
            &[0; 2],
        ]
        .concat(),
    );
    archive
}

/// `package.xml` for members, each as `Type Name`.
pub(crate) fn package(members: &[&str]) -> String {
    let types = members.iter().map(|member| {
        let (kind, name) = member.split_once(' ').unwrap();
        format!("<types><members>{name}</members><name>{kind}</name></types>")
    });
    format!(
        "<Package>{}<version>65.0</version></Package>",
        types.collect::<String>()
    )
}

pub(crate) const FIVE: [&str; 5] = [
    "ExternalClientApplication CI",
    "ExtlClntAppGlobalOauthSettings CIGlblOAuth",
    "ExtlClntAppOauthSettings CIOAuthSettings",
    "ExtlClntAppOauthConfigurablePolicies CIOAuthSettings_defaultPolicy",
    "ExtlClntAppConfigurablePolicies CI_defaultPolicy",
];

/// The files of an app, with `<x>` elements changed as told.
pub(crate) fn external(changes: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let of = "<externalClientApplication>CI</externalClientApplication>";
    let document = |name: &str, inside: &str| format!("<{name}>\n{inside}\n</{name}>");
    let mut files = vec![
        ("package.xml", package(&FIVE)),
        (
            "externalClientApps/CI.eca",
            document(
                "ExternalClientApplication",
                "<contactEmail>a@b.c</contactEmail><label>CI</label>",
            ),
        ),
        (
            "extlClntAppGlobalOauthSets/CIGlblOAuth.ecaGlblOauth",
            document(
                "ExtlClntAppGlobalOauthSettings",
                &format!(
                    "<callbackUrl>https://x</callbackUrl><certificate>{}</certificate>
                     <consumerKey>{CLIENT_ID}</consumerKey>{of}",
                    OURS.certificate
                ),
            ),
        ),
        (
            "extlClntAppOauthSettings/CIOAuthSettings.ecaOauth",
            document(
                "ExtlClntAppOauthSettings",
                &format!("<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes>{of}"),
            ),
        ),
        (
            "extlClntAppOauthPolicies/CIOAuthSettings_defaultPolicy.ecaOauthPlcy",
            document(
                "ExtlClntAppOauthConfigurablePolicies",
                &format!(
                    "<commaSeparatedProfile>System Administrator</commaSeparatedProfile>{of}
                     <permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"
                ),
            ),
        ),
        (
            "extlClntAppPolicies/CI_defaultPolicy.ecaPlcy",
            document(
                "ExtlClntAppConfigurablePolicies",
                &format!("<isEnabled>true</isEnabled>{of}"),
            ),
        ),
    ];
    for (old, new) in changes {
        let hits = files.iter().filter(|(_, xml)| xml.contains(old)).count();
        assert!(hits > 0, "{old} is nowhere");
        for (_, xml) in &mut files {
            *xml = xml.replace(old, new);
        }
    }
    files
}

/// A request with the options under `name`, and the archive with more lines in its head.
pub(crate) fn multipart(name: &str, options: &Value, head: &str, archive: &[u8]) -> Vec<u8> {
    let options = json!({"deployOptions": options});
    let mut body = format!(
        "--xYx\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: \
         application/json\r\n\r\n{options}\r\n--xYx\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"deploy.zip\"\r\nContent-Type: application/zip\r\n{head}\r\n"
    )
    .into_bytes();
    body.extend_from_slice(archive);
    body.extend_from_slice(b"\r\n--xYx--\r\n");
    body
}
