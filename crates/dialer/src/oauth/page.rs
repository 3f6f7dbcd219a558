//! The pages of the sign-in: server-rendered, without any script.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::request::AuthorizationRequest;

const SIGN_IN: &str = include_str!("sign_in.html");
const REFUSAL: &str = include_str!("refusal.html");
const STYLESHEET: &str = include_str!("sign_in.css");

/// What the sign-in page shows.
pub(super) struct SignIn<'a> {
    /// The request that the form carries along.
    pub(super) request: &'a AuthorizationRequest,
    /// Ties the form to this browser.
    pub(super) csrf: &'a str,
    /// On the practice floor: whom the one button signs in.
    pub(super) practice_name: Option<&'a str>,
    /// What was entered before.
    pub(super) email: &'a str,
    /// Why it was not good enough.
    pub(super) problem: Option<&'a str>,
}

impl SignIn<'_> {
    pub(super) fn render(&self, status: StatusCode) -> Response {
        let request = self.request;
        let body = fill(
            SIGN_IN,
            &[
                ("redirect_uri", request.redirect_uri.as_str()),
                ("code_challenge", &request.code_challenge),
                ("state", &request.state),
                ("csrf", self.csrf),
                ("email", self.email),
                ("problem", self.problem.unwrap_or_default()),
                ("no_problem", if self.problem.is_none() { "hidden" } else { "" }),
                ("name", self.practice_name.unwrap_or_default()),
            ],
            if self.practice_name.is_some() {
                "practice"
            } else {
                "password"
            },
        );
        let source = request.redirect_uri.csp_source();
        html(status, body, source)
    }
}

/// A page for a request that must not be answered with a redirect.
pub(super) fn refusal(reason: &str) -> Response {
    html(
        StatusCode::BAD_REQUEST,
        fill(REFUSAL, &[("reason", reason)], ""),
        "",
    )
}

pub(super) async fn stylesheet() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/css"),
            (header::CACHE_CONTROL, "max-age=3600"),
        ],
        STYLESHEET,
    )
        .into_response()
}

fn html(status: StatusCode, body: String, form_action: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("an address that was parsed is ASCII");
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, body).into_response()
}

/// Fills in `{{name}}` with escaped values, and keeps, of the lines between `{{#x}}` and `{{/x}}`, those of `section`.
fn fill(template: &str, values: &[(&str, &str)], section: &str) -> String {
    let mut page = String::with_capacity(template.len() * 2);
    let mut shown = true;
    for line in template.lines() {
        if let Some(name) = line.trim().strip_prefix("{{#") {
            shown = name.trim_end_matches("}}") == section;
        } else if line.trim().starts_with("{{/") {
            shown = true;
        } else if shown {
            fill_line(&mut page, line, values);
        }
    }
    page
}

fn fill_line(page: &mut String, line: &str, values: &[(&str, &str)]) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("the template closes its braces");
        let (_, value) = values
            .iter()
            .find(|(key, _)| *key == name)
            .expect("the template names known values");
        page.push_str(before);
        escape_into(page, value);
        rest = after;
    }
    page.push_str(rest);
    page.push('\n');
}

fn escape_into(page: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            other => page.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn values_cannot_leave_their_place() {
        let page = fill("<input value=\"{{x}}\">", &[("x", "\"><script>'{{x}}&")], "");
        assert_eq!(
            page,
            "<input value=\"&quot;&gt;&lt;script&gt;&#39;{{x}}&amp;\">\n"
        );
    }

    #[test]
    fn only_the_named_section_is_kept() {
        assert_eq!(
            fill("{{#a}}\n1\n{{/a}}\n{{#b}}\n2\n{{/b}}\n3", &[], "b"),
            "2\n3\n"
        );
    }
}
