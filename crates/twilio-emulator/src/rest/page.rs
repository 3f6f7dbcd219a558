//! Lists in pages, with the links that Twilio's SDKs follow.

use serde_json::{Map, Value, json};

use super::form::Form;

const PAGE_SIZE_DEFAULT: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;

/// One page of `items` under `key`, at `path` with the request's own filters.
pub(super) fn page(key: &str, path: &str, form: &Form, items: Vec<Value>) -> Value {
    let number = |name: &str| form.text(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("PageSize")
        .unwrap_or(PAGE_SIZE_DEFAULT)
        .clamp(1, PAGE_SIZE_MAX);
    let index = number("Page").unwrap_or(0);
    let start = index.saturating_mul(size);
    let total = items.len();
    let rows: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let end = start + rows.len().saturating_sub(1);
    let link = |index: usize| format!("{path}?{}", form.query_for_page(index, size));
    let mut body = Map::new();
    body.insert(key.to_owned(), Value::Array(rows));
    let rest = json!({
        "page": index,
        "page_size": size,
        "start": start,
        "end": end,
        "uri": link(index),
        "first_page_uri": link(0),
        "next_page_uri": (start + size < total).then(|| link(index + 1)),
        "previous_page_uri": (index > 0).then(|| link(index - 1)),
    });
    if let Value::Object(rest) = rest {
        body.extend(rest);
    }
    Value::Object(body)
}

impl Form {
    /// This request's parameters, for another page.
    fn query_for_page(&self, index: usize, size: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(
            self.pairs()
                .filter(|(name, _)| !matches!(*name, "Page" | "PageSize" | "PageToken")),
        );
        query.append_pair("PageSize", &size.to_string());
        query.append_pair("Page", &index.to_string());
        query.append_pair("PageToken", &format!("PA{index}"));
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Form, page};

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
    fn the_last_page_links_nowhere() {
        let body = page("calls", "/Calls.json", &Form::from_pairs(&[]), vec![json!(1)]);
        assert!(body["next_page_uri"].is_null() && body["previous_page_uri"].is_null());
    }
}
