//! One request to a resource: whose it is, what its path names, its parameters, and how it is answered.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::{Method, StatusCode};
use serde_json::Value;

use super::form::Form;
use super::page::{page, page_v1};
use super::{ApiError, resource};
use crate::driver::NetworkHandle;
use crate::network::{Network, RestRequest};
use crate::web::{SignedIn, Site};

/// What a handler answers with.
pub(super) type Answer = Result<(StatusCode, Json<Value>), ApiError>;

/// What a path names after the account, without `.json`; newer products' paths have no account.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// The name number `index`, empty if there are fewer.
    pub(super) fn at(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }
}

/// See the module.
pub(super) struct Ask {
    pub(super) network: NetworkHandle,
    pub(super) account: String,
    pub(super) names: Names,
    pub(super) form: Form,
    pub(super) path: String,
    method: Method,
}

impl FromRequest<Site> for Ask {
    type Rejection = ApiError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let params = RawPathParams::from_request_parts(&mut parts, site)
            .await
            .map_err(|_| ApiError::not_found(&path))?;
        let mut names = params.iter().map(|(_, name)| resource(name));
        let account = match parts.extensions.remove::<SignedIn>() {
            Some(SignedIn(account)) => account,
            None => names.next().unwrap_or_default(),
        };
        let names = Names(names.collect());
        let original = parts.extensions.get::<axum::extract::OriginalUri>();
        let path = original.map_or(path, |uri| uri.path().to_owned());
        let method = parts.method.clone();
        let form = Form::from_request(Request::from_parts(parts, body), site).await?;
        Ok(Self {
            network: site.network.clone(),
            account,
            names,
            form,
            path,
            method,
        })
    }
}

impl Ask {
    /// The path's name number `index` after the account.
    pub(super) fn name(&self, index: usize) -> String {
        self.names.at(index).to_owned()
    }

    /// A parameter without which nothing can be done.
    pub(super) fn required(&self, name: &str) -> Result<String, ApiError> {
        self.form.required(name)
    }

    /// Asks the network, on behalf of the account.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Network, &str) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let account = self.account.clone();
        let answer = self.network.ask(move |network| question(network, &account));
        answer.await?.map_err(|error| error.of(&self.path))
    }

    /// Answers 200 with a resource.
    pub(super) async fn show(
        &self,
        question: impl FnOnce(&mut Network, &str) -> Result<Value, ApiError> + Send + 'static,
    ) -> Answer {
        Ok((StatusCode::OK, Json(self.run(question).await?)))
    }

    /// Answers 200 with a resource that was asked for by its name alone.
    pub(super) async fn read(
        &self,
        question: impl FnOnce(&mut Network, &str) -> Result<Value, ApiError> + Send + 'static,
    ) -> Answer {
        self.only(&[]).await?;
        self.show(question).await
    }

    /// Answers 201 with a resource that was made.
    pub(super) async fn made(
        &self,
        question: impl FnOnce(&mut Network, &str) -> Result<Value, ApiError> + Send + 'static,
    ) -> Answer {
        Ok((StatusCode::CREATED, Json(self.run(question).await?)))
    }

    /// Answers 204 once it is done.
    pub(super) async fn gone(
        &self,
        question: impl FnOnce(&mut Network, &str) -> Result<(), ApiError> + Send + 'static,
    ) -> Result<StatusCode, ApiError> {
        self.only(&[]).await?;
        self.run(question).await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// Answers 200 with one page of a list, under `key`; the list knows these `filters`.
    pub(super) async fn list(
        &self,
        key: &str,
        filters: &[&str],
        question: impl FnOnce(&mut Network, &str) -> Result<Vec<Value>, ApiError> + Send + 'static,
    ) -> Answer {
        self.only(filters).await?;
        let rows = self.run(question).await?;
        Ok((StatusCode::OK, Json(page(key, &self.path, &self.form, rows))))
    }

    /// The same for a list of a newer product.
    pub(super) async fn list_v1(
        &self,
        key: &str,
        filters: &[&str],
        question: impl FnOnce(&mut Network, &str) -> Result<Vec<Value>, ApiError> + Send + 'static,
    ) -> Answer {
        self.only(filters).await?;
        let (rows, origin) = self
            .run(|network, account| Ok((question(network, account)?, network.origin().to_owned())))
            .await?;
        let url = format!("{origin}{}", self.path);
        Ok((StatusCode::OK, Json(page_v1(key, &url, &self.form, rows))))
    }

    /// A warning in the account's notifications for every parameter that the operation does not have.
    pub(super) async fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let unknown: Vec<String> = self
            .form
            .pairs()
            .map(|(name, _)| name)
            .filter(|name| !known.contains(name) && !PAGING.contains(name))
            .map(str::to_owned)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let pairs = self.form.pairs();
        let request = RestRequest {
            method: self.method.to_string(),
            path: self.path.clone(),
            variables: pairs
                .filter(|(name, _)| !is_secret(name))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        };
        self.run(move |network, account| {
            network.warn_of_parameters(account, request, &unknown);
            Ok(())
        })
        .await
    }
}

const PAGING: [&str; 3] = ["Page", "PageSize", "PageToken"];

/// Whether a notification leaves a parameter out: the error log is read by more than may know passwords.
fn is_secret(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("password")
}
