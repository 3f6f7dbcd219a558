//! What digits a number to buy is to have, as `Contains` says it.

/// Characters of a pattern.
const CHARACTERS: std::ops::RangeInclusive<usize> = 2..=16;

/// Digits, with `*` for any one of them and `%` for any row of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As on a keypad.
    keys: Vec<u8>,
    /// The number begins like this.
    from_start: bool,
    /// The number ends like this.
    to_end: bool,
}

impl Pattern {
    /// Letters stand for the digits that they share a key with. Wildcards are at the ends only, with two other
    /// characters at least between them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !CHARACTERS.contains(&text.len()) {
            return None;
        }
        let (from_start, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let (to_end, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
        let middle = rest.trim_matches(['*', '%']);
        let plain = middle.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let enough = middle.len() >= 2 || (middle.len() == rest.len() && !middle.is_empty());
        (plain && enough).then(|| Self {
            keys: rest.bytes().map(key).collect(),
            from_start,
            to_end,
        })
    }

    /// Whether a number in E.164 has it.
    pub(super) fn is_in(&self, number: &str) -> bool {
        let digits = number.trim_start_matches('+').as_bytes();
        let mut starts = 0..=if self.from_start { 0 } else { digits.len() };
        starts.any(|start| self.begins(&self.keys, &digits[start..]))
    }

    fn begins(&self, keys: &[u8], digits: &[u8]) -> bool {
        match (keys, digits) {
            ([], rest) => !self.to_end || rest.is_empty(),
            ([b'%', keys @ ..], _) => (0..=digits.len()).any(|skipped| self.begins(keys, &digits[skipped..])),
            ([key, keys @ ..], [digit, digits @ ..]) => {
                (*key == b'*' || key == digit) && self.begins(keys, digits)
            }
            ([_, ..], []) => false,
        }
    }
}

/// The digit that a letter shares a key with.
fn key(byte: u8) -> u8 {
    const KEYS: &[u8; 26] = b"22233344455566677778889999";
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => KEYS[usize::from(letter - b'a')],
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    const NUMBER: &str = "+14155550172";

    #[test]
    fn patterns_find_digits_letters_and_ends() {
        for there in [
            "415",
            "0172",
            "5550172",
            "**5550",
            "555*",
            "%415%",
            "+1415",
            "+1415%72$",
            "172$",
            "+141555501**",
            "JKLLKPC",
        ] {
            let found = Pattern::parse(there).map(|pattern| pattern.is_in(NUMBER));
            let expected = !matches!(there, "JKLLKPC" | "+1415%72$");
            assert_eq!(found.unwrap_or(false), expected, "{there}");
        }
        let not_there = ["999", "+415", "415$", "0172*"];
        for not_there in not_there {
            assert!(!Pattern::parse(not_there).unwrap().is_in(NUMBER), "{not_there}");
        }
        assert_eq!(Pattern::parse("SALES"), Pattern::parse("72537"));
    }

    #[test]
    fn patterns_that_twilio_refuses() {
        for wrong in [
            "",
            "4",
            "41*55",
            "**",
            "%1%",
            "4+15",
            "41$5",
            "415-555",
            "12345678901234567",
            "é1",
        ] {
            assert_eq!(Pattern::parse(wrong), None, "{wrong}");
        }
    }
}
