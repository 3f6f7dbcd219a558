//! Which countries the account may call, as `DialingPermissions` shows and changes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Network, not_found};
use crate::rest::ApiError;
use crate::world::longest;

/// Countries with a calling code of their own: ISO 3166, continent, name, codes (E.164).
const COUNTRIES: &str = include_str!("dialing/countries.tsv");
/// Premium and shared-cost services from national numbering plans. Twilio's own list is longer and not published.
const SPECIAL_SERVICES: [(&str, &[&str]); 13] = [
    ("AT", &["+43900", "+43901", "+43930", "+43931"]),
    ("AU", &["+61190"]),
    ("BE", &["+3290"]),
    ("CH", &["+41900", "+41901", "+41906"]),
    ("DE", &["+49137", "+49180", "+49900"]),
    ("ES", &["+34803", "+34806", "+34807", "+34905"]),
    ("FR", &["+3381", "+3382", "+3389"]),
    ("GB", &["+4470", "+4487", "+449"]),
    ("IT", &["+3989"]),
    ("NL", &["+31900", "+31906", "+31909"]),
    ("PL", &["+4870"]),
    ("SE", &["+46900", "+46939", "+46944"]),
    ("US", &["+1900"]),
];
/// Countries in one bulk update.
const UPDATES_MAX: usize = 1_000;

#[derive(Clone, Debug)]
struct Country {
    iso: &'static str,
    continent: &'static str,
    name: &'static str,
    codes: Vec<&'static str>,
}

/// What an account may call.
#[derive(Clone, Debug, Default)]
pub(super) struct DialingPermissions {
    /// By prefix; the longest counts.
    pub(super) geo: BTreeMap<String, bool>,
    /// Countries whose numbers with a risk of toll fraud may be called.
    toll_fraud: BTreeSet<&'static str>,
    /// A subaccount that inherits has those of the main account.
    inherits: bool,
}

impl DialingPermissions {
    pub(super) fn new(geo: BTreeMap<String, bool>) -> Self {
        Self {
            geo,
            toll_fraud: BTreeSet::new(),
            inherits: true,
        }
    }

    fn allow(&self, number: &str, risky: bool) -> bool {
        if risky {
            return country_of(number).is_some_and(|country| self.toll_fraud.contains(country.iso));
        }
        let special = SPECIAL_SERVICES
            .iter()
            .flat_map(|(_, prefixes)| prefixes.iter())
            .find(|prefix| number.starts_with(**prefix));
        match special {
            Some(prefix) => self.geo.get(*prefix).copied().unwrap_or(false),
            None => longest(&self.geo, number).copied().unwrap_or(false),
        }
    }

    fn low_risk(&self, country: &Country) -> bool {
        let open = |code: &&str| longest(&self.geo, code).copied().unwrap_or(false);
        country.codes.iter().all(open)
    }

    fn special(&self, country: &Country) -> bool {
        let prefixes = special_services(country.iso);
        !prefixes.is_empty() && prefixes.iter().all(|prefix| self.allow(prefix, false))
    }

    fn take(&mut self, update: &CountryUpdate, country: &Country) {
        let mut set = |prefixes: &[&str], flag: Option<Flag>| {
            for prefix in prefixes.iter().filter(|_| flag.is_some()) {
                self.geo
                    .insert((*prefix).to_owned(), flag.is_some_and(Flag::is_set));
            }
        };
        set(&country.codes, update.low_risk_numbers_enabled);
        set(
            special_services(country.iso),
            update.high_risk_special_numbers_enabled,
        );
        match update.high_risk_tollfraud_numbers_enabled.map(Flag::is_set) {
            Some(true) => drop(self.toll_fraud.insert(country.iso)),
            Some(false) => drop(self.toll_fraud.remove(country.iso)),
            None => {}
        }
    }
}

/// `GET DialingPermissions/Countries`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct CountryFilter {
    pub(crate) iso: Option<String>,
    pub(crate) continent: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) low_risk: Option<bool>,
    pub(crate) special: Option<bool>,
    pub(crate) toll_fraud: Option<bool>,
}

/// One country of a bulk update; what is absent stays.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CountryUpdate {
    iso_code: String,
    #[serde(default)]
    low_risk_numbers_enabled: Option<Flag>,
    #[serde(default)]
    high_risk_special_numbers_enabled: Option<Flag>,
    #[serde(default)]
    high_risk_tollfraud_numbers_enabled: Option<Flag>,
}

/// Twilio's examples have flags as text.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Flag {
    Plain(bool),
    Text(TextFlag),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TextFlag {
    True,
    False,
}

impl Flag {
    fn is_set(self) -> bool {
        match self {
            Self::Plain(set) => set,
            Self::Text(text) => matches!(text, TextFlag::True),
        }
    }
}

impl Network {
    /// Whether the account's permissions let it call this number.
    pub(super) fn geo_allows(&self, account: &str, number: &str) -> bool {
        let mut risky = self.limits.toll_fraud.iter();
        let risky = risky.any(|prefix| number.starts_with(prefix));
        self.permissions(account).allow(number, risky)
    }

    /// The permissions that count for an account.
    fn permissions(&self, account: &str) -> &DialingPermissions {
        let own = self.dialing.get(account).filter(|own| !own.inherits);
        own.unwrap_or(&self.main_dialing)
    }

    /// An account's own permissions; those of a subaccount begin as what it inherits.
    fn permissions_mut(&mut self, account: &str) -> &mut DialingPermissions {
        if account == self.main_account() {
            return &mut self.main_dialing;
        }
        let inherited = DialingPermissions {
            inherits: true,
            ..self.main_dialing.clone()
        };
        self.dialing.entry(account.to_owned()).or_insert(inherited)
    }

