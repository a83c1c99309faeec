//! Any dump of a database is loaded by a mapping or refused.

#![no_main]

use accredit_fuzz::{file, load};
use libfuzzer_sys::fuzz_target;

const MAPPING: &str = "
Insert Account:
  sf_object: Account
  table: Account
  fields:
    Name: Name
    AnnualRevenue: AnnualRevenue
Insert Contact:
  sf_object: Contact
  table: Contact
  fields:
    LastName: LastName
    Birthdate: Birthdate
  lookups:
    AccountId:
      key_field: account_id
      table: Account
";

fuzz_target!(|text: &str| {
    load(&[
        file("datasets/mapping.yml", MAPPING),
        file("datasets/data.sql", text),
    ]);
});
