//! Settings with a few values, and how they stand in a form.

/// A value of a setting: its word in forms, Salesforce's name, and a sentence about it.
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
}

/// A value that can be chosen in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) hint: &'static str,
    pub(super) is_chosen: bool,
}

/// All values, with `now` chosen.
pub(super) fn all<T: PartialEq>(settings: &[Setting<T>], now: &T) -> Vec<Choice> {
    settings
        .iter()
        .map(|setting| Choice {
            value: setting.word.to_owned(),
            label: setting.label.to_owned(),
            hint: setting.hint,
            is_chosen: setting.value == *now,
        })
        .collect()
}

/// The value that `word` stands for.
pub(super) fn read<T: Copy>(settings: &[Setting<T>], word: &str) -> Option<T> {
    let found = settings.iter().find(|setting| setting.word == word);
    found.map(|setting| setting.value)
}

/// Salesforce's name of a value.
pub(super) fn label<T: PartialEq>(settings: &[Setting<T>], value: &T) -> &'static str {
    let found = settings.iter().find(|setting| setting.value == *value);
    found.map_or("", |setting| setting.label)
}

/// Names that can be chosen, first those that are `known`, then others that are chosen already.
pub(super) fn names(known: &[(&str, &str)], chosen: &[String]) -> Vec<Choice> {
    let is_known = |name: &&String| known.iter().all(|(value, _)| value != name);
    let others = chosen.iter().filter(is_known);
    let others = others.map(|name| (name.as_str(), name.as_str()));
    known
        .iter()
        .copied()
        .chain(others)
        .map(|(value, label)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            hint: "",
            is_chosen: chosen.iter().any(|name| name == value),
        })
        .collect()
}
