//! Where secrets are planted: one line for each place. `{}` in a line is its canary, `{b64}` its base64; `{cluster}` is
//! an attached cluster, `{session}` an administrator's session. A new field that holds a secret, and a new way to get one wrong, has its line here.

/// A request with a canary somewhere.
pub struct Plant {
    pub method: &'static str,
    pub path: &'static str,
    /// Name and value; `Authorization` is the admin's unless it is here.
    pub headers: &'static [(&'static str, &'static str)],
    pub body: &'static str,
    /// The answer's status, so that a line that rots is seen.
    pub status: u16,
}

const fn plant(method: &'static str, path: &'static str, body: &'static str, status: u16) -> Plant {
    headed(method, path, &[], body, status)
}

const fn headed(
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
) -> Plant {
    Plant {
        method,
        path,
        headers,
        body,
        status,
    }
}

const TAKE: &str = "/api/v1/clusters/elasticsearch/{cluster}/_snapshot";
const CLUSTERS: &str = "/api/tintype/v1/clusters";
const CLUSTER: &str = "/api/tintype/v1/clusters/{cluster}";
const KEYS: &str = "/api/v1/users/auth/keys";
const REPOSITORY: &str = "/api/tintype/v1/repositories/canaries";
const READER: &str = "/api/tintype/v1/repositories/canaries/reader";
const AUTH_LOGIN: &str = "/api/v1/users/auth/_login";
const REAUTHENTICATE: &str = "/api/v1/users/auth/reauthenticate";
const ELEVATE: &str = "/api/v1/users/auth/_elevate";
const USERS: &str = "/api/v1/users";
const USER: &str = "/api/v1/users/planted";
const TOTP: &str = "/api/tintype/v1/user/totp";
const WEBHOOKS: &str = "/api/tintype/v1/webhooks";
const SESSION: &[(&str, &str)] = &[("authorization", "Bearer {session}")];

