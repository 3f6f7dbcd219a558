//! When to renew an access token.

use std::time::Duration;

use crate::clock::Moment;

/// Renewed this long before it expires, unless it lives so briefly that a fifth of its life is less.
const MARGIN: Duration = Duration::from_mins(2);

/// When an access token that was asked for at `asked` and lives `lifetime` is to be renewed. The time the
/// answer took counts as lived: the dialer started its clock before we got the token.
#[must_use]
pub(super) fn renew_at(asked: Moment, lifetime: Duration) -> Moment {
    asked.after(lifetime.saturating_sub(MARGIN.min(lifetime / 5)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::renew_at;
    use crate::clock::Moment;

    fn check(lifetime_s: u64, expect_s: u64) {
        let asked = Moment::from_zero(Duration::from_secs(1_000));
        let renew = renew_at(asked, Duration::from_secs(lifetime_s));
        assert_eq!(renew.since(asked), Duration::from_secs(expect_s));
    }

    #[test]
    fn a_token_is_renewed_while_it_is_still_good() {
        check(600, 480);
        check(3_600, 3_480);
        check(10, 8);
        check(0, 0);
    }
}
