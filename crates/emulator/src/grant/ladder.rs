//! The climb: which rung follows which, and what it proves to have climbed them all.
//!
//! Owns the proofs: nothing else can make them. What a rung looks at is in `rungs`.

mod rungs;

use std::sync::Arc;

use accredit::clock::UnixTime;

use super::{Found, Outcome, Question, Step, Verdict};
use crate::directory::{Client, User};
use crate::journal::SeenClaims;
use crate::jws::{Flaw, Jws};
use crate::mode::Leniency;
use crate::refusal::Refusal;

/// Proof that an assertion passed every rung. Only [`judge`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedAssertion {
    client: Arc<Client>,
    user: Arc<User>,
    /// `jti`, in strict mode.
    assertion_id: Option<String>,
    expires_at: UnixTime,
    /// What the token may do, separated by blanks.
    scope: Arc<str>,
}

impl VerifiedAssertion {
    pub(crate) const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    pub(crate) const fn user(&self) -> &Arc<User> {
        &self.user
    }

    pub(crate) fn assertion_id(&self) -> Option<&str> {
        self.assertion_id.as_deref()
    }

    pub(crate) const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    pub(crate) const fn scope(&self) -> &Arc<str> {
        &self.scope
    }
}

/// Judges an assertion. The steps of the climb follow those that were made before.
pub(crate) fn judge(question: &Question<'_>, before: Vec<Step>) -> Verdict {
    let mut ladder = Ladder {
        question,
        at: "form",
        steps: before,
        leniencies: Vec::new(),
        claims: None,
    };
    let outcome = ladder.climb();
    if let Err(refusal) = &outcome {
        ladder.steps.push(Step::failed(ladder.at, refusal));
    }
    Verdict {
        outcome,
        steps: ladder.steps,
        leniencies: ladder.leniencies,
        claims: ladder.claims,
    }
}

/// Judges a client assertion (RFC 7523 §2.2, §3): signed by the app, about itself. Gives the app,
/// and what tells the assertion from others.
pub(crate) fn judge_client(question: &Question<'_>) -> Result<VerifiedClient, Refusal> {
    let mut ladder = Ladder {
        question,
        at: "form",
        steps: Vec::new(),
        leniencies: Vec::new(),
        claims: None,
    };
    ladder.climb_client()
}

/// Proof of which app asks. Only [`judge_client`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedClient {
    pub(crate) client: Arc<Client>,
    /// `jti`, in strict mode.
    pub(crate) assertion_id: Option<String>,
    pub(crate) expires_at: UnixTime,
}

/// One climb. Each rung names itself before it looks, so that a refusal knows where it happened.
struct Ladder<'q> {
    question: &'q Question<'q>,
    at: &'static str,
    steps: Vec<Step>,
    leniencies: Vec<Leniency>,
    claims: Option<SeenClaims>,
}

impl Ladder<'_> {
    fn climb(&mut self) -> Result<VerifiedAssertion, Refusal> {
        let question = self.question;
        let mut jws = Jws::parse(question.assertion).map_err(refuse_form)?;
        self.passed("RS256");
        let claims = self.claims(jws.take_payload())?;
        let client = self.client(&claims)?;
        self.audience(&claims, &client)?;
        self.credentials(&client)?;
        self.signature(&jws, &client)?;
        self.expiry(&claims)?;
        self.issue_time(&claims)?;
        let user = self.user(&claims, &client)?;
        self.approval(&client, &user)?;
        let scope = self.policy(&client)?;
        Ok(VerifiedAssertion {
            client,
            user,
            assertion_id: claims.assertion_id,
            expires_at: claims.expires_at,
            scope,
        })
    }

    fn climb_client(&mut self) -> Result<VerifiedClient, Refusal> {
        let question = self.question;
        let mut jws = Jws::parse(question.assertion).map_err(refuse_form)?;
        let claims = self.claims(jws.take_payload())?;
        let client = self.client(&claims)?;
        if claims.subject != claims.issuer {
            let found = "a client assertion about somebody else";
            return Err(Refusal::Credentials { found });
        }
        self.audience(&claims, &client)?;
        self.credentials(&client)?;
        self.signature(&jws, &client)?;
        self.expiry(&claims)?;
        self.issue_time(&claims)?;
        Ok(VerifiedClient {
            client,
            assertion_id: claims.assertion_id,
            expires_at: claims.expires_at,
        })
    }

    fn passed(&mut self, found: impl Into<Found>) {
        self.steps.push(Step::passed(self.at, found));
    }

    fn lenient(&mut self, found: impl Into<Found>, leniencies: &[Leniency]) {
        let mut step = Step::passed(self.at, found);
        if !leniencies.is_empty() {
            step.outcome = Outcome::Lenient(leniencies.to_vec());
            self.leniencies.extend_from_slice(leniencies);
        }
        self.steps.push(step);
    }
}

fn refuse_form(flaw: Flaw) -> Refusal {
    match flaw {
        Flaw::Header { .. } => Refusal::Header(flaw),
        other => Refusal::Form(other),
    }
}
