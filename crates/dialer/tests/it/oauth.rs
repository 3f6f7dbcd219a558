//! Signing in, staying signed in, and what is refused on the way.

use jiff::SignedDuration;
use protocol::{Me, Role, TokenReply};
use reqwest::{StatusCode, header};
use serde_json::Value;

use crate::site::{PASSWORD, REDIRECT, Site, VERIFIER, answer};

const EMAIL: &str = "ada@example.com";

#[tokio::test]
async fn a_rep_signs_in_through_the_browser_and_uses_the_api() {
    let site = Site::start().await;
    let agent_id = site.add_user(EMAIL, Role::Rep, "Engines Inc").await;

    let response = site.submit("ADA@example.com", PASSWORD).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    assert!(location.starts_with(&format!("{REDIRECT}?code=")), "{location}");
    assert_eq!(answer(&response, "state").unwrap(), "the state");
    assert_eq!(answer(&response, "iss").unwrap(), site.url(""));

    let reply = site.redeem(&answer(&response, "code").unwrap(), VERIFIER).await;
    assert_eq!(reply.headers()[header::CACHE_CONTROL], "no-store");
    let tokens: TokenReply = reply.json().await.unwrap();
    assert_eq!((tokens.token_type.as_str(), tokens.expires_in), ("Bearer", 600));

    let me: Me = site
        .get(&tokens.access_token, "/api/v1/me")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((me.agent_id, me.tenant_name.as_str()), (agent_id, "Engines Inc"));
}

#[tokio::test]
async fn an_access_token_ends_after_ten_minutes() {
    let site = Site::start().await;
    let (_, token) = site.user(EMAIL, Role::Rep, "Engines Inc").await;
    site.clock.advance(SignedDuration::from_secs(599));
    assert_eq!(site.get(&token, "/api/v1/me").await.status(), StatusCode::OK);
    site.clock.advance(SignedDuration::from_secs(1));
    let refused = site.get(&token, "/api/v1/me").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().contains_key(header::WWW_AUTHENTICATE));
}

