//! The subject of a certificate: who it is for.
//!
//! Owns the six fields that `credhub generate -t certificate` knows and the bounds that X.520 sets
//! to them. Does not encode them. Invariant: a [`Subject`] has at least one field, and each is in
//! bounds.

use accredit::error::Error;

/// The fields of a subject as given, not yet checked. What is `None` does not appear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// `CN`, at most 64 characters.
    pub common_name: Option<String>,
    /// `O`, at most 64 characters.
    pub organization: Option<String>,
    /// `OU`, at most 64 characters.
    pub organization_unit: Option<String>,
    /// `L`, at most 128 characters.
    pub locality: Option<String>,
    /// `ST`, at most 128 characters.
    pub state: Option<String>,
    /// `C`, two letters (ISO 3166-1 alpha-2); small letters are made capitals.
    pub country: Option<String>,
}

/// Who a certificate is for. At least one field, each within the bounds of X.520 (RFC 5280 §A.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(Fields);

impl Subject {
    /// Checks `fields`.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) with all mistakes at once: no
    /// field at all, an empty one, one that is too long or holds a control character, a country
    /// that is not two letters.
    pub fn new(mut fields: Fields) -> Result<Self, Error> {
        if let Some(country) = &mut fields.country {
            country.make_ascii_uppercase();
        }
        let subject = Self(fields);
        if subject.named().next().is_none() {
            return Err(Error::setting(
                "the subject is empty, expected at least one field, such as a common name",
            ));
        }
        let mistakes: Vec<String> = subject
            .named()
            .filter_map(|(field, value)| mistake(field, value))
            .collect();
        if mistakes.is_empty() {
            Ok(subject)
        } else {
            Err(Error::setting(mistakes.join("; ")))
        }
    }

    /// The fields as checked.
    #[must_use]
    pub const fn fields(&self) -> &Fields {
        &self.0
    }

    /// The fields that are there, in the order in which CredHub writes them.
    pub(crate) fn named(&self) -> impl Iterator<Item = (Field, &str)> {
        [
            (Field::CommonName, &self.0.common_name),
            (Field::OrganizationUnit, &self.0.organization_unit),
            (Field::Country, &self.0.country),
            (Field::State, &self.0.state),
            (Field::Organization, &self.0.organization),
            (Field::Locality, &self.0.locality),
        ]
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    CommonName,
    Organization,
    OrganizationUnit,
    Locality,
    State,
    Country,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::CommonName => "common name",
            Self::Organization => "organization",
            Self::OrganizationUnit => "organization unit",
            Self::Locality => "locality",
            Self::State => "state",
            Self::Country => "country",
        }
    }

    /// The upper bounds `ub-common-name` and so on (RFC 5280 §A.1), in characters.
    const fn length_max(self) -> usize {
        match self {
            Self::CommonName | Self::Organization | Self::OrganizationUnit => 64,
            Self::Locality | Self::State => 128,
            Self::Country => 2,
        }
    }
}

fn mistake(field: Field, value: &str) -> Option<String> {
    let name = field.name();
    let length = value.chars().count();
    if field == Field::Country {
        let is_code = length == 2 && value.chars().all(|letter| letter.is_ascii_alphabetic());
        return (!is_code)
            .then(|| format!("the {name} is not a code of two letters (ISO 3166), such as US"));
    }
    if value.trim().is_empty() {
        return Some(format!(
            "the {name} is empty: leave it out or give it a value"
        ));
    }
    if value.chars().any(char::is_control) {
        return Some(format!("the {name} holds a control character"));
    }
    (length > field.length_max()).then(|| {
        format!(
            "the {name} has {length} characters, expected at most {}",
            field.length_max()
        )
    })
}
