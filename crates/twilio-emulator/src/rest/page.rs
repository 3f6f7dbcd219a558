//! Lists in pages, with the links that Twilio's SDKs follow.

use serde_json::{Value, json};

use super::form::Form;

const PAGE_SIZE_DEFAULT: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;

/// Rows of a list and where its other pages are.
struct Page {
    rows: Vec<Value>,
    index: usize,
    size: usize,
    start: usize,
    here: String,
    first: String,
    next: Option<String>,
    previous: Option<String>,
}

impl Page {
    /// The page that the request asks for, of a list at `path` with the request's own filters.
    fn of(path: &str, form: &Form, items: Vec<Value>) -> Self {
        let number = |name: &str| form.text(name).and_then(|text| text.parse::<usize>().ok());
        let size = number("PageSize")
            .unwrap_or(PAGE_SIZE_DEFAULT)
            .clamp(1, PAGE_SIZE_MAX);
        let index = number("Page").unwrap_or(0);
        let start = start_of(&items, form, index, size);
        let link = |index: usize, start: usize| {
            let before = start.checked_sub(1).and_then(|at| sid_of(items.get(at)?));
            format!("{path}?{}", form.query_for_page(index, size, before))
        };
        let after = start.saturating_add(size);
        Self {
            index,
            size,
            start,
            here: link(index, start),
            first: link(0, 0),
            next: (after < items.len()).then(|| link(index + 1, after)),
            previous: (index > 0).then(|| link(index - 1, start.saturating_sub(size))),
            rows: items.into_iter().skip(start).take(size).collect(),
        }
    }
}

/// One page of `items` under `key`, as the API of 2010 writes it.
pub(super) fn page(key: &str, path: &str, form: &Form, items: Vec<Value>) -> Value {
    let page = Page::of(path, form, items);
    json!({
        "page": page.index,
        "page_size": page.size,
        "start": page.start,
        "end": page.start.saturating_add(page.rows.len().saturating_sub(1)),
        "uri": page.here,
        "first_page_uri": page.first,
        "next_page_uri": page.next,
        "previous_page_uri": page.previous,
        key: page.rows,
    })
}

/// One page of `items` under `key`, as the newer products write it; `url` is the list's whole URL.
pub(super) fn page_v1(key: &str, url: &str, form: &Form, items: Vec<Value>) -> Value {
    let page = Page::of(url, form, items);
    json!({
        "meta": {
            "page": page.index,
            "page_size": page.size,
            "url": page.here,
            "first_page_url": page.first,
            "next_page_url": page.next,
            "previous_page_url": page.previous,
            "key": key,
        },
        key: page.rows,
    })
}

/// Where a page begins: after the row that its token names, wherever new rows have moved it.
fn start_of(items: &[Value], form: &Form, index: usize, size: usize) -> usize {
    let before = form.text("PageToken").and_then(|token| token.strip_prefix("PA"));
    let after_token = before.and_then(|sid| items.iter().position(|item| sid_of(item) == Some(sid)));
    after_token.map_or(index.saturating_mul(size), |at| at + 1)
}

/// What a row is called by.
fn sid_of(item: &Value) -> Option<&str> {
    item.get("sid").or(item.get("call_sid"))?.as_str()
}

impl Form {
    /// This request's parameters, for another page.
    fn query_for_page(&self, index: usize, size: usize, before: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(
            self.pairs()
                .filter(|(name, _)| !matches!(*name, "Page" | "PageSize" | "PageToken")),
        );
        query.append_pair("PageSize", &size.to_string());
        query.append_pair("Page", &index.to_string());
        let token = before.map_or_else(|| format!("PA{index}"), |sid| format!("PA{sid}"));
        query.append_pair("PageToken", &token);
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Form, page, page_v1};

    #[test]
    fn pages_link_to_their_neighbours_and_keep_the_filter() {
        let form = Form::from_pairs(&[("Status", "queued"), ("PageSize", "2"), ("Page", "1")]);
        let body = page("calls", "/Calls.json", &form, (0..5).map(|n| json!(n)).collect());
        assert_eq!(body["calls"], json!([2, 3]));
        assert_eq!((&body["start"], &body["end"]), (&json!(2), &json!(3)));
        assert_eq!(
            body["next_page_uri"],
            "/Calls.json?Status=queued&PageSize=2&Page=2&PageToken=PA2"
        );
        assert_eq!(
            body["previous_page_uri"],
            "/Calls.json?Status=queued&PageSize=2&Page=0&PageToken=PA0"
        );
    }

    #[test]
    fn a_page_goes_on_after_its_token_although_rows_came_before_it() {
        let rows = |from: u32| {
            (from..5)
                .rev()
                .map(|n| json!({ "sid": format!("CA{n}") }))
                .collect::<Vec<_>>()
        };
        let first = page(
            "calls",
            "/Calls.json",
            &Form::from_pairs(&[("PageSize", "2")]),
            rows(0),
        );
        assert_eq!(
            first["next_page_uri"],
            "/Calls.json?PageSize=2&Page=1&PageToken=PACA3"
        );
        let grown = [vec![json!({ "sid": "CA9" })], rows(0)].concat();
        let form = Form::from_pairs(&[("PageSize", "2"), ("Page", "1"), ("PageToken", "PACA3")]);
        let second = page("calls", "/Calls.json", &form, grown);
        assert_eq!(second["calls"], json!([{ "sid": "CA2" }, { "sid": "CA1" }]));
    }

    #[test]
    fn the_last_page_links_nowhere() {
        let body = page("calls", "/Calls.json", &Form::from_pairs(&[]), vec![json!(1)]);
        assert!(body["next_page_uri"].is_null() && body["previous_page_uri"].is_null());
    }

    #[test]
    fn newer_products_have_whole_urls_in_their_meta() {
        let form = Form::from_pairs(&[("PageSize", "1")]);
        let rows = vec![json!({ "sid": "TK1" }), json!({ "sid": "TK2" })];
        let body = page_v1("trunks", "http://localhost/v1/Trunks", &form, rows);
        assert_eq!(body["trunks"], json!([{ "sid": "TK1" }]));
        let meta = &body["meta"];
        assert_eq!((&meta["key"], &meta["page_size"]), (&json!("trunks"), &json!(1)));
        assert_eq!(
            meta["next_page_url"],
            "http://localhost/v1/Trunks?PageSize=1&Page=1&PageToken=PATK1"
        );
        assert!(meta["previous_page_url"].is_null());
    }
}
