use super::*;
use crate::audience::InstanceUrl;
use crate::oauth::{ErrorCode, ErrorResponse};
use crate::source::Expiry;

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);
const LIFE: u64 = 7200;
const POLICY: fn() -> RefreshPolicy = RefreshPolicy::default;

fn after(seconds: u64) -> UnixTime {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn token(name: &str, issued_at: UnixTime) -> Token {
    Token {
        access_token: AccessToken::new(format!("00D!{name}")).unwrap(),
        instance_url: InstanceUrl::parse("https://acme.my.salesforce.com").unwrap(),
        id: None,
        scope: None,
        issued_at,
        expiry: Expiry::Assumed(issued_at.saturating_add(Duration::from_secs(LIFE))),
    }
}

fn refusal(description: &str) -> Error {
    let error = ErrorCode::InvalidGrant;
    Error::refused(
        400,
        ErrorResponse {
            error,
            error_description: Some(description.to_owned()),
        },
    )
}

/// One word for each answer, so that tables read well.
fn word(step: &Step) -> &'static str {
    match step {
        Step::Use(_) => "use",
        Step::UseAndAsk(_) => "use and ask",
        Step::Ask => "ask",
        Step::Join => "join",
        Step::Withhold(_) => "withhold",
    }
}

fn holding(name: &str) -> Slot {
    let mut slot = Slot::default();
    assert_eq!(word(&slot.next_step(&POLICY(), NOW)), "ask");
    slot.settle(Ok(token(name, NOW)), &POLICY(), NOW, 0.5)
        .unwrap();
    slot
}

#[test]
fn the_age_of_the_token_decides() {
    for (age, expected) in [
        (0, "use"),
        (5399, "use"),
        (5400, "use and ask"),
        (7139, "use and ask"),
        (7140, "ask"),
        (7199, "ask"),
        (7200, "ask"),
        (90_000, "ask"),
    ] {
        let step = holding("a").next_step(&POLICY(), after(age));
        assert_eq!(word(&step), expected, "{age} s");
    }
}

#[test]
fn one_asks_in_the_advisory_window_and_all_use_the_old_token() {
    let mut slot = holding("a");
    assert_eq!(word(&slot.next_step(&POLICY(), after(6000))), "use and ask");
    assert_eq!(word(&slot.next_step(&POLICY(), after(6000))), "use");
    assert_eq!(word(&slot.next_step(&POLICY(), after(7150))), "join");
}

#[test]
fn the_advisory_point_differs_from_token_to_token_within_five_percent() {
    for (draw, point) in [(0.0, 5040), (0.5, 5400), (1.0, 5760)] {
        let mut slot = Slot::default();
        slot.settle(Ok(token("a", NOW)), &POLICY(), NOW, draw)
            .unwrap();
        assert_eq!(
            word(&slot.next_step(&POLICY(), after(point - 1))),
            "use",
            "{draw}"
        );
        assert_eq!(
            word(&slot.next_step(&POLICY(), after(point))),
            "use and ask",
            "{draw}"
        );
    }
}

#[test]
fn a_failure_in_the_last_moments_leaves_the_old_token_in_use() {
    let mut slot = holding("a");
    assert_eq!(word(&slot.next_step(&POLICY(), after(7150))), "ask");
    let failed = slot.settle(Err(Error::transport("down")), &POLICY(), after(7151), 1.0);
    assert!(failed.is_err() && slot.valid_token(after(7151)).is_some());
    assert_eq!(word(&slot.next_step(&POLICY(), after(7151))), "use");
    assert!(
        slot.valid_token(after(7200)).is_none(),
        "never past its end"
    );
}

#[test]
fn a_token_that_has_expired_on_arrival_is_a_failure() {
    let mut slot = Slot::default();
    slot.next_step(&POLICY(), after(8000));
    let error = slot
        .settle(Ok(token("a", NOW)), &POLICY(), after(8000), 0.5)
        .unwrap_err();
    assert!(error.is_transient());
    assert_eq!(word(&slot.next_step(&POLICY(), after(8000))), "withhold");
}

#[test]
fn a_refused_token_is_forgotten_but_a_newer_one_stays() {
    let mut slot = holding("a");
    let refused = token("a", NOW).access_token;
    slot.invalidate(&token("b", NOW).access_token);
    assert_eq!(word(&slot.next_step(&POLICY(), after(10))), "use");
    slot.invalidate(&refused);
    assert_eq!(word(&slot.next_step(&POLICY(), after(10))), "ask");
    slot.settle(Ok(token("c", after(10))), &POLICY(), after(10), 0.5)
        .unwrap();
    slot.invalidate(&refused);
    assert_eq!(word(&slot.next_step(&POLICY(), after(20))), "use");
}

