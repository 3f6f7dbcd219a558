//! Lists in pages, with the links that Twilio's SDKs follow.

use serde_json::{Value, json};

use super::form::Form;

const PAGE_SIZE_DEFAULT: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;
/// How the token of a page begins that follows the row it names, or comes before it.
const AFTER: &str = "PA";
const BEFORE: &str = "PB";

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
        let link =
            |index: usize, token: Option<&str>| format!("{path}?{}", form.query_for_page(index, size, token));
        let beside = |kind: &str, index: usize, row: usize| {
            let name = items.get(row).and_then(sid_of);
            let token = name.map_or_else(|| format!("{kind}{index}"), |sid| format!("{kind}{sid}"));
            link(index, Some(&token))
        };
        let after = start.saturating_add(size);
        Self {
            index,
            size,
            start,
            here: link(index, form.text("PageToken")),
            first: link(0, None),
            next: (after < items.len()).then(|| beside(AFTER, index + 1, after - 1)),
            previous: (index > 0).then(|| beside(BEFORE, index - 1, start)),
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

/// Where a page begins: beside the row that its token names, wherever new rows have moved that.
fn start_of(items: &[Value], form: &Form, index: usize, size: usize) -> usize {
    let token = form.text("PageToken").and_then(|token| token.split_at_checked(2));
    let start = token.and_then(|(kind, sid)| {
        let row = items.iter().position(|item| sid_of(item) == Some(sid))?;
        match kind {
            AFTER => Some(row + 1),
            BEFORE => Some(row.saturating_sub(size)),
            _ => None,
        }
    });
    start.unwrap_or(index.saturating_mul(size))
}

/// What a row is called by.
fn sid_of(item: &Value) -> Option<&str> {
    item.get("sid").or(item.get("call_sid"))?.as_str()
}

impl Form {
    /// This request's parameters, for another page.
    fn query_for_page(&self, index: usize, size: usize, token: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(
            self.pairs()
                .filter(|(name, _)| !matches!(*name, "Page" | "PageSize" | "PageToken")),
        );
        query.append_pair("PageSize", &size.to_string());
        query.append_pair("Page", &index.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", token);
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Form, page, page_v1};

    fn rows(sids: std::ops::RangeInclusive<u32>) -> Vec<Value> {
        sids.rev().map(|n| json!({ "sid": format!("CA{n}") })).collect()
    }

    #[test]
    fn a_page_has_all_ten_keys_and_links_to_its_neighbours_with_the_filter() {
        let form = [
            ("Status", "queued"),
            ("PageSize", "2"),
            ("Page", "1"),
            ("PageToken", "PACA3"),
        ];
        let body = page("calls", "/Calls.json", &Form::from_pairs(&form), rows(0..=4));
        let link = |rest: &str| format!("/Calls.json?Status=queued&PageSize=2&{rest}");
        let expected = json!({
            "calls": [{ "sid": "CA2" }, { "sid": "CA1" }],
            "page": 1, "page_size": 2, "start": 2, "end": 3,
            "uri": link("Page=1&PageToken=PACA3"),
            "first_page_uri": link("Page=0"),
            "next_page_uri": link("Page=2&PageToken=PACA1"),
            "previous_page_uri": link("Page=0&PageToken=PBCA2"),
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_page_stays_beside_the_row_of_its_token_although_rows_came_before_it() {
        let grown = [vec![json!({ "sid": "CA9" })], rows(0..=4)].concat();
        for (index, token, expected) in [("1", "PACA3", ["CA2", "CA1"]), ("0", "PBCA2", ["CA4", "CA3"])] {
            let form = Form::from_pairs(&[("PageSize", "2"), ("Page", index), ("PageToken", token)]);
            let body = page("calls", "/Calls.json", &form, grown.clone());
            assert_eq!(
                body["calls"],
                json!(expected.map(|sid| json!({ "sid": sid }))),
                "{token}"
            );
        }
    }

    #[test]
    fn rows_without_a_name_are_found_by_the_pages_number() {
        let form = Form::from_pairs(&[("PageSize", "2"), ("Page", "1"), ("PageToken", "PA1")]);
        let body = page(
            "events",
            "/Events.json",
            &form,
            (0..5).map(|n| json!(n)).collect(),
        );
        assert_eq!(body["events"], json!([2, 3]));
        assert_eq!(
            body["next_page_uri"],
            "/Events.json?PageSize=2&Page=2&PageToken=PA2"
        );
    }

    #[test]
    fn the_only_page_links_nowhere_and_an_empty_one_ends_where_it_starts() {
        let body = page("calls", "/Calls.json", &Form::from_pairs(&[]), Vec::new());
        let expected = json!({
            "calls": [], "page": 0, "page_size": 50, "start": 0, "end": 0,
            "uri": "/Calls.json?PageSize=50&Page=0", "first_page_uri": "/Calls.json?PageSize=50&Page=0",
            "next_page_uri": null, "previous_page_uri": null,
        });
        assert_eq!(body, expected);
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
