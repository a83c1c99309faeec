//! The REST API as a client sees it, without a socket.

use std::sync::Arc;

use accredit::clock::ManualClock;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

mod answers;
mod bulk_jobs;
mod classic;
mod composites;
mod descriptions;
mod errors;
mod paging;
mod records;
mod versions;
mod writes;

use super::routes;
use crate::Emulator;
use crate::app::App;
use crate::org::tests::NOW;
use crate::org::{Org, Seed};
use crate::testing;

/// A client of a local org.
struct Client {
    app: App,
    clock: Arc<ManualClock>,
    router: Router,
    token: String,
}

/// What came back.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    fn new(seed: Seed) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let app = Emulator::builder()
            .seed(seed)
            .clock(clock.clone())
            .open()
            .unwrap();
        app.add_app(testing::app()).unwrap();
        let token = testing::sign_in(&app, "integration@accredit.example");
        let router = routes().with_state(app.clone());
        Self {
            app,
            clock,
            router,
            token,
        }
    }

    fn org(&self) -> &Org {
        self.app.org()
    }

    async fn send(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost:8080");
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a body and gives what came back.
    async fn call(&self, method: &str, path: &str, body: impl ToString) -> Reply {
        let uri = format!("/services/data/v60.0{path}");
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost:8080")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    async fn get(&self, uri: &str) -> Reply {
        self.send(Method::GET, uri, &[]).await
    }

    async fn query(&self, soql: &str) -> Reply {
        let soql = soql.replace('%', "%25").replace(' ', "+");
        self.get(&format!("/services/data/v60.0/query?q={soql}"))
            .await
    }
}