#[tokio::test]
async fn nothing_of_the_api_is_open_without_a_token() {
    let site = Site::start().await;
    for path in ["/me", "/campaigns", "/calls", "/events", "/no/such/route"] {
        let response = site
            .http
            .get(site.url(&format!("/api/v1{path}")))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_plainly_and_locks_after_five() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    for email in [EMAIL, "nobody@example.com"] {
        let refused = site.submit(email, "wrong horse").await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        let page = refused.text().await.unwrap();
        assert!(page.contains("The email or the password is not right."), "{page}");
        assert!(!page.contains("wrong horse"), "a password is never sent back");
    }
    for _ in 0..4 {
        site.submit(EMAIL, "wrong horse").await;
    }
    let locked = site.submit(EMAIL, PASSWORD).await;
    assert_eq!(locked.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(locked.text().await.unwrap().contains("Try again in 15 minutes."));

    site.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(site.submit(EMAIL, PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_from_another_page_signs_nobody_in() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let csrf = site.open_page().await;
    let other = site.open_page().await;
    for (cookie, field) in [(csrf.as_str(), other.as_str()), (csrf.as_str(), ""), ("", "")] {
        let refused = site.form(cookie, field, EMAIL, PASSWORD).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{cookie} {field}");
    }
}

#[tokio::test]
async fn a_code_goes_to_this_computer_only() {
    let site = Site::start().await;
    for uri in [
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example:1/callback",
        "",
    ] {
        let refused = site
            .http
            .get(site.authorize_url(&[("redirect_uri", uri)]))
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{uri}");
        assert!(!refused.headers().contains_key(header::LOCATION), "{uri}");
    }
    let refused = site
        .http
        .get(site.authorize_url(&[("client_id", "another")]))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn other_faults_of_a_request_are_told_to_the_client() {
    let site = Site::start().await;
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
    ] {
        let response = site.http.get(site.authorize_url(&[change])).send().await.unwrap();
        assert_eq!(answer(&response, "error").as_deref(), Some(error));
        assert_eq!(answer(&response, "state").as_deref(), Some("the state"));
    }
}

#[tokio::test]
async fn the_page_runs_no_script_and_shows_what_it_was_given_as_text() {
    let site = Site::start().await;
    let payload = "\"><script>alert(1)</script>";
    let page = site
        .http
        .get(site.authorize_url(&[("state", payload)]))
        .send()
        .await
        .unwrap();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(
        policy.contains("form-action 'self' http://127.0.0.1:49152;"),
        "{policy}"
    );
    assert!(!page.text().await.unwrap().contains("<script"));
}

#[tokio::test]
async fn a_code_without_its_verifier_is_worth_nothing() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let code = site.code(EMAIL).await;
    let wrong = VERIFIER.replace('a', "b");
    check_refused(site.redeem(&code, &wrong).await, "invalid_grant").await;
    // The thief had one try, and the owner starts over.
    check_refused(site.redeem(&code, VERIFIER).await, "invalid_grant").await;
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let code = site.code(EMAIL).await;
    site.clock.advance(SignedDuration::from_secs(60));
    check_refused(site.redeem(&code, VERIFIER).await, "invalid_grant").await;
}

#[tokio::test]
async fn a_code_that_is_used_again_takes_its_tokens_along() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let code = site.code(EMAIL).await;
    let tokens: TokenReply = site.redeem(&code, VERIFIER).await.json().await.unwrap();
    check_refused(site.redeem(&code, VERIFIER).await, "invalid_grant").await;
    assert_eq!(
        site.get(&tokens.access_token, "/api/v1/me").await.status(),
        StatusCode::UNAUTHORIZED
    );
    check_refused(site.refresh(&tokens.refresh_token).await, "invalid_grant").await;
}

#[tokio::test]
async fn a_crash_between_refresh_and_keyring_signs_nobody_out() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let first = site.sign_in(EMAIL).await;

    // Three replies get lost, or their desktops crash; the old token still works.
    for _ in 0..3 {
        assert_eq!(site.refresh(&first.refresh_token).await.status(), StatusCode::OK);
    }
    let second: TokenReply = site.refresh(&first.refresh_token).await.json().await.unwrap();
    let third: TokenReply = site.refresh(&second.refresh_token).await.json().await.unwrap();
    assert_eq!(
        site.get(&third.access_token, "/api/v1/me").await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_refresh_token_used_after_its_successor_ends_the_sign_in() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let first = site.sign_in(EMAIL).await;
    let second: TokenReply = site.refresh(&first.refresh_token).await.json().await.unwrap();
    let third: TokenReply = site.refresh(&second.refresh_token).await.json().await.unwrap();

    check_refused(site.refresh(&first.refresh_token).await, "invalid_grant").await;
    check_refused(site.refresh(&third.refresh_token).await, "invalid_grant").await;
    assert_eq!(
        site.get(&third.access_token, "/api/v1/me").await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn of_two_successors_only_the_one_that_is_used_first_lives() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let first = site.sign_in(EMAIL).await;
    let stolen: TokenReply = site.refresh(&first.refresh_token).await.json().await.unwrap();
    let owned: TokenReply = site.refresh(&first.refresh_token).await.json().await.unwrap();
    assert_eq!(site.refresh(&owned.refresh_token).await.status(), StatusCode::OK);

    check_refused(site.refresh(&stolen.refresh_token).await, "invalid_grant").await;
    check_refused(site.refresh(&owned.refresh_token).await, "invalid_grant").await;
}

#[tokio::test]
async fn signing_out_ends_both_tokens_and_no_other_machine() {
    let site = Site::start().await;
    site.add_user(EMAIL, Role::Rep, "Engines Inc").await;
    let here = site.sign_in(EMAIL).await;
    let elsewhere = site.sign_in(EMAIL).await;

    let form = [
        ("token", here.refresh_token.as_str()),
        ("client_id", "offhook-desktop"),
    ];
    let revoked = site
        .http
        .post(site.url("/oauth/revoke"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), StatusCode::OK);

    assert_eq!(
        site.get(&here.access_token, "/api/v1/me").await.status(),
        StatusCode::UNAUTHORIZED
    );
    check_refused(site.refresh(&here.refresh_token).await, "invalid_grant").await;
    assert_eq!(
        site.get(&elsewhere.access_token, "/api/v1/me").await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_token_endpoint_refuses_by_the_standard() {
    let site = Site::start().await;
    check_refused(
        site.token(&[("grant_type", "password")]).await,
        "unsupported_grant_type",
    )
    .await;
    check_refused(
        site.token(&[("grant_type", "refresh_token")]).await,
        "invalid_grant",
    )
    .await;
    let twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    check_refused(site.token(&twice).await, "invalid_request").await;
    let stranger = site
        .http
        .post(site.url("/oauth/token"))
        .form(&[("grant_type", "refresh_token"), ("client_id", "stranger")])
        .send()
        .await
        .unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_endpoints_are_described_where_clients_look() {
    let site = Site::start().await;
    let url = site.url("/.well-known/oauth-authorization-server");
    let document: Value = site.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["issuer"], site.url(""));
    assert_eq!(document["token_endpoint"], site.url("/oauth/token"));
    assert_eq!(document["code_challenge_methods_supported"][0], "S256");
}

async fn check_refused(response: reqwest::Response, error: &str) {
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"], error);
}
