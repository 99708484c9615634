//! Tintype's public API as a client sees it: status, headers, body.

use http::{HeaderMap, Method, header};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tintype_testkit::{client::basic, tintype::TintypeProcess};

/// The native API's prefix.
pub const NATIVE: &str = "/api/tintype/v1";
/// ECE's prefix, and the same with the region.
pub const ECE: [&str; 2] = ["/api/v1", "/api/v1/regions/ece-region"];

/// A client of one server, with an API key of the admin.
#[derive(Clone)]
pub struct Api {
    url: String,
    client: Client,
    /// The `Authorization` header of the API key.
    pub key: String,
    /// The `Authorization` header of the admin.
    pub basic: String,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Api {
    /// Makes an API key, as a person would.
    pub async fn of(tintype: &TintypeProcess) -> Self {
        let client = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let admin = basic("admin", TintypeProcess::ADMIN_PASSWORD);
        let mut api = Self {
            url: tintype.url(),
            client,
            key: admin.clone(),
            basic: admin,
        };
        let asked = json!({"description": "the end-to-end suite"});
        let made = api.send("POST", "/api/v1/users/auth/keys", asked).await.ok(201);
        api.key = format!("ApiKey {}", made["key"].as_str().unwrap());
        api
    }

    /// A request without credentials, content type or body.
    pub fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a JSON body, none when null, with the API key.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.bare(method, path).header(header::AUTHORIZATION, &self.key);
        Answer::to(if body.is_null() {
            request
        } else {
            request.json(&body)
        })
        .await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.send("GET", path, Value::Null).await.ok(200)
    }
}

impl Answer {
    pub async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        assert_eq!(headers[header::CONTENT_TYPE], "application/json", "{status}");
        let bytes = answer.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap();
        Self {
            status,
            headers,
            body,
        }
    }

    /// The body of an answer of this status.
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The message of a failure with this status and code; holds it to `BasicFailedReply` and the header.
    pub fn failed(self, status: u16, code: &str) -> String {
        assert_eq!(
            (self.status, self.body["errors"][0]["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert_eq!(self.header("x-cloud-error-codes"), code);
        let members: Vec<&String> = self.body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["errors"], "{}", self.body);
        let errors = self.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{}", self.body);
        errors[0]["message"].as_str().unwrap().to_owned()
    }
}
