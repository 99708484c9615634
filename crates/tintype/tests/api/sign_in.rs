//! Credentials: what is accepted, what is not, and that a change of them works at once.

use crate::support::{PASSWORD, SECRET, Server, basic, key};
use http::{Method, Request, StatusCode};
use secrecy::SecretString;
use tintype::http::auth::Permission;
use tintype::model::Role;

const ME: &str = "/api/v1/users/auth/keys";

#[tokio::test]
async fn keys_and_passwords_are_accepted_in_any_case_of_the_scheme() {
    let server = Server::start().await;
    for credentials in [
        key("admin"),
        key("admin").replace("ApiKey", "APIKEY"),
        key("admin").replace("ApiKey ", "apikey   "),
        basic("admin", PASSWORD),
        basic("admin", PASSWORD).replace("Basic", "basic"),
    ] {
        let reply = server.send(Method::GET, ME, &credentials, "").await;
        assert_eq!(reply.status, StatusCode::OK, "{credentials}");
    }
}

#[tokio::test]
async fn everything_else_is_401() {
    let server = Server::start().await;
    let long = "A".repeat(20_000);
    let all = [
        String::new(),
        "ApiKey".to_owned(),
        "ApiKey ".to_owned(),
        format!("ApiKey {SECRET}"),
        "ApiKey tt_".to_owned(),
        "ApiKey tt_keyadmin".to_owned(),
        "ApiKey tt_keyadmin_".to_owned(),
        format!("ApiKey tt_keyadmin_{SECRET}x"),
        format!("ApiKey tt_'or''=_{SECRET}"),
        format!("Bearer tt_keyadmin_{SECRET}"),
        format!("ApiKey {long}"),
        "Basic".to_owned(),
        "Basic %%%".to_owned(),
        "Basic //79".to_owned(),
        "Basic YWRtaW4=".to_owned(),
        basic("admin", ""),
        basic("admin", &PASSWORD.to_uppercase()),
        basic("Admin", PASSWORD),
        basic("", ""),
    ];
    for (tried, credentials) in all.into_iter().enumerate() {
        let from = format!("192.0.2.{tried}");
        let reply = server
            .send_from(&from, Method::GET, ME, &credentials, String::new())
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNAUTHORIZED, "root.unauthenticated"),
            "{credentials:.60}"
        );
    }
    let twice = Request::get(ME)
        .header("authorization", key("admin"))
        .header("authorization", key("admin"));
    assert_eq!(
        server.request(twice.body("".into()).unwrap()).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_changed_password_is_forgotten_at_once() {
    let server = Server::start().await;
    let old = basic("admin", PASSWORD);
    assert_eq!(
        server.send(Method::GET, ME, &old, "").await.status,
        StatusCode::OK
    );
    let hash = tintype::secrets::hash_password(&SecretString::from("another")).unwrap();
    server.set_password("admin", hash).await;
    assert_eq!(
        server.send(Method::GET, ME, &old, "").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        server
            .send(Method::GET, ME, &basic("admin", "another"), "")
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_deleted_key_is_forgotten_at_once() {
    let server = Server::start().await;
    let reply = server
        .send(Method::DELETE, &format!("{ME}/keyadmin"), &key("admin"), "")
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(server.get(ME).await.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn roles_grow_as_ece_says() {
    use Permission::{
        ManageClusters, Own, Public, ReadAudit, ReadClusters, ReadRepositories, ReadRepositoryContents,
        ReadUsers,
    };
    for (role, granted) in [
        (Role::EcePlatformAdmin, Permission::ALL.to_vec()),
        (
            Role::EcePlatformViewer,
            vec![
                Public,
                Own,
                ReadClusters,
                ReadRepositories,
                ReadRepositoryContents,
                ReadUsers,
                ReadAudit,
            ],
        ),
        (
            Role::EceDeploymentManager,
            vec![Public, Own, ReadClusters, ManageClusters, ReadRepositories],
        ),
        (Role::EceDeploymentViewer, vec![Public, Own, ReadClusters]),
    ] {
        let found: Vec<_> = Permission::ALL
            .into_iter()
            .filter(|one| one.granted_to(role))
            .collect();
        assert_eq!(found, granted, "{}", role.as_str());
    }
}
