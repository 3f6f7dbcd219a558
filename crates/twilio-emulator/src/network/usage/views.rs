//! `Usage/Records` and `Balance`: what was used, in Twilio's categories and periods.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{BALANCE_AT_START, Item, Network, Price, Tally, day_of};
use crate::clock::iso8601;
use crate::network::views::root;
use crate::rest::ApiError;

/// Periods in one answer, newest first.
const PERIODS_MAX: usize = 400;

const CALLS: [Item; 5] = [
    Item::CallOutbound,
    Item::CallInboundLocal,
    Item::CallInboundTollFree,
    Item::CallClient,
    Item::CallSip,
];
const NUMBERS: [Item; 2] = [Item::NumberLocal, Item::NumberTollFree];
const EVERYTHING: [Item; 10] = [
    Item::CallOutbound,
    Item::CallInboundLocal,
    Item::CallInboundTollFree,
    Item::CallClient,
    Item::CallSip,
    Item::Recording,
    Item::Transcription,
    Item::MachineDetection,
    Item::NumberLocal,
    Item::NumberTollFree,
];

/// A category of Twilio's and what counts in it.
struct Category {
    name: &'static str,
    description: &'static str,
    count_unit: &'static str,
    usage_unit: &'static str,
    items: &'static [Item],
}

const fn calls(name: &'static str, description: &'static str, items: &'static [Item]) -> Category {
    Category {
        name,
        description,
        count_unit: "calls",
        usage_unit: "minutes",
        items,
    }
}

const fn pieces(
    name: &'static str,
    description: &'static str,
    unit: &'static str,
    items: &'static [Item],
) -> Category {
    Category {
        name,
        description,
        count_unit: unit,
        usage_unit: unit,
        items,
    }
}

const CATEGORIES: [Category; 15] = [
    pieces(
        "answering-machine-detection",
        "Answering Machine Detection",
        "calls",
        &[Item::MachineDetection],
    ),
    calls("calls", "Voice Minutes", &CALLS),
    calls("calls-client", "Client Minutes", &[Item::CallClient]),
    calls(
        "calls-inbound",
        "Inbound Voice Minutes",
        &[Item::CallInboundLocal, Item::CallInboundTollFree],
    ),
    calls(
        "calls-inbound-local",
        "Inbound Local Calls",
        &[Item::CallInboundLocal],
    ),
    calls(
        "calls-inbound-tollfree",
        "Inbound Toll Free Calls",
        &[Item::CallInboundTollFree],
    ),
    calls("calls-outbound", "Outbound Voice Minutes", &[Item::CallOutbound]),
    calls("calls-recordings", "Call Recordings", &[Item::Recording]),
    calls("calls-sip", "SIP Minutes", &[Item::CallSip]),
    pieces("phonenumbers", "Phone Numbers", "numbers", &NUMBERS),
    pieces(
        "phonenumbers-local",
        "Local PhoneNumbers",
        "numbers",
        &[Item::NumberLocal],
    ),
    pieces(
        "phonenumbers-tollfree",
        "Toll Free PhoneNumbers",
        "numbers",
        &[Item::NumberTollFree],
    ),
    Category {
        name: "recordings",
        description: "Recordings",
        count_unit: "recordings",
        usage_unit: "minutes",
        items: &[Item::Recording],
    },
    Category {
        name: "totalprice",
        description: "Total Price",
        count_unit: "",
        usage_unit: "usd",
        items: &EVERYTHING,
    },
    Category {
        name: "transcriptions",
        description: "Transcriptions",
        count_unit: "transcriptions",
        usage_unit: "minutes",
        items: &[Item::Transcription],
    },
];

/// How usage is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsageSplit {
    Whole,
    Daily,
    Monthly,
    Yearly,
    Today,
    Yesterday,
    ThisMonth,
    LastMonth,
}

impl UsageSplit {
    /// The last part of the path.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "AllTime" => Self::Whole,
            "Daily" => Self::Daily,
            "Monthly" => Self::Monthly,
            "Yearly" => Self::Yearly,
            "Today" => Self::Today,
            "Yesterday" => Self::Yesterday,
            "ThisMonth" => Self::ThisMonth,
            "LastMonth" => Self::LastMonth,
            _ => return None,
        })
    }

    /// First and last days, newest first, between `from` and `to`.
    fn periods(self, from: Date, to: Date, today: Date) -> Vec<(Date, Date)> {
        let yesterday = today.saturating_sub(1.day());
        let last_month = today.first_of_month().saturating_sub(1.day());
        let starts: fn(Date) -> Date = match self {
            Self::Whole => return vec![(from, to)],
            Self::Today => return vec![(today, today)],
            Self::Yesterday => return vec![(yesterday, yesterday)],
            Self::ThisMonth => return vec![(today.first_of_month(), today)],
            Self::LastMonth => return vec![(last_month.first_of_month(), last_month)],
            Self::Daily => |day| day,
            Self::Monthly => Date::first_of_month,
            Self::Yearly => Date::first_of_year,
        };
        let mut periods = Vec::new();
        let mut last = to;
        while last >= from && periods.len() < PERIODS_MAX {
            let first = starts(last).max(from);
            periods.push((first, last));
            let before = first.saturating_sub(1.day());
            if before == first {
                break;
            }
            last = before;
        }
        periods
    }
}

/// `GET Usage/Records…`: what to show.
#[derive(Clone, Debug)]
pub(crate) struct UsageFilter {
    pub(crate) split: UsageSplit,
    pub(crate) category: Option<String>,
    /// `2026-01-05`, or `-30days` from today.
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
    pub(crate) subaccounts: bool,
}