/// Fails `times` times in a row with `error`, each as soon as it is allowed, and gives the pauses.
fn pauses(error: &Error, times: usize, draw: f64) -> Vec<u64> {
    let mut slot = Slot::default();
    let mut now = NOW;
    let mut pauses = Vec::new();
    for _ in 0..times {
        assert_eq!(word(&slot.next_step(&POLICY(), now)), "ask");
        slot.settle(Err(error.clone()), &POLICY(), now, draw)
            .unwrap_err();
        let Step::Withhold(withheld) = slot.next_step(&POLICY(), now) else {
            panic!("a pause after a failure")
        };
        assert_eq!(
            (withheld.kind(), withheld.is_transient()),
            (ErrorKind::Withheld, true)
        );
        assert_eq!(withheld.refusal(), error.refusal());
        let wait = withheld.retry_after().unwrap();
        pauses.push(wait.as_secs());
        now = now.saturating_add(wait);
    }
    pauses
}

#[test]
fn pauses_grow_by_the_kind_of_failure() {
    let down = Error::transport("down");
    let asked = Error::response("busy")
        .into_transient()
        .with_retry_after(Duration::from_secs(7));
    assert_eq!(pauses(&down, 4, 1.0), [1, 2, 4, 8]);
    assert_eq!(
        pauses(&down, 4, 0.5),
        [1, 1, 2, 4],
        "full jitter above a floor of 1 s"
    );
    assert_eq!(pauses(&asked, 3, 0.1), [7, 7, 7]);
    assert_eq!(
        pauses(&refusal("invalid assertion"), 5, 0.0),
        [60, 120, 240, 480, 900]
    );
    assert_eq!(pauses(&refusal("login rate exceeded"), 2, 0.0), [900, 900]);
    let error = ErrorCode::RateLimitExceeded;
    let documented = Error::refused(
        400,
        ErrorResponse {
            error,
            error_description: None,
        },
    );
    assert_eq!(pauses(&documented, 2, 0.0), [900, 900]);
}

#[test]
fn an_outage_does_not_lengthen_the_pause_after_the_first_refusal() {
    let mut slot = Slot::default();
    for round in 0..8 {
        let now = after(round * 100);
        assert_eq!(word(&slot.next_step(&POLICY(), now)), "ask");
        slot.settle(Err(Error::transport("down")), &POLICY(), now, 0.0)
            .unwrap_err();
    }
    slot.next_step(&POLICY(), after(1000));
    slot.settle(
        Err(refusal("invalid assertion")),
        &POLICY(),
        after(1000),
        0.0,
    )
    .unwrap_err();
    let Step::Withhold(error) = slot.next_step(&POLICY(), after(1000)) else {
        panic!("a pause")
    };
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}

#[test]
fn a_short_token_is_waited_for_in_its_last_fiftieth() {
    let mut slot = Slot::default();
    let mut short = token("a", NOW);
    short.expiry = Expiry::Known(after(500));
    slot.settle(Ok(short), &POLICY(), NOW, 0.5).unwrap();
    assert_eq!(word(&slot.next_step(&POLICY(), after(489))), "use and ask");
    assert_eq!(word(&slot.next_step(&POLICY(), after(490))), "join");
}

#[test]
fn the_breaker_lets_one_probe_out_per_longest_pause() {
    let mut slot = Slot::default();
    let mut now = NOW;
    for _ in 0..5 {
        now = now.saturating_add(Duration::from_secs(100));
        assert_eq!(word(&slot.next_step(&POLICY(), now)), "ask");
        slot.settle(Err(Error::transport("down")), &POLICY(), now, 0.0)
            .unwrap_err();
    }
    let Step::Withhold(error) = slot.next_step(&POLICY(), now) else {
        panic!("the breaker is open")
    };
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(error.to_string().contains("one probe at a time"), "{error}");
}

/// Token requests over `hours`, asked for every half second, each answered by `outcome`.
fn requests(hours: u64, draw: f64, outcome: impl Fn(UnixTime) -> Result<Token, Error>) -> Vec<u64> {
    requests_under(&POLICY(), hours, draw, outcome)
}

fn requests_under(
    policy: &RefreshPolicy,
    hours: u64,
    draw: f64,
    outcome: impl Fn(UnixTime) -> Result<Token, Error>,
) -> Vec<u64> {
    let mut slot = Slot::default();
    let mut asked = Vec::new();
    for half in 0..hours * 7200 {
        let now = NOW.saturating_add(Duration::from_millis(half * 500));
        if let Step::Ask | Step::UseAndAsk(_) = slot.next_step(policy, now) {
            asked.push(half / 2);
            let settled = slot.settle(outcome(now), policy, now, draw);
            // The worst upstream: every token is refused at once.
            if let Ok(token) = settled {
                slot.invalidate(&token.access_token);
            }
        }
    }
    asked
}

