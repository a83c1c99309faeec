//! What kind of host a name is, and which environment it belongs to, by the table of 2026 (fact
//! sheet §1.4).

use crate::base_url::is_loopback;

/// What kind of host a login URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostClass {
    /// `login.salesforce.com`: any production org.
    Login,
    /// `test.salesforce.com`: any sandbox.
    Test,
    /// `X.my.salesforce.com`: a production org. GovCloud orgs look the same.
    MyDomain,
    /// `X--S.sandbox.my.salesforce.com`.
    Sandbox,
    /// `X.scratch.my.salesforce.com`.
    Scratch,
    /// `X-dev-ed.develop.my.salesforce.com`, playgrounds and other trial orgs.
    Developer,
    /// `X.my.site.com/path` and the older `X.force.com/path`: an Experience Cloud site.
    ExperienceCloud,
    /// `….salesforce.mil`: government hosts.
    Government,
    /// `X.my.sfcrmproducts.cn`: an org in China.
    China,
    /// `na91.salesforce.com` and the like: an instance, from before My Domain.
    Instance,
    /// This machine: an emulator.
    Loopback,
    /// Any other host; the audience must be given.
    Custom,
}

/// Production or not, as far as the host tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Environment {
    Production,
    Test,
    Unknown,
}

/// Name, or end of the name, of a host and what it is. The first that fits counts.
const HOSTS: [(&str, HostClass); 18] = [
    ("login.salesforce.com", HostClass::Login),
    ("test.salesforce.com", HostClass::Test),
    (".sandbox.my.salesforce.com", HostClass::Sandbox),
    (".scratch.my.salesforce.com", HostClass::Scratch),
    (".develop.my.salesforce.com", HostClass::Developer),
    (".trailblaze.my.salesforce.com", HostClass::Developer),
    (".demo.my.salesforce.com", HostClass::Developer),
    (".free.my.salesforce.com", HostClass::Developer),
    (".my.salesforce.com", HostClass::MyDomain),
    (".salesforce.com", HostClass::Instance),
    (".cloudforce.com", HostClass::Instance),
    (".database.com", HostClass::Instance),
    (".my.site.com", HostClass::ExperienceCloud),
    (".my.salesforce-sites.com", HostClass::ExperienceCloud),
    (".secure.force.com", HostClass::ExperienceCloud),
    (".force.com", HostClass::ExperienceCloud),
    (".salesforce.mil", HostClass::Government),
    (".sfcrmproducts.cn", HostClass::China),
];

/// Hosts for people, which have no token endpoint, and what they are. Name, or end of the name.
const WITHOUT_TOKEN_ENDPOINT: [(&str, &str); 18] = [
    (".lightning.force.com", "Lightning host"),
    (".lightning.crmforce.mil", "Lightning host"),
    (".crmforce.mil", "Lightning host"),
    (".sfcrmapps.cn", "Lightning host"),
    (".my.salesforce-setup.com", "Setup host"),
    (".salesforce-setup.com", "Setup host"),
    (".vf.force.com", "Visualforce host"),
    (".visual.force.com", "Visualforce host"),
    (".visualforce.com", "Visualforce host"),
    (".documentforce.com", "file host"),
    (".file.force.com", "file host"),
    (".content.force.com", "file host"),
    (".salesforce-experience.com", "Experience Builder host"),
    (".salesforce-scrt.com", "messaging host"),
    ("www.salesforce.com", "public site"),
    ("help.salesforce.com", "public site"),
    ("developer.salesforce.com", "public site"),
    ("status.salesforce.com", "public site"),
];

fn is_named(host: &str, name: &str) -> bool {
    if name.starts_with('.') {
        host.ends_with(name)
    } else {
        host == name
    }
}

/// What a host is if it is one of Salesforce's that has no token endpoint.
pub(super) fn without_token_endpoint(host: &str) -> Option<&'static str> {
    WITHOUT_TOKEN_ENDPOINT
        .iter()
        .find(|(name, _)| is_named(host, name))
        .map(|(_, what)| *what)
}

