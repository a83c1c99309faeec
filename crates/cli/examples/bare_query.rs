//! The least that a Rust program can do for a result: ureq asks, a visitor takes records off the
//! page, values go to a file. No settings, no checks, columns known beforehand. `bench/query` runs
//! it as the floor beside `accredit query`.
//!
//! `bare_query rest|bulk FILE`; reads SF_ACCESS_TOKEN and SF_INSTANCE_URL.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a floor to measure against, not a program to copy"
)]

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

const SOQL: &str = "SELECT Id, Name, Industry, AnnualRevenue, Phone, CreatedDate FROM Account";
const HEADER: &str = "Id,Name,Industry,AnnualRevenue,Phone,CreatedDate\n";

/// One record, its texts as they stand in the page where they have no escapes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account<'p> {
    #[serde(borrow)]
    id: Cow<'p, str>,
    #[serde(borrow)]
    name: Cow<'p, str>,
    #[serde(borrow)]
    industry: Option<Cow<'p, str>>,
    #[serde(borrow)]
    annual_revenue: Option<&'p serde_json::value::RawValue>,
    #[serde(borrow)]
    phone: Option<Cow<'p, str>>,
    #[serde(borrow)]
    created_date: Cow<'p, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rest {
    next_records_url: Option<String>,
}

struct Records<'w, W>(&'w mut W);

impl<'de, W: Write> DeserializeSeed<'de> for Records<'_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, W: Write> Visitor<'de> for Records<'_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element::<Account<'de>>()? {
            let texts = [
                &record.id,
                &record.name,
                record.industry.as_ref().unwrap_or(&Cow::Borrowed("")),
                &record.annual_revenue.map_or("", |raw| raw.get()).into(),
                record.phone.as_ref().unwrap_or(&Cow::Borrowed("")),
                &record.created_date,
            ];
            for (at, text) in texts.into_iter().enumerate() {
                let before: &[u8] = if at == 0 { b"" } else { b"," };
                self.0.write_all(before).unwrap();
                self.0.write_all(text.as_bytes()).unwrap();
            }
            self.0.write_all(b"\n").unwrap();
        }
        Ok(())
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let (way, file) = (words.next().unwrap(), words.next().unwrap());
    let bearer = format!("Bearer {}", std::env::var("SF_ACCESS_TOKEN").unwrap());
    let instance = std::env::var("SF_INSTANCE_URL").unwrap();
    let mut out = BufWriter::with_capacity(64 * 1024, File::create(file).unwrap());
    match way.as_str() {
        "rest" => rest(&instance, &bearer, &mut out),
        _ => bulk(&instance, &bearer, &mut out),
    }
    out.flush().unwrap();
}

fn rest(instance: &str, bearer: &str, out: &mut impl Write) {
    let agent = ureq::agent();
    out.write_all(HEADER.as_bytes()).unwrap();
    let query = SOQL.replace(' ', "+").replace(',', "%2C");
    let mut path = Some(format!("/services/data/v60.0/query?q={query}"));
    while let Some(next) = path {
        let request = agent.get(format!("{instance}{next}"));
        let mut reply = request.header("Authorization", bearer).call().unwrap();
        let body = reply.body_mut().with_config().limit(u64::MAX);
        let body = body.read_to_vec().unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        let records = text.find("\"records\":").unwrap();
        let head = format!("{}\"x\":0}}", text.get(..records).unwrap());
        let mut json = serde_json::Deserializer::from_str(text.get(records + 10..).unwrap());
        Records(out).deserialize(&mut json).unwrap();
        path = serde_json::from_str::<Rest>(&head)
            .unwrap()
            .next_records_url;
    }
}

fn bulk(instance: &str, bearer: &str, out: &mut impl Write) {
    let agent = ureq::agent();
    let root = format!("{instance}/services/data/v60.0/jobs/query");
    let what = serde_json::json!({"operation": "query", "query": SOQL}).to_string();
    let request = agent.post(&root).header("Authorization", bearer);
    let request = request.content_type("application/json");
    let made = request.send(what).unwrap().body_mut().read_to_string();
    let made: serde_json::Value = serde_json::from_str(&made.unwrap()).unwrap();
    let id = made.get("id").unwrap().as_str().unwrap().to_owned();
    loop {
        let request = agent.get(format!("{root}/{id}"));
        let mut looked = request.header("Authorization", bearer).call().unwrap();
        let text = looked.body_mut().read_to_string().unwrap();
        if text.contains("JobComplete") {
            break;
        }
    }
    let mut locator = String::new();
    while locator != "null" {
        let after = match locator.as_str() {
            "" => String::new(),
            locator => format!("&locator={locator}"),
        };
        let request = agent.get(format!("{root}/{id}/results?maxRecords=50000{after}"));
        let reply = request.header("Authorization", bearer).call().unwrap();
        let is_first = locator.is_empty();
        locator = reply
            .headers()
            .get("sforce-locator")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let body = reply
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        let mut body = BufReader::with_capacity(64 * 1024, body);
        let mut header = Vec::new();
        body.read_until(b'\n', &mut header).unwrap();
        if is_first {
            out.write_all(&header).unwrap();
        }
        io::copy(&mut body, out).unwrap();
    }
}
