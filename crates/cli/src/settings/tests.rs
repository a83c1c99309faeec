use std::collections::BTreeMap;
use std::ffi::OsString;

use accredit::oauth::ClientId;

use super::*;
use crate::env_vars;

/// An environment for tests.
#[derive(Debug, Default)]
pub(crate) struct Variables(BTreeMap<String, OsString>);

impl Variables {
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
                .collect(),
        )
    }
}

impl Environment for Variables {}

impl accredit_keys::Environment for Variables {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.0.get(name).cloned()
    }
}

fn client_id(flag: Option<&str>, variables: &Variables) -> Result<Setting<ClientId>, CliError> {
    let mut picker = Picker::new(variables);
    let flag = Flag::new("--client-id", flag);
    let found = picker.required("client id", flag, &env_vars::CLIENT_ID, |text| {
        ClientId::new(text)
    });
    picker.finish(found)
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_its_fallbacks() {
    let all = Variables::of(&[("ACCREDIT_CLIENT_ID", "own"), ("SF_CLIENT_ID", "sf")]);
    let fallback = Variables::of(&[("ACCREDIT_CLIENT_ID", ""), ("SFDX_CLIENT_ID", "sfdx")]);
    for (flag, variables, value, origin) in [
        (Some("flag"), &all, "flag", Origin::Flag("--client-id")),
        (None, &all, "own", Origin::Environment("ACCREDIT_CLIENT_ID")),
        (
            None,
            &fallback,
            "sfdx",
            Origin::Environment("SFDX_CLIENT_ID"),
        ),
    ] {
        let setting = client_id(flag, variables).unwrap();
        assert_eq!((setting.value.as_str(), setting.origin), (value, origin));
    }
}

#[test]
fn a_wrong_value_names_the_place_it_came_from_and_does_not_fall_through() {
    let variables = Variables::of(&[("ACCREDIT_CLIENT_ID", "a b"), ("SF_CLIENT_ID", "good")]);
    let error = client_id(None, &variables).unwrap_err().to_string();
    assert!(error.contains("a blank at position 1"), "{error}");
    assert!(error.contains("(variable ACCREDIT_CLIENT_ID)"), "{error}");
}

#[test]
fn a_missing_value_says_which_flag_and_variable_to_use() {
    let error = client_id(None, &Variables::default()).unwrap_err();
    assert_eq!(error.to_string(), "no client id was given");
    assert_eq!(
        error.hints(),
        ["pass --client-id or set ACCREDIT_CLIENT_ID"]
    );
}

#[test]
fn a_variable_that_is_no_text_is_named_once() {
    use std::os::unix::ffi::OsStringExt as _;
    let name = "ACCREDIT_CLIENT_ID".to_owned();
    let variables = Variables(BTreeMap::from([(name, OsString::from_vec(vec![0xff]))]));
    let error = client_id(None, &variables).unwrap_err().to_string();
    assert_eq!(error, "the variable ACCREDIT_CLIENT_ID is not UTF-8 text");
}

#[test]
fn a_time_out_is_a_positive_number_of_seconds() {
    assert_eq!(seconds("0.25").unwrap(), Duration::from_millis(250));
    for text in ["", "0", "-1", "NaN", "inf", "1e9", "2s"] {
        assert!(seconds(text).is_err(), "{text}");
    }
}