/// In the fields that are for secrets.
#[rustfmt::skip]
pub const FIELDS: &[Plant] = &[
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"basic","username":"u","password":"{}"}}"#, 200),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"api_key","api_key":"{}"}}"#, 200),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"bearer","token":"{}"}}"#, 200),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"certificate","certificate":"x","key":"{}"}}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"basic","username":"u","password":"{}"}}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"bearer","token":"{}\n"}}"#, 400),
    plant("PUT", REPOSITORY, r#"{"type":"s3","settings":{"bucket":"b","secret_key":"{}"}}"#, 200),
    plant("PUT", REPOSITORY, r#"{"type":"s3","settings":{"bucket":"b","session_token":"{}"}}"#, 200),
    plant("PUT", REPOSITORY, r#"{"type":"s3","settings":{"bucket":"b","client":{"secret_key":"{}"}}}"#, 400),
    plant("PUT", READER, r#"{"url":"s3://b","endpoint":"http://127.0.0.1:9","username":"u","password":"{}"}"#, 200),
    plant("POST", TAKE, r#"{"repository_name":"canaries","username":"u","password":"{}"}"#, 401),
    plant("POST", "/api/tintype/v1/clusters/{cluster}/snapshots", r#"{"repository_name":"canaries","username":"u","password":"{}"}"#, 401),
    plant("POST", USERS, r#"{"user_name":"planted","security":{"password":"{}","roles":["ece_deployment_viewer"]}}"#, 200),
    plant("PATCH", USER, r#"{"security":{"password":"{}"}}"#, 200),
    plant("POST", AUTH_LOGIN, r#"{"username":"admin","password":"{}"}"#, 401),
    plant("POST", AUTH_LOGIN, r#"{"username":"nobody","password":"{}"}"#, 401),
    headed("POST", REAUTHENTICATE, SESSION, r#"{"password":"{}"}"#, 400),
    headed("POST", ELEVATE, SESSION, r#"{"token":"{}"}"#, 400),
    headed("POST", TOTP, SESSION, r#"{"password":"{}"}"#, 400),
    plant("POST", KEYS, r#"{"description":"d","authentication_token":"{}"}"#, 400),
    plant("POST", "/api/tintype/v1/user/totp/_confirm", r#"{"code":"{}"}"#, 404),
    plant("DELETE", TOTP, r#"{"code":"{}"}"#, 404),
    plant("POST", WEBHOOKS, r#"{"url":"https://hooks.example/x","secret":"{whsec}"}"#, 201),
];

/// In a secret's field, but wrong.
#[rustfmt::skip]
pub const MALFORMED: &[Plant] = &[
    plant("POST", TAKE, r#"{"password":["{}"]}"#, 400),
    plant("POST", TAKE, r#"{"password":{"{}":1}}"#, 400),
    plant("POST", TAKE, r#"{"password":"a","password":"{}"}"#, 400),
    plant("POST", TAKE, r#"{"password":"{}"#, 400),
    plant("POST", TAKE, r#"{"password":"{}"} "{}""#, 400),
    plant("POST", TAKE, r#"{"passwrod":"{}"}"#, 400),
    plant("POST", TAKE, r#"{"{}":"password"}"#, 400),
    plant("POST", TAKE, r#""{}""#, 400),
    plant("POST", TAKE, "password={}", 400),
    plant("POST", TAKE, "{}", 400),
    plant("POST", TAKE, "{\"password\":\"{}\u{1}\"}", 400),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"{}"}}"#, 400),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"basic","username":"u","pasword":"{}"}}"#, 400),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"basic","username":"u","{}":"x"}}"#, 400),
    plant("PATCH", CLUSTER, r#"{"auth":"{}"}"#, 400),
    plant("PATCH", CLUSTER, r#"{"auth":{"type":"none","password":"{}"}}"#, 400),
    plant("POST", USERS, r#"{"user_name":"other","security":{"password":["{}"]}}"#, 400),
    plant("POST", USERS, r#"{"user_name":"other","password":"{}"}"#, 400),
    plant("POST", USERS, r#"{"user_name":"other","security":{"pasword":"{}"}}"#, 400),
    plant("POST", USERS, r#"{"user_name":"other","security":{"hash":"{}"}}"#, 400),
    plant("PATCH", USER, r#"{"security":"{}"}"#, 400),
    plant("PATCH", "/api/v1/user", r#"{"security":{"password":{"{}":1}}}"#, 400),
    plant("POST", AUTH_LOGIN, r#"{"username":"admin","pasword":"{}"}"#, 400),
    plant("POST", AUTH_LOGIN, r#"{"username":"admin","password":["{}"]}"#, 400),
    plant("POST", AUTH_LOGIN, r#"{"username":"admin","password":"x","login_state":{"path":"/?token={}"}}"#, 400),
    plant("POST", AUTH_LOGIN, "username=admin&password={}", 400),
    headed("POST", REAUTHENTICATE, SESSION, r#"{"{}":"password"}"#, 400),
    headed("POST", ELEVATE, SESSION, r#"{"token":["{}"]}"#, 400),
    headed("POST", ELEVATE, SESSION, r#"{"code":"{}"}"#, 400),
    plant("POST", WEBHOOKS, r#"{"url":"https://hooks.example/x","secret":"{}"}"#, 400),
    plant("POST", WEBHOOKS, r#"{"url":"https://hooks.example/x","secrets":"{}"}"#, 400),
    plant("PUT", READER, r#"{"url":"s3://{}:{}@b"}"#, 400),
    plant("PUT", READER, r#"{"url":"{}"}"#, 400),
    plant("PUT", READER, r#"{"url":"s3://b","endpoint":"{}"}"#, 400),
    plant("PUT", REPOSITORY, r#"{"type":"{}","settings":{"bucket":"b"}}"#, 400),
    plant("PUT", REPOSITORY, r#"{"type":"s3","settings":{"bucket":["{}"]}}"#, 400),
    plant("PUT", REPOSITORY, r#"{"type":"s3","settings":"{}"}"#, 400),
];

/// In another field's place.
#[rustfmt::skip]
pub const MISPLACED: &[Plant] = &[
    plant("POST", CLUSTERS, r#"{"url":"http://u:{}@127.0.0.1:9","access":"observe"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://{}@127.0.0.1:9","access":"observe"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9?api_key={}","access":"observe"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"{}","access":"observe"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"{}"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"observe","fingerprint":"{}"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"observe","ca":"{}"}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"observe","id":"{} "}"#, 400),
    plant("POST", CLUSTERS, r#"{"url":"http://127.0.0.1:9","access":"observe","repository":"{}"}"#, 400),
    plant("POST", USERS, r#"{"user_name":"{}!","security":{"password":"a-long-enough-password"}}"#, 400),
    plant("POST", USERS, r#"{"user_name":"other","email":"{}","security":{"password":"short"}}"#, 400),
    plant("POST", USERS, r#"{"user_name":"other","security":{"password":"a-long-enough-password","roles":["{}"]}}"#, 400),
    plant("POST", AUTH_LOGIN, r#"{"username":"{}","password":"x"}"#, 401),
    plant("GET", "/api/v1/users/{}", "", 404),
    plant("PATCH", "/api/v1/users/{}", r#"{"full_name":"x"}"#, 404),
    plant("DELETE", "/api/v1/users/{}", "", 404),
    plant("DELETE", "/api/v1/users/{}/auth/keys", "", 404),
    plant("DELETE", "/api/tintype/v1/users/{}/totp", "", 404),
    plant("DELETE", KEYS, r#"{"keys":["{}","none"]}"#, 200),
    plant("DELETE", "/api/v1/users/auth/keys/_all", r#"{"user_api_keys":[{"user_id":"{}","api_key_id":"{}"}]}"#, 200),
    plant("POST", WEBHOOKS, r#"{"url":"https://u:{}@hooks.example/x"}"#, 400),
    plant("POST", WEBHOOKS, r#"{"url":"{}"}"#, 400),
    plant("POST", WEBHOOKS, r#"{"url":"https://hooks.example/x","events":["{}"]}"#, 400),
    plant("GET", "/api/tintype/v1/webhooks/{}", "", 404),
    plant("POST", "/api/tintype/v1/webhooks/{}/_test", "", 404),
    plant("POST", "/api/v1/clusters/elasticsearch/_search", r#"{"query":{"term":{"{}":{"value":"{}"}}}}"#, 400),
    plant("POST", "/api/v1/clusters/elasticsearch/_search", r#"{"query":{"exists":{"field":"{}"}}}"#, 400),
    plant("POST", "/api/v1/clusters/elasticsearch/_search", r#"{"sort":[{"{}":"asc"}]}"#, 400),
    plant("PUT", "/api/tintype/v1/clusters/{cluster}/alert", r#"{"{}":60}"#, 400),
    headed("GET", "/api/tintype/v1/events", &[("last-event-id", "{}")], "", 400),
    plant("POST", TAKE, r#"{"name":"{} "}"#, 400),
    plant("POST", TAKE, r#"{"repository_name":"{}/"}"#, 400),
    plant("GET", "/api/tintype/v1/clusters/{}", "", 404),
    plant("POST", "/api/v1/clusters/elasticsearch/{}/_snapshot", "", 404),
    plant("GET", "/api/v1/regions/{}/clusters/elasticsearch", "", 404),
    plant("DELETE", "/api/v1/users/auth/keys/{}", "", 404),
    plant("DELETE", "/api/v1/users/auth/keys/tt_x_{}", "", 404),
    plant("DELETE", "/api/tintype/v1/repositories/{}", "", 404),
    plant("GET", "/api/tintype/v1/operations/{}", "", 404),
    plant("POST", "/api/tintype/v1/operations/{}/_cancel", "", 404),
    plant("GET", "/{}", "", 404),
    plant("POST", "/api/tintype/v1/audit/{}", "", 404),
    plant("GET", "/api/v1/users/auth/keys?password={}", "", 200),
    plant("GET", "/api/tintype/v1/audit?since={}", "", 400),
    plant("GET", "/api/tintype/v1/audit?limit={}", "", 400),
    plant("GET", "/api/tintype/v1/operations?status={}", "", 400),
    plant("GET", "/api/tintype/v1/operations?cluster={}%20", "", 400),
];

/// In headers, right and wrong.
#[rustfmt::skip]
pub const HEADERS: &[Plant] = &[
    headed("GET", KEYS, &[("authorization", "Bearer {}")], "", 401),
    headed("POST", "/api/v1/users/auth/_refresh", &[("authorization", "Bearer {b64}.{b64}.{b64}")], "", 401),
    headed("GET", KEYS, &[("authorization", "ApiKey tt_nokey_{}")], "", 401),
    headed("GET", KEYS, &[("authorization", "ApiKey {}")], "", 401),
    headed("GET", KEYS, &[("authorization", "{}")], "", 401),
    headed("GET", KEYS, &[("authorization", "{} x")], "", 401),
    headed("GET", KEYS, &[("authorization", "Basic {}")], "", 401),
    headed("GET", KEYS, &[("authorization", "Basic {b64}")], "", 401),
    headed("GET", KEYS, &[("authorization", "Basic {b64:admin:}")], "", 401),
    headed("GET", KEYS, &[("authorization", "ApiKey x"), ("authorization", "ApiKey {}")], "", 401),
    headed("GET", KEYS, &[("authorisation", "ApiKey {}")], "", 200),
    headed("GET", KEYS, &[("x-api-key", "{}"), ("cookie", "session={}"), ("proxy-authorization", "Basic {b64}")], "", 200),
    headed("POST", TAKE, &[("idempotency-key", "{} {}")], "{\"repository_name\":\"canaries\"}", 400),
    headed("GET", KEYS, &[("user-agent", "{}"), ("referer", "http://u:{}@x/"), ("x-request-id", "{}")], "", 200),
];