    pub(crate) fn list_countries(&self, account: &str, filter: &CountryFilter) -> Vec<Value> {
        let is = |wanted: Option<&String>, there: &str| wanted.is_none_or(|wanted| wanted == there);
        let flag = |wanted: Option<bool>, there: bool| wanted.is_none_or(|wanted| wanted == there);
        let digits = |code: &str| code.trim_start_matches('+').to_owned();
        let code = filter.code.as_deref().map(digits);
        let permissions = self.permissions(account);
        countries()
            .filter(|country| {
                is(filter.iso.as_ref(), country.iso)
                    && is(filter.continent.as_ref(), country.continent)
                    && code
                        .as_ref()
                        .is_none_or(|code| country.codes.iter().any(|own| digits(own) == *code))
                    && flag(filter.low_risk, permissions.low_risk(country))
                    && flag(filter.special, permissions.special(country))
                    && flag(filter.toll_fraud, permissions.toll_fraud.contains(country.iso))
            })
            .map(|country| self.country_json(account, &country))
            .collect()
    }

    pub(crate) fn country_view(&self, account: &str, iso: &str) -> Result<Value, ApiError> {
        Ok(self.country_json(account, &country(iso)?))
    }

    /// `HighRiskSpecialPrefixes` of a country.
    pub(crate) fn special_prefixes(iso: &str) -> Result<Vec<Value>, ApiError> {
        let prefixes = special_services(country(iso)?.iso).iter();
        Ok(prefixes.map(|prefix| json!({ "prefix": prefix })).collect())
    }

    /// Opens and closes countries; gives how many. What a subaccount changes counts once it does not inherit.
    pub(crate) fn update_countries(
        &mut self,
        account: &str,
        updates: &[CountryUpdate],
    ) -> Result<usize, ApiError> {
        if updates.len() > UPDATES_MAX {
            return Err(ApiError::parameter("More than 1000 countries in one update"));
        }
        let found: Result<Vec<Country>, ApiError> =
            updates.iter().map(|update| country(&update.iso_code)).collect();
        let found = found?;
        let permissions = self.permissions_mut(account);
        for (update, country) in updates.iter().zip(&found) {
            permissions.take(update, country);
        }
        self.log("limits.set", &[]);
        Ok(updates.len())
    }

    /// `Settings`: whether a subaccount has the main account's permissions, after a change if there is one.
    pub(crate) fn dialing_settings(&mut self, account: &str, inherit: Option<bool>) -> Value {
        if let Some(inherit) = inherit {
            self.permissions_mut(account).inherits = inherit;
        }
        let inherits = if account == self.main_account() {
            self.main_dialing.inherits
        } else {
            self.dialing.get(account).is_none_or(|own| own.inherits)
        };
        json!({
            "dialing_permissions_inheritance": inherits,
            "url": format!("{}/v1/Settings", self.origin),
        })
    }

    fn country_json(&self, account: &str, country: &Country) -> Value {
        let url = format!("{}/v1/DialingPermissions/Countries/{}", self.origin, country.iso);
        let permissions = self.permissions(account);
        json!({
            "iso_code": country.iso,
            "name": country.name,
            "continent": country.continent,
            "country_codes": country.codes,
            "low_risk_numbers_enabled": permissions.low_risk(country),
            "high_risk_special_numbers_enabled": permissions.special(country),
            "high_risk_tollfraud_numbers_enabled": permissions.toll_fraud.contains(country.iso),
            "url": url,
            "links": { "highrisk_special_prefixes": format!("{url}/HighRiskSpecialPrefixes") },
        })
    }
}

/// The country with the longest code that a number begins with.
fn country_of(number: &str) -> Option<Country> {
    let code = |country: &Country| {
        let codes = country.codes.iter().filter(|code| number.starts_with(**code));
        codes.map(|code| code.len()).max()
    };
    countries()
        .filter_map(|country| Some((code(&country)?, country)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, country)| country)
}

fn countries() -> impl Iterator<Item = Country> {
    let rows = COUNTRIES.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Country {
            iso: fields.next()?,
            continent: fields.next()?,
            name: fields.next()?,
            codes: fields.next()?.split(' ').collect(),
        })
    })
}

fn country(iso: &str) -> Result<Country, ApiError> {
    countries()
        .find(|country| country.iso == iso)
        .ok_or_else(|| not_found(&format!("/v1/DialingPermissions/Countries/{iso}")))
}

fn special_services(iso: &str) -> &'static [&'static str] {
    let mut all = SPECIAL_SERVICES.iter();
    all.find(|(of, _)| *of == iso)
        .map_or(&[], |(_, prefixes)| prefixes)
}

#[cfg(test)]
mod tests {
    use super::{SPECIAL_SERVICES, countries, special_services};

    #[test]
    fn every_country_has_codes_and_no_two_have_the_same() {
        let mut codes: Vec<&str> = countries().flat_map(|country| country.codes).collect();
        assert!(codes.len() > 220, "{}", codes.len());
        assert!(codes.iter().all(|code| code.starts_with('+')));
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn special_services_belong_to_their_country() {
        for (iso, prefixes) in SPECIAL_SERVICES {
            let country = countries().find(|country| country.iso == iso).unwrap();
            let own = |prefix: &&str| country.codes.iter().any(|code| prefix.starts_with(code));
            assert!(prefixes.iter().all(own), "{iso}");
        }
        assert!(special_services("FI").is_empty());
    }
}
