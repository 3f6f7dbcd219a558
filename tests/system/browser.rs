//! As much of a browser as signing in takes: it loads the page, fills in its form and follows where that leads.

use reqwest::{Client, Response, StatusCode, header, redirect};
use url::Url;

/// What is typed into the page.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// Loads a page; none if nothing answers there.
pub(crate) async fn load(url: &str) -> Option<Response> {
    client().get(url).send().await.ok()
}

/// Signs in at this address; a refusal is given as the page shows it.
pub(crate) async fn sign_in(url: &str, credentials: &Credentials) -> Result<(), String> {
    let page = load(url).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let text = page.text().await.unwrap();

    let mut form = hidden_fields(&text);
    form.push(("email".to_owned(), credentials.email.clone()));
    form.push(("password".to_owned(), credentials.password.clone()));
    let mut address = Url::parse(url).unwrap();
    address.set_query(None);
    let submitted = client().post(address).header(header::COOKIE, cookie).form(&form);
    let reply = submitted.send().await.unwrap();
    if reply.status() != StatusCode::SEE_OTHER {
        return Err(reply.text().await.unwrap());
    }
    let back = load(location(&reply)).await.unwrap();
    assert!(back.status().is_success(), "{}", back.status());
    Ok(())
}

/// Redirects are looked at, not followed.
fn client() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

fn location(reply: &Response) -> &str {
    reply.headers()[header::LOCATION].to_str().unwrap()
}

fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let inputs = page.split("<input type=\"hidden\"").skip(1);
    inputs
        .map(|rest| (attribute(rest, "name"), attribute(rest, "value")))
        .collect()
}

fn attribute(tag: &str, name: &str) -> String {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}
