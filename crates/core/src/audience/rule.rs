//! The rules that choose an audience, by name.

use std::fmt;

/// Why the audience is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudienceRule {
    /// login.salesforce.com and test.salesforce.com are their own audience.
    SharedHost,
    /// A My Domain is its own audience: production, sandbox, scratch, developer, China.
    MyDomain,
    /// A site of Experience Cloud, with its path, is its own audience.
    Site,
    /// An instance host from before My Domain is its own audience.
    Instance,
    /// This machine is its own audience.
    Emulator,
    /// GovCloud, and apps known at login or test alone: asked at My Domain, named by login or test.
    Government,
    /// A custom domain: the audience was given, and is none of Salesforce's.
    CustomDomain,
    /// The audience was given.
    Given,
}

impl AudienceRule {
    /// The name of the rule.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SharedHost => "shared-login-host",
            Self::MyDomain => "my-domain",
            Self::Site => "experience-cloud-site",
            Self::Instance => "instance-host",
            Self::Emulator => "this-machine",
            Self::Government => "my-domain-named-by-login-host",
            Self::CustomDomain => "custom-domain",
            Self::Given => "given",
        }
    }

    /// The rule in one sentence, without its full stop.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SharedHost => "login.salesforce.com and test.salesforce.com are their own names",
            Self::MyDomain => "a My Domain is its own name, whatever kind of org it belongs to",
            Self::Site => "a site of Experience Cloud is named with its path",
            Self::Instance => "an instance host is its own name; its My Domain is the better one",
            Self::Emulator => "an org on this machine is its own name",
            Self::Government => {
                "asked at My Domain and named by login or test, as GovCloud wants it"
            }
            Self::CustomDomain => "a custom domain is named as --audience says",
            Self::Given => "--audience says so",
        }
    }
}

impl fmt::Display for AudienceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
