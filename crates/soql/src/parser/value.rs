//! Literals.

use super::Parser;
use crate::ast::{
    Currency, Date, DateLiteral, DateTime, DateUnit, Literal, Number, Pattern, Span, Time, Value,
};
use crate::error::Error;
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn value(&mut self) -> Result<Value, Error> {
        let token = self.peek();
        let slice = self.slice(token.span);
        let literal = match token.kind {
            TokenKind::String => Literal::String(self.string(token.span)?),
            TokenKind::Number => Literal::Number(Number::new(slice)),
            TokenKind::Date => Literal::Date(date(slice).ok_or_else(|| self.unexpected())?),
            TokenKind::DateTime => {
                Literal::DateTime(date_time(slice).ok_or_else(|| self.unexpected())?)
            }
            TokenKind::Time => Literal::Time(time(slice).ok_or_else(|| self.unexpected())?),
            TokenKind::Word => return self.word(slice),
            TokenKind::Colon => return Err(self.bind_variable()),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(Value {
            literal,
            span: token.span,
        })
    }

    /// The string after `LIKE`.
    pub(super) fn pattern(&mut self) -> Result<Pattern, Error> {
        let token = self.peek();
        match token.kind {
            TokenKind::String => {
                let parts = self.pattern_parts(token.span)?;
                self.advance();
                Ok(Pattern {
                    parts,
                    span: token.span,
                })
            }
            TokenKind::Colon => Err(self.bind_variable()),
            TokenKind::Word if !self.is_reserved(token) => Err(self.bind_variable()),
            _ => Err(self.unexpected()),
        }
    }

    /// A word among values: a constant, a date literal or a currency, else taken for a variable.
    fn word(&mut self, word: &str) -> Result<Value, Error> {
        let token = self.peek();
        let constants = [
            ("NULL", Literal::Null),
            ("TRUE", Literal::Boolean(true)),
            ("FALSE", Literal::Boolean(false)),
        ];
        let constant = constants
            .into_iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name));
        if let Some((_, literal)) = constant {
            self.advance();
            return Ok(Value {
                literal,
                span: token.span,
            });
        }
        if let Some(name) = DateName::named(word) {
            return self.date_literal(name);
        }
        if let Some(value) = self.currency(token.span) {
            return Ok(value);
        }
        let error = if self.is_reserved(token) {
            self.unexpected()
        } else {
            self.bind_variable()
        };
        Err(error)
    }

    /// `TODAY` stands alone, `LAST_N_DAYS` has its number after a colon.
    fn date_literal(&mut self, name: DateName) -> Result<Value, Error> {
        let start = self.advance().span;
        let (counted, unit) = match name {
            DateName::Counted(counted, unit) => (counted, unit),
            DateName::Complete(literal) => {
                return Ok(Value {
                    literal: Literal::DateLiteral(literal),
                    span: start,
                });
            }
        };
        self.expect_kind(TokenKind::Colon)?;
        let token = self.peek();
        let digits = self.slice(token.span);
        let plain = token.kind == TokenKind::Number && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(count) if plain => {
                self.advance();
                let literal = Literal::DateLiteral(counted(count, unit));
                Ok(Value {
                    literal,
                    span: start.to(token.span),
                })
            }
            _ => Err(self.unexpected()),
        }
    }

    /// `USD5000`, whose fraction, if any, is a number of its own to the lexer.
    fn currency(&mut self, word: Span) -> Option<Value> {
        let (code, amount) = self.slice(word).split_at_checked(3)?;
        let is_code = code.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_amount = !amount.is_empty() && amount.bytes().all(|byte| byte.is_ascii_digit());
        if !(is_code && is_amount) {
            return None;
        }
        self.advance();
        let next = self.peek();
        let follows = next.kind == TokenKind::Number && next.span.start == word.end;
        let fraction = follows && self.slice(next.span).starts_with('.');
        let span = if fraction {
            word.to(self.advance().span)
        } else {
            word
        };
        let amount = Number::new(self.slice(Span::new(word.start + 3, span.end)));
        let currency = Currency {
            code: code.to_ascii_uppercase(),
            amount,
        };
        Some(Value {
            literal: Literal::Currency(currency),
            span,
        })
    }
}

