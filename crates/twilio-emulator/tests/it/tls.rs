//! The encrypted door and the authority that vouches for it.

use std::net::SocketAddr;

use reqwest::{Certificate, Client};

use crate::floor::Floor;

#[tokio::test]
async fn the_encrypted_door_opens_for_those_who_trust_the_runs_authority() {
    let floor =
        Floor::open_with(|config| config.tls_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    let (addr, authority) = floor.tls();
    let url = format!("https://localhost:{}/healthz", addr.port());
    let client = || Client::builder().no_proxy().resolve("localhost", addr);

    let trusting = client()
        .add_root_certificate(Certificate::from_pem(authority.as_bytes()).unwrap())
        .build()
        .unwrap();
    assert_eq!(trusting.get(&url).send().await.unwrap().status(), 200);
    assert!(client().build().unwrap().get(&url).send().await.is_err());
    floor.close().await;
}
