//! Any body, with any status, is a token or an error that does not quote it.

#![no_main]

use accredit::audience::LoginUrl;
use accredit::clock::UnixTime;
use accredit::exchange::TokenEndpoint;
use http::Response;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let Ok(login_url) = LoginUrl::parse("https://acme.my.salesforce.com") else { return };
    let Ok(endpoint) = TokenEndpoint::new(login_url, None) else { return };
    let Ok(reply) = Response::builder().status(status % 500 + 100).body(body.to_vec()) else {
        return;
    };
    drop(endpoint.reply(&reply, UnixTime::from_secs(1_795_219_200)));
});
