//! One table of the file: its values are taken one by one, and what is left over is a mistake.
//!
//! It knows no key by name.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use accredit::error::Error;
use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

use super::overrides;
use super::reader::Reader;

/// One table, and which of its keys have been taken.
#[derive(Debug)]
pub(super) struct Section<'a> {
    reader: &'a Reader<'a>,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    taken: RefCell<Vec<&'static str>>,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

impl<'a> Section<'a> {
    pub(super) fn new(reader: &'a Reader<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::at(reader, table.get_ref(), table.span(), String::new())
    }

    const fn at(
        reader: &'a Reader<'a>,
        table: &'a DeTable<'a>,
        span: Range<usize>,
        path: String,
    ) -> Self {
        Self {
            reader,
            table,
            span,
            path,
            taken: RefCell::new(Vec::new()),
        }
    }

    /// Where the table begins.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The whole name of a key of this table.
    pub(super) fn key(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    pub(super) fn mistake(&self, span: &Range<usize>, key: &str, what: impl Into<String>) {
        self.reader.mistake(span, &self.key(key), what);
    }

    /// File, line and key of a value.
    pub(super) fn place(&self, span: &Range<usize>, key: &str) -> String {
        self.reader.place(span, &self.key(key))
    }

    /// Says whether the key is there, whatever it holds.
    pub(super) fn has(&self, key: &str) -> bool {
        let variable = overrides::variable(&self.key(key));
        let in_file = |(name, _): Entry<'_>| name.get_ref().as_ref() == key;
        self.reader.is_overridden(&variable) || self.table.iter().any(in_file)
    }

    /// What the environment says of a key, and where the key stands in the file.
    fn overriding(&self, key: &'static str, entry: Option<Entry<'a>>) -> Option<Found<&'a str>> {
        let span = entry.map_or_else(|| self.span(), |(_, value)| value.span());
        let value = self.reader.overriding(&span, &self.key(key))?;
        Some(Found { value, span })
    }

