//! What ringing sounds like from country to country: the tones of ITU-T E.180, supplement 2.

use super::tone;

/// Two frequencies in hertz (the second may be 0), and how long it sounds and is silent in turns, in ms.
struct Ringing(&'static str, &'static [&'static str], [f32; 2], &'static [usize]);

/// By name of `ringTone`, with the calling codes of the country.
static BY_COUNTRY: [Ringing; 41] = [
    Ringing("us", &["1"], [440.0, 480.0], &[2_000, 4_000]),
    Ringing("us-old", &[], [420.0, 40.0], &[2_000, 4_000]),
    Ringing("at", &["43"], [420.0, 0.0], &[1_000, 5_000]),
    Ringing("au", &["61"], [400.0, 450.0], &[400, 200, 400, 2_000]),
    Ringing("be", &["32"], [425.0, 0.0], &[1_000, 3_000]),
    Ringing("bg", &["359"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("br", &["55"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("ch", &["41"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("cl", &["56"], [400.0, 0.0], &[1_000, 3_000]),
    Ringing("cn", &["86"], [450.0, 0.0], &[1_000, 4_000]),
    Ringing("cz", &["420"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("de", &["49"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("dk", &["45"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("ee", &["372"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("es", &["34"], [425.0, 0.0], &[1_500, 3_000]),
    Ringing("fi", &["358"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("fr", &["33"], [440.0, 0.0], &[1_500, 3_500]),
    Ringing("gr", &["30"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("hu", &["36"], [425.0, 0.0], &[1_250, 3_750]),
    Ringing("il", &["972"], [400.0, 0.0], &[1_000, 3_000]),
    Ringing("in", &["91"], [400.0, 25.0], &[400, 200, 400, 2_000]),
    Ringing("it", &["39"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("jp", &["81"], [400.0, 16.0], &[1_000, 2_000]),
    Ringing("kr", &["82"], [440.0, 480.0], &[1_000, 2_000]),
    Ringing("lt", &["370"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("mx", &["52"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("my", &["60"], [425.0, 0.0], &[400, 200, 400, 2_000]),
    Ringing("nl", &["31"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("no", &["47"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("nz", &["64"], [400.0, 450.0], &[400, 200, 400, 2_000]),
    Ringing("ph", &["63"], [425.0, 480.0], &[1_000, 4_000]),
    Ringing("pl", &["48"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("pt", &["351"], [425.0, 0.0], &[1_000, 5_000]),
    Ringing("ru", &["7"], [425.0, 0.0], &[800, 3_200]),
    Ringing("se", &["46"], [425.0, 0.0], &[1_000, 5_000]),
    Ringing("sg", &["65"], [425.0, 24.0], &[400, 200, 400, 2_000]),
    Ringing("th", &["66"], [400.0, 0.0], &[1_000, 4_000]),
    Ringing("tw", &["886"], [440.0, 480.0], &[1_000, 2_000]),
    Ringing("uk", &["44"], [400.0, 450.0], &[400, 200, 400, 2_000]),
    Ringing("ve", &["58"], [425.0, 0.0], &[1_000, 4_000]),
    Ringing("za", &["27"], [400.0, 33.0], &[400, 200, 400, 2_000]),
];

/// One round of ringing: as `ringTone` names it, or else as in the country of `number`; the United States
/// are where nobody knows.
pub(super) fn of(ring_tone: Option<&str>, number: &str) -> Vec<i16> {
    let named = ring_tone.and_then(|name| BY_COUNTRY.iter().find(|ringing| ringing.0 == name));
    let digits = number.strip_prefix('+').unwrap_or_default();
    let there = || {
        BY_COUNTRY
            .iter()
            .find(|ringing| ringing.1.iter().any(|code| digits.starts_with(code)))
    };
    let Ringing(_, _, [low_hz, high_hz], turns) = named.or_else(there).unwrap_or(&BY_COUNTRY[0]);
    let notes = |hertz: f32| -> Vec<(f32, usize)> {
        let on_and_off = turns.chunks(2);
        on_and_off
            .flat_map(|turn| [(hertz, turn[0]), (0.0, turn.get(1).copied().unwrap_or_default())])
            .collect()
    };
    let (low, high) = (tone(&notes(*low_hz)), tone(&notes(*high_hz)));
    low.iter()
        .zip(&high)
        .map(|(low, high)| low / 2 + high / 2)
        .collect()
}

#[cfg(test)]
mod tests {
    use audio::tone;

    use super::*;

    #[test]
    fn it_rings_as_it_does_in_the_country_that_is_called() {
        let (german, american) = (of(None, "+4930901820"), of(None, "+13125550100"));
        assert_eq!((german.len(), american.len()), (5 * 8_000, 6 * 8_000));
        assert!(tone::share(&german[..8_000], 8_000, 425.0) > 0.95);
        assert!(tone::rms(&german[8_000..]) < 1.0);
        assert!(tone::share(&american[..8_000], 8_000, 480.0) > 0.4);
        assert_eq!(of(Some("de"), "+13125550100"), german);
        assert_eq!(of(None, "client:ada"), american);
    }
}
