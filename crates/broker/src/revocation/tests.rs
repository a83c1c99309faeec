use super::*;

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

fn at(seconds: u64) -> UnixTime {
    NOW.saturating_add(Duration::from_secs(seconds))
}

#[test]
fn only_a_new_announcement_is_one() {
    let mut heard = Heard::default();
    assert!(heard.take(None, at(0)).is_none());
    assert!(matches!(heard.take(Some(at(1)), at(2)), Some(Which::All)));
    for announced in [Some(at(1)), None, Some(at(0)), Some(at(1))] {
        let which = heard.take(announced, at(60));
        assert!(
            matches!(which, Some(Which::GotHere(until)) if until == at(2)),
            "{announced:?} {which:?}"
        );
    }
    let next = heard.take(Some(at(61)), at(62));
    assert!(matches!(next, Some(Which::All)), "{next:?}");
}

#[test]
fn what_was_announced_before_the_store_could_be_read_is_heard_too() {
    let mut heard = Heard::default();
    let which = heard.take(Some(at(5)), at(60));
    assert!(matches!(which, Some(Which::GotHere(until)) if until == at(5)));
    // By a clock that is ahead.
    let which = Heard::default().take(Some(at(90)), at(60));
    assert!(matches!(which, Some(Which::GotHere(until)) if until == at(60)));
}