/// What the name of a date literal says, before its number.
#[derive(Clone, Copy)]
enum DateName {
    Complete(DateLiteral),
    Counted(fn(u32, DateUnit) -> DateLiteral, DateUnit),
}

impl DateName {
    fn named(word: &str) -> Option<Self> {
        let word = word.to_ascii_uppercase();
        let complete = match word.as_str() {
            "YESTERDAY" => Some(DateLiteral::Last(DateUnit::Day)),
            "TODAY" => Some(DateLiteral::This(DateUnit::Day)),
            "TOMORROW" => Some(DateLiteral::Next(DateUnit::Day)),
            "LAST_90_DAYS" => Some(DateLiteral::LastN(90, DateUnit::Day)),
            "NEXT_90_DAYS" => Some(DateLiteral::NextN(90, DateUnit::Day)),
            _ => None,
        };
        complete
            .map(Self::Complete)
            .or_else(|| Self::counted(&word))
            .or_else(|| Self::single(&word))
    }

    /// `LAST_N_WEEKS`, `NEXT_N_WEEKS`, `N_WEEKS_AGO`
    fn counted(word: &str) -> Option<Self> {
        let ago = word
            .strip_prefix("N_")
            .and_then(|rest| rest.strip_suffix("_AGO"));
        let (counted, units): (fn(u32, DateUnit) -> DateLiteral, &str) =
            if let Some(units) = word.strip_prefix("LAST_N_") {
                (DateLiteral::LastN, units)
            } else if let Some(units) = word.strip_prefix("NEXT_N_") {
                (DateLiteral::NextN, units)
            } else {
                (DateLiteral::Ago, ago?)
            };
        Some(Self::Counted(
            counted,
            DateUnit::named(units.strip_suffix('S')?)?,
        ))
    }

    /// `LAST_WEEK`, `THIS_WEEK`, `NEXT_WEEK`; single days have names of their own.
    fn single(word: &str) -> Option<Self> {
        let (relation, unit) = word.split_once('_')?;
        let unit = DateUnit::named(unit).filter(|unit| *unit != DateUnit::Day)?;
        let literal = match relation {
            "LAST" => DateLiteral::Last(unit),
            "THIS" => DateLiteral::This(unit),
            "NEXT" => DateLiteral::Next(unit),
            _ => return None,
        };
        Some(Self::Complete(literal))
    }
}

/// The number in `text`, which is made of digits.
fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

/// Reads `YYYY-MM-DD`, a day that exists between 1700 and 4000.
fn date(text: &str) -> Option<Date> {
    let year = number(text.get(0..4))?;
    let month = number(text.get(5..7))?;
    let day = number(text.get(8..10))?;
    let exists = (1700..=4000).contains(&year) && (1..=month_length(year, month)).contains(&day);
    exists.then_some(Date { year, month, day })
}

/// How many days a month has; none if there is no such month.
fn month_length(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

fn date_time(text: &str) -> Option<DateTime> {
    let (day, rest) = text.split_at_checked("yyyy-mm-ddT".len())?;
    Some(DateTime {
        date: date(day)?,
        time: time(rest)?,
    })
}

/// Reads `hh:mm:ss`, a fraction of which three digits count, and a distance of at most 18 hours.
fn time(text: &str) -> Option<Time> {
    let (clock, rest) = text.split_at_checked("hh:mm:ss".len())?;
    let zone = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
    let (fraction, zone) = rest.split_at_checked(zone)?;
    let padded = format!("{}000", fraction.strip_prefix('.').unwrap_or_default());
    let time = Time {
        hour: number(clock.get(0..2))?,
        minute: number(clock.get(3..5))?,
        second: number(clock.get(6..8))?,
        millisecond: number(padded.get(0..3))?,
        offset_minutes: offset_minutes(zone)?,
    };
    (time.hour < 24 && time.minute < 60 && time.second < 60).then_some(time)
}

fn offset_minutes(zone: &str) -> Option<i16> {
    if zone.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let hours: i16 = number(zone.get(1..3))?;
    let minutes: i16 = number(zone.get(zone.len().checked_sub(2)?..))?;
    let total = hours * 60 + minutes;
    let distance = if zone.starts_with('-') { -total } else { total };
    (minutes < 60 && total <= 18 * 60).then_some(distance)
}