    fn take(&self, key: &'static str) -> Option<Entry<'a>> {
        self.taken.borrow_mut().push(key);
        self.table
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
    }

    /// A text that may be left out.
    pub(super) fn text(&self, key: &'static str) -> Option<Found<&'a str>> {
        let entry = self.take(key);
        if let Some(found) = self.overriding(key, entry) {
            return Some(found);
        }
        let (_, value) = entry?;
        let span = value.span();
        match value.get_ref().as_str() {
            Some(text) => Some(Found { value: text, span }),
            None => {
                let found = value.get_ref().type_str();
                self.mistake(&span, key, format!("expected a text, found: {found}"));
                None
            }
        }
    }

    /// A text that must be there and that `read` can make sense of.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<Found<T>> {
        if !self.has(key) {
            self.mistake(&self.span(), key, "is missing");
        }
        self.optional(key, read)
    }

    /// A text that may be left out and that `read` can make sense of.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<Found<T>> {
        let Found { value, span } = self.text(key)?;
        match read(value) {
            Ok(value) => Some(Found { value, span }),
            Err(error) => {
                self.mistake(&span, key, error.to_string());
                None
            }
        }
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, Error>,
    ) -> Option<Vec<T>> {
        let (_, value) = self.take(key)?;
        let one = [value.clone()];
        let values: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => one.iter().collect(),
        };
        let mut list = Vec::new();
        for value in values {
            let span = value.span();
            match value.get_ref().as_str().map(&read) {
                Some(Ok(value)) => list.push(value),
                Some(Err(error)) => self.mistake(&span, key, error.to_string()),
                None => self.mistake(&span, key, "expected a list of texts"),
            }
        }
        if list.is_empty() && value.get_ref().as_array().is_some_and(|all| all.is_empty()) {
            self.mistake(
                &value.span(),
                key,
                "is empty: leave it out, or name something",
            );
        }
        Some(list)
    }

    /// A list of whole numbers.
    pub(super) fn numbers(&self, key: &'static str) -> Option<Vec<u32>> {
        let (_, value) = self.take(key)?;
        let number = |value: &Spanned<DeValue<'_>>| {
            let number = value.get_ref().as_integer()?;
            u32::from_str_radix(number.as_str(), number.radix()).ok()
        };
        let list = value.get_ref().as_array();
        let numbers: Option<Vec<u32>> = list.and_then(|list| list.iter().map(number).collect());
        if numbers.as_ref().is_none_or(Vec::is_empty) {
            self.mistake(
                &value.span(),
                key,
                "expected a list of numbers such as [1000]",
            );
        }
        numbers
    }

    /// Where a setting is made true, if it is.
    pub(super) fn flag(&self, key: &'static str) -> Option<Range<usize>> {
        let entry = self.take(key);
        let (value, span) = match self.overriding(key, entry) {
            Some(found) => (found.value.parse().ok(), found.span),
            None => {
                let (_, value) = entry?;
                (value.get_ref().as_bool(), value.span())
            }
        };
        if value.is_none() {
            self.mistake(&span, key, "expected true or false");
        }
        value.filter(|is_set| *is_set).map(|_| span)
    }

    /// A whole number of seconds within `range`.
    pub(super) fn seconds(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
    ) -> Option<std::time::Duration> {
        self.whole(key, range, "a whole number of seconds")
            .map(std::time::Duration::from_secs)
    }

    /// A whole number within `range`.
    pub(super) fn number(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<usize> {
        let number = self.whole(key, range, "a whole number")?;
        usize::try_from(number).ok()
    }

    fn whole(&self, key: &'static str, range: RangeInclusive<u64>, what: &str) -> Option<u64> {
        let entry = self.take(key);
        let (number, span) = match self.overriding(key, entry) {
            Some(found) => (found.value.parse::<u64>().ok(), found.span),
            None => {
                let (_, value) = entry?;
                let number = value.get_ref().as_integer();
                let read = |number: &DeInteger<'_>| {
                    u64::from_str_radix(number.as_str(), number.radix()).ok()
                };
                (number.and_then(read), value.span())
            }
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (first, last) = (range.start(), range.end());
            let what = format!("expected {what} from {first} to {last}");
            self.mistake(&span, key, what);
        }
        number
    }

    /// A table below this one.
    pub(super) fn section(&self, key: &'static str) -> Option<Self> {
        let entry = self.take(key);
        let path = self.key(key);
        match entry {
            Some(entry) => self.below(entry),
            None if self.reader.reaches(&path) => {
                let empty = self.reader.empty();
                Some(Self::at(self.reader, empty, self.span(), path))
            }
            None => None,
        }
    }

    /// Every table below this one, with its name; nothing else may stand here.
    pub(super) fn sections(&self) -> Vec<(Found<String>, Self)> {
        let entries: Vec<Entry<'a>> = self.table.iter().collect();
        let below = |entry: Entry<'a>| {
            let name = Found {
                value: entry.0.get_ref().clone().into_owned(),
                span: entry.0.span(),
            };
            self.below(entry).map(|section| (name, section))
        };
        entries.into_iter().filter_map(below).collect()
    }

    fn below(&self, (name, value): Entry<'a>) -> Option<Self> {
        let (key, span) = (name.get_ref().as_ref(), name.span());
        match value.get_ref().as_table() {
            Some(table) => Some(Self::at(self.reader, table, span, self.key(key))),
            None => {
                let found = value.get_ref().type_str();
                self.mistake(&span, key, format!("expected a table, found: {found}"));
                None
            }
        }
    }

    /// Tells what nobody took.
    pub(super) fn finish(self) {
        let taken = self.taken.borrow();
        for (name, _) in self.table.iter() {
            let key = name.get_ref().as_ref();
            if !taken.contains(&key) {
                let known = taken.join(", ");
                self.mistake(
                    &name.span(),
                    key,
                    format!("is not known here; known are {known}"),
                );
            }
        }
    }
}
