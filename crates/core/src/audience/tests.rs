use super::*;

fn login(text: &str) -> LoginUrl {
    LoginUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Login URL, its kind, its audience.
const KINDS: &[(&str, HostClass, &str)] = &[
    (
        "https://login.salesforce.com",
        HostClass::Login,
        "https://login.salesforce.com",
    ),
    (
        "login.salesforce.com/",
        HostClass::Login,
        "https://login.salesforce.com",
    ),
    (
        "https://TEST.salesforce.com:443/",
        HostClass::Test,
        "https://test.salesforce.com",
    ),
    (
        "https://acme.my.salesforce.com",
        HostClass::MyDomain,
        "https://acme.my.salesforce.com",
    ),
    (
        "https://acme--uat.sandbox.my.salesforce.com/services/oauth2/token",
        HostClass::Sandbox,
        "https://acme--uat.sandbox.my.salesforce.com",
    ),
    (
        "https://x.scratch.my.salesforce.com",
        HostClass::Scratch,
        "https://x.scratch.my.salesforce.com",
    ),
    (
        "https://x-dev-ed.develop.my.salesforce.com",
        HostClass::Developer,
        "https://x-dev-ed.develop.my.salesforce.com",
    ),
    (
        "https://site.force.com/customers/",
        HostClass::ExperienceCloud,
        "https://site.force.com/customers",
    ),
    (
        "https://acme.my.sfcrmproducts.cn",
        HostClass::China,
        "https://acme.my.sfcrmproducts.cn",
    ),
    (
        "https://na91.salesforce.com",
        HostClass::Instance,
        "https://na91.salesforce.com",
    ),
    (
        "https://acme--uat.cs12.my.salesforce.com",
        HostClass::Sandbox,
        "https://acme--uat.cs12.my.salesforce.com",
    ),
    (
        "http://127.0.0.1:8580/",
        HostClass::Loopback,
        "http://127.0.0.1:8580",
    ),
    (
        "http://[::1]:8580",
        HostClass::Loopback,
        "http://[::1]:8580",
    ),
    (
        "http://localhost:8580",
        HostClass::Loopback,
        "http://localhost:8580",
    ),
];

#[test]
fn each_kind_of_host_has_one_audience() {
    for (url, class, audience) in KINDS {
        let login_url = login(url);
        assert_eq!(login_url.class(), *class, "{url}");
        assert_eq!(
            Audience::resolve(&login_url, None).unwrap().as_str(),
            *audience,
            "{url}"
        );
    }
}

#[test]
fn what_cannot_be_a_login_url_is_refused_by_name() {
    for (url, part) in [
        ("", "is empty"),
        ("http://login.salesforce.com", "over http"),
        ("http://127.0.0.1.attacker.example", "over http"),
        ("https://acme.lightning.force.com", "Lightning"),
        ("https://user@login.salesforce.com", "more than scheme"),
        (
            "https://login.salesforce.com@attacker.example",
            "more than scheme",
        ),
        ("https://login.salesforce.com?x=1", "more than scheme"),
        ("https://login.salesforce.com\n", "a blank or a line break"),
        ("ftp://login.salesforce.com", "neither https nor http"),
        ("https://", "is not a URL"),
        ("https:///path", "is not a URL"),
        ("https://acme.my.salesforce.com:99999", "well-formed"),
        ("https://acme.my.salesforce.com:0", "well-formed"),
        ("https://acme.my.salesforce.com:", "well-formed"),
        ("https://a:b.my.salesforce.com", "well-formed"),
        ("https://[::1].my.salesforce.com", ""),
        ("https://.my.salesforce.com", "well-formed"),
        ("https://a..my.salesforce.com", "well-formed"),
        ("https://login.salesforce.com.", "well-formed"),
        ("https://!$&'()*+,;=.my.salesforce.com", "well-formed"),
        (
            "https://acme.my.salesforce.com/lightning/page/home",
            "has the path",
        ),
        ("https://site.force.com/a$(b)", "characters"),
        ("https://ho st", "a blank"),
    ] {
        let error = LoginUrl::parse(url).unwrap_err();
        assert!(error.to_string().contains(part), "{url:?}: {error}");
    }
}

#[test]
fn a_look_alike_is_no_host_of_salesforce() {
    for url in [
        "https://login.salesforce.com.attacker.example",
        "https://notlogin-salesforce.com",
        "https://mysalesforce.com",
    ] {
        assert_eq!(login(url).class(), HostClass::Custom, "{url}");
        let error = Audience::resolve(&login(url), None).unwrap_err();
        assert!(error.to_string().contains("--audience"), "{error}");
    }
}

#[test]
fn a_given_audience_is_used_unless_it_is_of_another_environment() {
    let production = login("https://acme.my.salesforce.com");
    let sandbox = login("https://acme--uat.sandbox.my.salesforce.com");
    let resolve = |url: &LoginUrl, given| Audience::resolve(url, Some(given));
    assert_eq!(
        resolve(&production, "https://login.salesforce.com/")
            .unwrap()
            .as_str(),
        "https://login.salesforce.com"
    );
    assert!(resolve(&sandbox, "https://test.salesforce.com").is_ok());
    assert!(resolve(&production, "https://test.salesforce.com").is_err());
    assert!(resolve(&sandbox, "https://login.salesforce.com").is_err());
    assert!(resolve(&sandbox, "http://test.salesforce.com").is_err());
}

#[test]
fn a_strange_host_gets_no_assertion_for_salesforce() {
    let squatter = login("https://login.salesfroce.com");
    for audience in [
        "https://login.salesforce.com",
        "https://acme.my.salesforce.com",
    ] {
        let error = Audience::resolve(&squatter, Some(audience)).unwrap_err();
        assert!(error.to_string().contains("good elsewhere"), "{error}");
    }
    assert!(Audience::resolve(&squatter, Some("https://login.salesfroce.com")).is_ok());
    let emulator = login("http://127.0.0.1:8580");
    assert!(Audience::resolve(&emulator, Some("https://login.salesforce.com")).is_ok());
}

#[test]
fn a_government_host_needs_to_be_told_its_audience() {
    let government = login("https://org.my.salesforce.mil");
    assert!(
        Audience::resolve(&government, None)
            .unwrap_err()
            .to_string()
            .contains("--audience")
    );
    assert!(Audience::resolve(&government, Some("https://test.salesforce.com")).is_ok());
}

#[test]
fn a_token_goes_only_where_it_belongs() {
    let salesforce = login("https://login.salesforce.com");
    let emulator = login("http://127.0.0.1:8580");
    let custom = login("https://login.example.com");
    for (url, from, is_accepted) in [
        ("https://acme.my.salesforce.com", &salesforce, true),
        ("https://acme.my.salesforce.com/", &salesforce, true),
        ("http://acme.my.salesforce.com", &salesforce, false),
        ("https://attacker.example", &salesforce, false),
        ("http://127.0.0.1:1", &salesforce, false),
        ("http://127.0.0.1:8580", &emulator, true),
        ("http://localhost:8580", &emulator, true),
        ("https://login.example.com", &custom, true),
        ("https://other.example.com", &custom, false),
    ] {
        let accepted = InstanceUrl::accept(url, from, &[]);
        assert_eq!(accepted.is_ok(), is_accepted, "{url}");
    }
}

#[test]
fn a_token_goes_to_a_host_that_a_person_trusts_and_to_none_that_looks_like_it() {
    let salesforce = login("https://login.salesforce.com");
    let trusted = ["Api.Example.com", "other.example.com:8443"].map(InstanceHost::parse);
    let trusted = trusted.map(Result::unwrap);
    for (url, is_accepted) in [
        ("https://api.example.com", true),
        ("https://API.example.com:443/", true),
        ("https://other.example.com:8443/orgs/a", true),
        ("https://acme.my.salesforce.com", true),
        ("http://api.example.com", false),
        ("https://api.example.com:8443", false),
        ("https://other.example.com", false),
        ("https://www.api.example.com", false),
        ("https://api.example.com.attacker.example", false),
        ("https://api.example.com@attacker.example", false),
        ("https://attacker.example/api.example.com", false),
    ] {
        let accepted = InstanceUrl::accept(url, &salesforce, &trusted);
        assert_eq!(accepted.is_ok(), is_accepted, "{url}");
    }
    for text in [
        "",
        "https://api.example.com",
        "a.example/x",
        "*.example.com",
        "a b",
        "a@b",
        "a:0",
    ] {
        assert!(InstanceHost::parse(text).is_err(), "{text}");
    }
}

/// Login URL, audience if one is given, and the rule; or the cause why it is refused.
type Choice = (
    &'static str,
    Option<&'static str>,
    Result<AudienceRule, LocalCause>,
);

const LOGIN: Option<&str> = Some("https://login.salesforce.com");
const TEST: Option<&str> = Some("https://test.salesforce.com");

#[rustfmt::skip]
const CHOICES: &[Choice] = &[
    ("login.salesforce.com", None, Ok(AudienceRule::SharedHost)),
    ("login.salesforce.com", TEST, Err(LocalCause::MixedEnvironments)),
    ("acme.my.salesforce.com", None, Ok(AudienceRule::MyDomain)),
    ("acme.my.salesforce.com", LOGIN, Ok(AudienceRule::Government)),
    ("acme.my.salesforce.com", TEST, Err(LocalCause::MixedEnvironments)),
    ("acme.my.salesforce.com", Some("https://acme--uat.sandbox.my.salesforce.com"), Err(LocalCause::MixedEnvironments)),
    ("acme.my.salesforce.com", Some("http://127.0.0.1:8580"), Err(LocalCause::MixedEnvironments)),
    ("acme--uat.sandbox.my.salesforce.com", TEST, Ok(AudienceRule::Given)),
    ("acme--uat.sandbox.my.salesforce.com", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("acme--uat.my.salesforce.com", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("x.scratch.my.salesforce.com", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("x-dev-ed.develop.my.salesforce.com", LOGIN, Ok(AudienceRule::Given)),
    ("x-dev-ed.my.salesforce.com", None, Ok(AudienceRule::MyDomain)),
    ("x-dev-ed.develop.my.salesforce.com", TEST, Err(LocalCause::MixedEnvironments)),
    ("x-dev-ed.trailblaze.my.salesforce.com", TEST, Ok(AudienceRule::Given)),
    ("acme.my.site.com/customers", None, Ok(AudienceRule::Site)),
    ("acme.my.site.com/customers", TEST, Err(LocalCause::MixedEnvironments)),
    ("acme--uat.sandbox.my.site.com/customers", TEST, Ok(AudienceRule::Given)),
    ("acme--uat.sandbox.my.site.com/customers", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("cs12.salesforce.com", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("na91.salesforce.com", TEST, Err(LocalCause::MixedEnvironments)),
    ("org.my.salesforce.mil", None, Err(LocalCause::NoAudience)),
    ("org.my.salesforce.mil", LOGIN, Ok(AudienceRule::Government)),
    ("org--uat.sandbox.my.salesforce.mil", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("acme.my.sfcrmproducts.cn", None, Ok(AudienceRule::MyDomain)),
    ("acme.my.sfcrmproducts.cn", LOGIN, Err(LocalCause::MixedEnvironments)),
    ("acme.my.salesforce.com", Some("https://acme.my.sfcrmproducts.cn"), Err(LocalCause::MixedEnvironments)),
    ("portal.example.com", None, Err(LocalCause::NoAudience)),
    ("portal.example.com/customers", Some("https://portal.example.com/customers"), Ok(AudienceRule::CustomDomain)),
    ("portal.example.com", LOGIN, Err(LocalCause::StrangeHost)),
    ("acme.my.salesforce.com", Some("https://portal.example.com"), Ok(AudienceRule::Given)),
    ("http://127.0.0.1:8580", None, Ok(AudienceRule::Emulator)),
    ("http://127.0.0.1:8580", LOGIN, Ok(AudienceRule::Given)),
];

#[test]
fn the_rule_that_applied_has_a_name_and_the_cause_of_a_refusal_too() {
    for (url, given, expected) in CHOICES {
        let found = Audience::resolve(&login(url), *given);
        let found = found
            .as_ref()
            .map(Audience::rule)
            .map_err(|error| error.cause().unwrap());
        assert_eq!(found, *expected, "{url} {given:?}");
    }
}

#[test]
fn a_host_for_people_is_refused_by_what_it_is() {
    for (host, part) in [
        ("acme.lightning.force.com", "Lightning host"),
        ("acme.my.salesforce-setup.com", "Setup host"),
        ("acme--c.vf.force.com", "Visualforce host"),
        ("acme.lightning.sfcrmapps.cn", "Lightning host"),
        ("acme.file.force.com", "file host"),
        ("help.salesforce.com", "public site"),
    ] {
        let error = LoginUrl::parse(host).unwrap_err();
        assert!(error.to_string().contains(part), "{host}: {error}");
        assert_eq!(error.cause(), Some(LocalCause::NoTokenEndpoint));
    }
}
