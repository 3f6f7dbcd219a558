//! Resources that come in lists: the usual operations on them, written once.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::Value;

use super::ApiError;
use super::ask::{Answer, Ask, Names};
use super::form::Form;
use crate::network::Network;
use crate::web::Site;

/// How a product of Twilio's writes the pages of its lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// The API of 2010, whose lists are at paths that end in `.json`.
    Of2010,
    /// The newer products.
    V1,
}

/// Resources of one kind: how they are listed, made, shown and removed.
pub(super) trait Collection: Copy + Send + Sync + 'static {
    /// What a request says of the resource that it makes or changes.
    type Order: Send + 'static;

    fn pages(self) -> Pages;

    /// What a page of them is called.
    fn key(self) -> &'static str;

    /// The parameters of a request that makes or changes one.
    fn parameters(self) -> &'static [&'static str];

    fn read(self, form: &Form) -> Result<Self::Order, ApiError>;

    fn list(self, network: &mut Network, account: &str, names: &Names) -> Result<Vec<Value>, ApiError>;

    fn make(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: Self::Order,
    ) -> Result<Value, ApiError>;

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError>;

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError>;
}

/// Resources that can be changed as well.
pub(super) trait Changeable: Collection {
    fn change(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: Self::Order,
    ) -> Result<Value, ApiError>;
}

/// All that can be done with resources at `path`.
pub(super) fn routes<C: Changeable>(path: &str, of: C) -> Router<Site> {
    fixed_routes(path, of).route(&one(path), post(move |ask| change(of, ask)))
}

/// All that can be done with resources that nothing changes.
pub(super) fn fixed_routes<C: Collection>(path: &str, of: C) -> Router<Site> {
    let all = match of.pages() {
        Pages::Of2010 => format!("{path}.json"),
        Pages::V1 => path.to_owned(),
    };
    Router::new()
        .route(&all, get(move |ask| list(of, ask)).post(move |ask| make(of, ask)))
        .route(
            &one(path),
            get(move |ask| view(of, ask)).delete(move |ask| remove(of, ask)),
        )
}

fn one(path: &str) -> String {
    format!("{path}/{{sid}}")
}

async fn list<C: Collection>(of: C, ask: Ask) -> Answer {
    let names = ask.names.clone();
    let rows = move |network: &mut Network, account: &str| of.list(network, account, &names);
    match of.pages() {
        Pages::Of2010 => ask.list(of.key(), &[], rows).await,
        Pages::V1 => ask.list_v1(of.key(), &[], rows).await,
    }
}

async fn make<C: Collection>(of: C, ask: Ask) -> Answer {
    ask.only(of.parameters()).await?;
    let (names, order) = (ask.names.clone(), of.read(&ask.form)?);
    ask.made(move |network, account| of.make(network, account, &names, order))
        .await
}

async fn view<C: Collection>(of: C, ask: Ask) -> Answer {
    let names = ask.names.clone();
    ask.read(move |network, account| of.view(network, account, &names))
        .await
}

async fn change<C: Changeable>(of: C, ask: Ask) -> Answer {
    ask.only(of.parameters()).await?;
    let (names, order) = (ask.names.clone(), of.read(&ask.form)?);
    ask.show(move |network, account| of.change(network, account, &names, order))
        .await
}

async fn remove<C: Collection>(of: C, ask: Ask) -> Result<StatusCode, ApiError> {
    let names = ask.names.clone();
    ask.gone(move |network, account| of.remove(network, account, &names))
        .await
}
