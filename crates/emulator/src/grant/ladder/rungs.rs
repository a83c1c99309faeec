//! What each rung looks at.
//!
//! Owns the rules of single rungs: each names itself before it looks, and leaves a step. In which
//! order they are climbed is not its business.

use std::sync::Arc;
use std::time::Duration;

use accredit::clock::UnixTime;

use super::super::{Found, Reached, SKEW};
use super::Ladder;
use crate::claims::{self, Claims, Unfit};
use crate::directory::{
    AppKind, Certificate, Client, IpRestrictions, PermittedUsers, SessionPolicy, Switch, User,
    UserState,
};
use crate::journal::SeenClaims;
use crate::jws::{Jws, printable};
use crate::mode::{Leniency, Mode};
use crate::refusal::Refusal;

/// How long an assertion may be valid in strict mode.
const LIFETIME_MAX: Duration = Duration::from_secs(180);

/// How long past `exp` may be in the lenient mode: CumulusCI sends the present second.
const EXPIRED_MAX: Duration = Duration::from_secs(180);

impl Ladder<'_> {
    pub(super) fn claims(&mut self, payload: Vec<u8>) -> Result<Claims, Refusal> {
        self.at = "claims";
        let members = claims::members(&payload).map_err(refuse_claim)?;
        let read = Claims::read(&members, self.question.mode);
        self.claims = Some(SeenClaims::new(payload, &members));
        let claims = read.map_err(refuse_claim)?;
        self.lenient("iss, sub, aud, exp", &claims.leniencies);
        Ok(claims)
    }

    pub(super) fn client(&mut self, claims: &Claims) -> Result<Arc<Client>, Refusal> {
        self.at = "issuer";
        let org = self.question.org;
        let Some(client) = self.question.lookup.client(&claims.issuer) else {
            let found = printable(&claims.issuer);
            return Err(match (org.reached, org.spring_26) {
                (Reached::MyDomain, Switch::On) => Refusal::AppNotFound { found },
                _ => Refusal::UnknownClient { found },
            });
        };
        if client.definition.enabled == Switch::Off {
            return Err(Refusal::BlockedClient);
        }
        if client.definition.installed == Switch::Off {
            return Err(Refusal::NotInstalled);
        }
        self.passed(Found::App(Arc::clone(&client)));
        Ok(client)
    }

    pub(super) fn audience(&mut self, claims: &Claims, client: &Client) -> Result<(), Refusal> {
        self.at = "audience";
        let org = self.question.org;
        let found = || printable(&claims.audience);
        let Some(named) = org.audiences.find(&claims.audience, self.question.mode) else {
            return Err(Refusal::Audience {
                expected: org.audiences.describe(),
                found: found(),
            });
        };
        let is_external = client.definition.kind == AppKind::External;
        if named.is_shared && is_external && org.spring_26 == Switch::On {
            return Err(Refusal::SharedLoginHost {
                expected: org.audiences.own.join(" or "),
                found: found(),
            });
        }
        let audience = Found::Text(claims.audience.clone().into());
        self.lenient(audience, &named.leniencies);
        Ok(())
    }

    pub(super) fn credentials(&mut self, client: &Client) -> Result<(), Refusal> {
        self.at = "client credentials";
        let presented = self.question.presented;
        if presented
            .client_id
            .is_some_and(|id| id != client.id.as_str())
        {
            let found = "a client_id that is not iss";
            return Err(Refusal::Credentials { found });
        }
        if presented
            .client_secret
            .is_some_and(|secret| !client.has_secret(secret))
        {
            let found = "a client_secret that is not the app's";
            return Err(Refusal::Credentials { found });
        }
        self.passed("");
        Ok(())
    }

    pub(super) fn signature(&mut self, jws: &Jws<'_>, client: &Arc<Client>) -> Result<(), Refusal> {
        self.at = "certificate";
        let now = self.question.now;
        let certificates = &client.certificates;
        let is_usable = |certificate: &&Certificate| certificate.flaw_at(now).is_none();
        let usable = certificates.iter().filter(is_usable);
        let keys: Vec<_> = usable.map(|certificate| &certificate.key).collect();
        if keys.is_empty() {
            let flaws = certificates.iter().filter_map(|one| one.flaw_at(now));
            let flaws: Vec<_> = flaws.collect();
            return Err(Refusal::NoCertificate {
                found: if flaws.is_empty() {
                    "none".to_owned()
                } else {
                    flaws.join(", ")
                },
            });
        }
        self.passed(Found::Certificates(Arc::clone(client), now));
        self.at = "signature";
        jws.verify(&keys).map_err(|found| Refusal::Signature {
            expected: client.tried_at(now),
            found,
        })?;
        self.passed("verified");
        Ok(())
    }

    pub(super) fn expiry(&mut self, claims: &Claims) -> Result<(), Refusal> {
        self.at = "expiry";
        let (now, at) = (self.question.now, claims.expires_at);
        let is_strict = self.question.mode == Mode::Strict;
        let latest = now.saturating_add(LIFETIME_MAX + SKEW);
        if at <= now && (is_strict || at < now.saturating_sub(EXPIRED_MAX)) {
            return Err(Refusal::Expired { at, now });
        }
        if at > latest && is_strict {
            return Err(Refusal::LivesTooLong { latest, at });
        }
        let leniency = if at <= now {
            Some(Leniency::ExpiryReached)
        } else if at > latest && !self.leniencies.contains(&Leniency::ExpiryInMilliseconds) {
            Some(Leniency::ExpiryFarAhead)
        } else {
            None
        };
        self.lenient(Found::Moment(at), leniency.as_slice());
        Ok(())
    }

    pub(super) fn issue_time(&mut self, claims: &Claims) -> Result<(), Refusal> {
        self.at = "issue time";
        let now = self.question.now;
        let is_ahead = |at: &UnixTime| *at > now.saturating_add(SKEW);
        for (claim, at) in [("nbf", claims.not_before), ("iat", claims.issued_at)] {
            if let Some(at) = at.filter(is_ahead) {
                return Err(Refusal::Untimely { claim, at, now });
            }
        }
        let oldest = now.saturating_sub(LIFETIME_MAX + SKEW);
        let long_ago = claims.issued_at.filter(|at| *at < oldest);
        match (long_ago, self.question.mode) {
            (Some(at), Mode::Strict) => Err(Refusal::Untimely {
                claim: "iat",
                at,
                now,
            }),
            (Some(_), Mode::Salesforce) => {
                self.lenient("iat", &[Leniency::IssuedLongAgo]);
                Ok(())
            }
            (None, _) => {
                self.passed("");
                Ok(())
            }
        }
    }

    pub(super) fn user(&mut self, claims: &Claims, client: &Client) -> Result<Arc<User>, Refusal> {
        self.at = "user";
        let Some(user) = self.question.lookup.user(&claims.subject) else {
            let found = printable(&claims.subject);
            return Err(Refusal::UnknownUser { found });
        };
        let state = user.definition.state;
        match state {
            UserState::Active => {}
            UserState::Inactive | UserState::Frozen => {
                let found = state.as_str();
                return Err(Refusal::InactiveUser { found });
            }
            UserState::Locked => return Err(Refusal::LockedUser),
            UserState::IpRestricted => {
                if client.definition.ip_restrictions == IpRestrictions::Enforce {
                    return Err(Refusal::Address);
                }
            }
        }
        self.passed(Found::User(Arc::clone(&user)));
        Ok(user)
    }

    pub(super) fn approval(&mut self, client: &Client, user: &User) -> Result<(), Refusal> {
        self.at = "approval";
        let app = &client.definition;
        match app.permitted_users {
            PermittedUsers::SelfAuthorize if client.is_approved_by(user) => {
                self.passed("approved by the user");
                Ok(())
            }
            PermittedUsers::SelfAuthorize => Err(Refusal::NotApproved),
            PermittedUsers::PreAuthorized if client.is_pre_authorized(user) => {
                self.passed("approved by an administrator");
                Ok(())
            }
            PermittedUsers::PreAuthorized => Err(Refusal::NotPreAuthorized {
                expected: grants(&app.profiles, &app.permission_sets),
                found: grants(
                    std::slice::from_ref(&user.definition.profile),
                    &user.definition.permission_sets,
                ),
            }),
        }
    }

    pub(super) fn policy(&mut self, client: &Client) -> Result<Arc<str>, Refusal> {
        self.at = "session policy";
        if client.definition.session_policy == SessionPolicy::HighAssurance {
            return Err(Refusal::HighAssurance);
        }
        self.passed("standard");
        self.at = "scope";
        let scopes = &client.definition.scopes;
        // Salesforce ignores the parameter in this flow; RFC 7521 §4.1 lets it ask for less.
        let asked = match self.question.mode {
            Mode::Salesforce => "",
            Mode::Strict => self.question.presented.scope.unwrap_or_default(),
        };
        let is_granted = |scope: &str| scopes.iter().any(|have| have == scope);
        let has_one = scopes.iter().any(|scope| scope != "refresh_token");
        if !has_one || !asked.split_ascii_whitespace().all(is_granted) {
            return Err(Refusal::Scope {
                expected: scopes.join(" "),
                found: printable(asked),
            });
        }
        let asked: Vec<_> = asked.split_ascii_whitespace().collect();
        let granted = scopes.iter().map(String::as_str);
        let granted = granted.filter(|scope| asked.is_empty() || asked.contains(scope));
        let granted: Arc<str> = granted.collect::<Vec<_>>().join(" ").into();
        self.passed(Found::Scope(Arc::clone(&granted)));
        Ok(granted)
    }
}

fn grants(profiles: &[String], sets: &[String]) -> String {
    format!(
        "profile {}; permission set {}",
        profiles.join(" or "),
        if sets.is_empty() {
            "none".to_owned()
        } else {
            sets.join(" or ")
        }
    )
}

fn refuse_claim(unfit: Unfit) -> Refusal {
    Refusal::Claim {
        claim: unfit.claim,
        expected: unfit.expected,
        found: unfit.found,
    }
}