fn busiest_hour(asked: &[u64]) -> usize {
    let within = |start: &u64| {
        asked
            .iter()
            .filter(|at| (*start..*start + 3600).contains(at))
            .count()
    };
    asked.iter().map(within).max().unwrap_or_default()
}

#[test]
fn no_failure_of_a_day_spends_more_than_the_login_budget() {
    let permanent = requests(24, 0.0, |_| Err(refusal("invalid assertion")));
    assert!(permanent.len() <= 24 * 4 + 5, "{}", permanent.len());
    let transient = requests(24, 0.0, |_| Err(Error::transport("down")));
    let dead_sessions = requests(24, 0.5, |now| Ok(token("a", now)));
    for asked in [permanent, transient, dead_sessions] {
        assert!(busiest_hour(&asked) <= 60, "{}", busiest_hour(&asked));
        assert!(
            asked.windows(2).all(|pair| pair[1] > pair[0]),
            "at least a second apart"
        );
    }
}

#[test]
fn the_budget_allows_a_burst_and_then_about_one_a_minute() {
    let asked = requests(2, 0.5, |now| Ok(token("a", now)));
    assert!(asked[4] < 6 && asked[5] > 60, "{asked:?}");
    assert!(
        (58..=60).contains(&busiest_hour(&asked)),
        "{}",
        busiest_hour(&asked)
    );
}

#[test]
fn what_is_left_of_the_budget_is_what_may_go_out_now() {
    let mut slot = Slot::default();
    for (second, left) in [(0, 5), (1, 4), (2, 3), (3, 2), (4, 1)] {
        assert_eq!(slot.requests_left(&POLICY(), after(second)), left);
        assert_eq!(word(&slot.next_step(&POLICY(), after(second))), "ask");
        slot.settle(Ok(token("a", NOW)), &POLICY(), after(second), 0.5)
            .unwrap();
        assert!(slot.invalidate(&token("a", NOW).access_token));
    }
    for second in 5..400 {
        let left = slot.requests_left(&POLICY(), after(second));
        assert_eq!(
            left,
            u32::try_from(second * 55 / 3600).unwrap().min(5),
            "{second}"
        );
    }
    assert_eq!(
        slot.requests_left(&POLICY(), NOW.saturating_sub(Duration::from_secs(9_999))),
        1
    );
}

#[test]
fn a_source_that_withheld_the_request_is_asked_again_when_it_says_and_has_not_failed() {
    let mut slot = Slot::default();
    for round in 0..20 {
        let now = after(round * 7);
        assert_eq!(word(&slot.next_step(&POLICY(), now)), "ask", "{round}");
        let withheld = Error::withheld("not now", Duration::from_secs(7));
        slot.settle(Err(withheld), &POLICY(), now, 1.0).unwrap_err();
        assert_eq!(word(&slot.next_step(&POLICY(), now)), "withhold");
    }
    assert_eq!(pauses(&Error::transport("down"), 1, 1.0), [1]);
}

#[test]
fn odd_settings_keep_the_budget_and_do_not_panic() {
    for (burst, hourly_budget, most) in
        [(0, 60, 60), (5, 3, 3), (5, 0, 1), (100, 60, 60), (1, 1, 1)]
    {
        let policy = RefreshPolicy {
            burst,
            hourly_budget,
            ..POLICY()
        };
        let asked = requests_under(&policy, 3, 0.5, |now| Ok(token("a", now)));
        let busiest = busiest_hour(&asked);
        assert!(
            busiest >= 1 && busiest <= most,
            "{burst} of {hourly_budget}: {busiest}"
        );
    }
    let policy = RefreshPolicy {
        advisory_share: f64::NAN,
        ..POLICY()
    };
    let mut endless = token("a", NOW);
    endless.expiry = Expiry::Known(UnixTime::from_secs(u64::MAX));
    assert!(
        Slot::default()
            .settle(Ok(endless), &policy, NOW, 1.0)
            .is_ok()
    );
}

#[test]
fn a_clock_that_is_set_back_a_little_keeps_the_token() {
    let back = NOW.saturating_sub(Duration::from_secs(300));
    assert_eq!(word(&holding("a").next_step(&POLICY(), back)), "use");
}

#[test]
fn a_clock_that_is_set_back_blocks_nothing() {
    let mut slot = holding("a");
    let past = NOW.saturating_sub(Duration::from_secs(3600));
    assert_eq!(
        word(&slot.next_step(&POLICY(), past)),
        "ask",
        "its age is not known"
    );
    slot.settle(Err(refusal("invalid assertion")), &POLICY(), NOW, 0.5)
        .unwrap_err();
    let before = past.saturating_sub(Duration::from_secs(3600));
    assert_eq!(word(&slot.next_step(&POLICY(), before)), "ask");
}