fn date(name: &str, text: Option<&str>, today: Date) -> Result<Option<Date>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let offset = text.strip_suffix("days").or(text.strip_suffix("day"));
    let parsed = match offset {
        Some(days) => days.parse::<i32>().ok().and_then(|days| {
            let span = jiff::Span::new().try_days(days).ok()?;
            today.checked_add(span).ok()
        }),
        None => text.parse().ok(),
    };
    let refusal = || ApiError::parameter(format!("{name} is no date: {text}"));
    parsed.map(Some).ok_or_else(refusal)
}

impl Network {
    pub(crate) fn usage_records(&self, account: &str, filter: &UsageFilter) -> Result<Vec<Value>, ApiError> {
        let today = day_of(self.now);
        let opened = self
            .accounts
            .get(account)
            .map_or(today, |account| day_of(account.created_at));
        let from = date("StartDate", filter.start.as_deref(), today)?.unwrap_or(opened);
        let to = date("EndDate", filter.end.as_deref(), today)?.unwrap_or(today);
        let wanted = |name: &str| filter.category.as_deref().is_none_or(|wanted| wanted == name);
        let mut rows = Vec::new();
        for period in filter.split.periods(from, to, today) {
            for category in CATEGORIES.iter().filter(|category| wanted(category.name)) {
                let tally = self.used(account, period, category.items, filter.subaccounts);
                rows.push(self.usage_json(account, category, period, tally));
            }
        }
        Ok(rows)
    }

    fn used(&self, account: &str, (first, last): (Date, Date), items: &[Item], subaccounts: bool) -> Tally {
        let counts = |owner: &str| {
            owner == account || subaccounts && self.accounts.get(owner).is_some_and(|it| it.owner == account)
        };
        let entries = self.ledger.0.iter().filter(|((day, owner, item), _)| {
            (first..=last).contains(day) && items.contains(item) && counts(owner)
        });
        let mut sum = Tally::default();
        entries.for_each(|(_, tally)| sum.add(*tally));
        sum
    }

    fn usage_json(
        &self,
        account: &str,
        category: &Category,
        (first, last): (Date, Date),
        tally: Tally,
    ) -> Value {
        let price = tally.price.to_string();
        let in_money = category.usage_unit == "usd";
        let number: f64 = price.parse().unwrap_or_default();
        let records = format!("{}/Usage/Records", root(account));
        let of = |part: &str| format!("{records}/{part}.json?Category={}", category.name);
        let query = format!("Category={}&StartDate={first}&EndDate={last}", category.name);
        json!({
            "account_sid": account,
            "api_version": "2010-04-01",
            "as_of": iso8601(self.now),
            "category": category.name,
            "description": category.description,
            "start_date": first.to_string(),
            "end_date": last.to_string(),
            "count": if in_money { String::new() } else { tally.count.to_string() },
            "count_unit": category.count_unit,
            "usage": if in_money { price } else { tally.used.to_string() },
            "usage_unit": category.usage_unit,
            "price": number,
            "price_unit": "usd",
            "uri": format!("{records}.json?{query}"),
            "subresource_uris": {
                "all_time": of("AllTime"),
                "daily": of("Daily"),
                "last_month": of("LastMonth"),
                "monthly": of("Monthly"),
                "this_month": of("ThisMonth"),
                "today": of("Today"),
                "yearly": of("Yearly"),
                "yesterday": of("Yesterday"),
            },
        })
    }

    pub(crate) fn balance_view(&self, account: &str) -> Value {
        let ever = (Date::MIN, Date::MAX);
        let spent = self.used(account, ever, &EVERYTHING, true).price;
        json!({
            "account_sid": account,
            "balance": Price(BALANCE_AT_START.0.saturating_sub(spent.0)).to_string(),
            "currency": "USD",
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn periods_are_cut_at_the_ends() {
        let (from, to) = (date(2025, 11, 20), date(2026, 1, 5));
        let months = UsageSplit::Monthly.periods(from, to, to);
        assert_eq!(
            months,
            [
                (date(2026, 1, 1), date(2026, 1, 5)),
                (date(2025, 12, 1), date(2025, 12, 31)),
                (date(2025, 11, 20), date(2025, 11, 30)),
            ]
        );
        assert_eq!(UsageSplit::Daily.periods(from, to, to).len(), 47);
        assert_eq!(UsageSplit::Yearly.periods(from, to, to).len(), 2);
        assert_eq!(
            UsageSplit::Daily.periods(Date::MIN, Date::MAX, to).len(),
            PERIODS_MAX
        );
        let last_month = UsageSplit::LastMonth.periods(from, to, to);
        assert_eq!(last_month, [(date(2025, 12, 1), date(2025, 12, 31))]);
    }

    #[test]
    fn dates_may_count_from_today() {
        let today = date(2026, 1, 5);
        assert_eq!(date_of("-30days", today).unwrap(), Some(date(2025, 12, 6)));
        assert_eq!(date_of("2026-01-01", today).unwrap(), Some(date(2026, 1, 1)));
        assert!(date_of("soon", today).is_err());
        assert!(date_of("999999999999days", today).is_err());
        assert!(date_of("2000000000days", today).is_err());
    }

    fn date_of(text: &str, today: Date) -> Result<Option<Date>, ApiError> {
        super::date("StartDate", Some(text), today)
    }
}