/// A host as far as its name tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) class: HostClass,
    pub(super) environment: Environment,
}

impl Place {
    pub(super) fn of(host: &str) -> Self {
        let class = class_of(host);
        Self {
            class,
            environment: environment_of(host, class),
        }
    }

    /// Says whether an assertion for `audience` may be shown to this host: not if one is production
    /// and the other is not, or if they belong to clouds that know nothing of each other.
    pub(super) fn goes_with(self, audience: Self) -> bool {
        let is_mixed = matches!(
            (self.environment, audience.environment),
            (Environment::Production, Environment::Test)
                | (Environment::Test, Environment::Production)
        );
        let is_here = |place: Self| place.class == HostClass::Loopback;
        let is_china = |place: Self| place.class == HostClass::China;
        let is_of_salesforce = self.class.is_salesforce() && audience.class.is_salesforce();
        let is_other_cloud = is_of_salesforce && is_china(self) != is_china(audience);
        let leaves_this_machine = is_here(audience) && !is_here(self);
        !is_mixed && !is_other_cloud && !leaves_this_machine
    }
}

fn class_of(host: &str) -> HostClass {
    if is_loopback(host) {
        return HostClass::Loopback;
    }
    let found = HOSTS.iter().find(|(name, _)| is_named(host, name));
    match found.map_or(HostClass::Custom, |(_, class)| *class) {
        // From before enhanced domains: ORG--NAME.my.salesforce.com, NAME-dev-ed.my.salesforce.com.
        HostClass::MyDomain if is_of_sandbox(host) => HostClass::Sandbox,
        HostClass::MyDomain if first_label(host).ends_with("-dev-ed") => HostClass::Developer,
        class => class,
    }
}

/// Partitions of My Domain whose orgs are signed in to through test.salesforce.com.
const TEST_PARTITIONS: [&str; 2] = [".sandbox.", ".scratch."];

/// Partitions that say nothing of it.
const OTHER_PARTITIONS: [&str; 3] = [".trailblaze.", ".demo.", ".free."];

fn environment_of(host: &str, class: HostClass) -> Environment {
    let is_in = |partitions: &[&str]| partitions.iter().any(|part| host.contains(part));
    match class {
        HostClass::Loopback | HostClass::Custom => Environment::Unknown,
        HostClass::Test | HostClass::Sandbox | HostClass::Scratch => Environment::Test,
        _ if is_in(&TEST_PARTITIONS) || is_of_sandbox(host) => Environment::Test,
        HostClass::Government => Environment::Unknown,
        _ if is_in(&OTHER_PARTITIONS) => Environment::Unknown,
        _ => Environment::Production,
    }
}

/// Says whether the name is that of a sandbox: `ORG--NAME`, or on an instance `csNN`.
fn is_of_sandbox(host: &str) -> bool {
    let is_instance = |label: &str| {
        label
            .strip_prefix("cs")
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    first_label(host).contains("--") || host.split('.').any(is_instance)
}

fn first_label(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

impl HostClass {
    /// The kind of a host's name, in lower case and without a port.
    pub(super) fn of(host: &str) -> Self {
        class_of(host)
    }

    /// The kind in words, for messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "the login host of production",
            Self::Test => "the login host of sandboxes",
            Self::MyDomain => "a My Domain of production",
            Self::Sandbox => "a sandbox's My Domain",
            Self::Scratch => "a scratch org's My Domain",
            Self::Developer => "a developer org's My Domain",
            Self::ExperienceCloud => "an Experience Cloud site",
            Self::Government => "a government host",
            Self::China => "a My Domain in China",
            Self::Instance => "an instance host",
            Self::Loopback => "this machine",
            Self::Custom => "no host of Salesforce",
        }
    }

    /// Says whether the host belongs to Salesforce, as far as its name tells.
    pub(super) const fn is_salesforce(self) -> bool {
        !matches!(self, Self::Loopback | Self::Custom)
    }

    /// Says whether a path is part of where one signs in.
    pub(super) const fn may_have_path(self) -> bool {
        matches!(self, Self::ExperienceCloud | Self::Loopback | Self::Custom)
    }
}
