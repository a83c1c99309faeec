//! Any metadata file is loaded or refused: its root element says which kind of file it is.

#![no_main]

use accredit_fuzz::{file, load};
use libfuzzer_sys::fuzz_target;

/// Root elements, and the names of their files.
const KINDS: [(&str, &str); 13] = [
    ("<CustomObject", "objects/Trip__c/Trip__c.object-meta.xml"),
    (
        "<CustomField",
        "objects/Account/fields/From__c.field-meta.xml",
    ),
    (
        "<RecordType",
        "objects/Account/recordTypes/Big.recordType-meta.xml",
    ),
    (
        "<GlobalValueSet",
        "globalValueSets/Colors.globalValueSet-meta.xml",
    ),
    (
        "<StandardValueSet",
        "standardValueSets/Industry.standardValueSet-meta.xml",
    ),
    ("<CustomMetadata", "customMetadata/Rule.One.md-meta.xml"),
    ("<ConnectedApp", "connectedApps/One.connectedApp-meta.xml"),
    (
        "<ExternalClientApplication",
        "externalClientApps/One.eca-meta.xml",
    ),
    (
        "<ExtlClntAppGlobalOauthSettings",
        "One_glbloauth.ecaGlblOauth-meta.xml",
    ),
    ("<ExtlClntAppOauthSettings", "One_oauth.ecaOauth-meta.xml"),
    (
        "<ExtlClntAppOauthConfigurablePolicies",
        "One_oauthPlcy.ecaOauthPlcy-meta.xml",
    ),
    (
        "<ExtlClntAppConfigurablePolicies",
        "One_plcy.ecaPlcy-meta.xml",
    ),
    ("<", "objects/Trip__c.object"),
];

fuzz_target!(|text: &str| {
    let known = KINDS.iter().find(|(root, _)| text.contains(root));
    let (_, path) = known.unwrap_or(&KINDS[0]);
    load(&[file(path, text)]);
});
