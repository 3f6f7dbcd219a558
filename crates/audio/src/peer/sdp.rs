//! The few things about a session description that str0m leaves to us.

use str0m::media::Mid;

/// The name of the first audio section. str0m tells it only once media flows.
pub(super) fn audio_mid(sdp: &str) -> Option<Mid> {
    sdp.lines()
        .skip_while(|line| !line.starts_with("m=audio "))
        .find_map(|line| line.strip_prefix("a=mid:"))
        .map(|mid| Mid::from(mid.trim()))
}

/// Says that our one candidate is all there will be, so that the remote need not wait for more (RFC 8838).
pub(super) fn with_end_of_candidates(sdp: &str) -> String {
    rewrite(sdp, |line, out| {
        out.push(line.to_owned());
        if line.starts_with("a=candidate:") {
            out.push("a=end-of-candidates".to_owned());
        }
    })
}

/// Lists an answer's payload types in the offer's order (RFC 3264, section 6.1), for remotes that send
/// whatever the answer names first.
pub(super) fn in_order_of(offer: &str, answer: &str) -> String {
    let preferred: Vec<u8> = payload_types(offer).collect();
    let mut formats: Vec<u8> = payload_types(answer).collect();
    formats.sort_by_key(|format| preferred.iter().position(|known| known == format));
    rewrite(answer, |line, out| {
        if !line.starts_with("m=audio ") {
            return out.push(line.to_owned());
        }
        let head = line.split(' ').take(3).map(str::to_owned);
        let fields: Vec<String> = head.chain(formats.iter().map(u8::to_string)).collect();
        out.push(fields.join(" "));
    })
}

/// Payload types of the first audio section in the order of its `m=` line, which is the order of preference
/// (the order of `a=rtpmap` lines means nothing).
pub(super) fn payload_types(sdp: &str) -> impl Iterator<Item = u8> {
    let audio = sdp.lines().find(|line| line.starts_with("m=audio "));
    audio
        .into_iter()
        .flat_map(|line| line.split_whitespace().skip(3))
        .filter_map(|format| format.parse().ok())
}

fn rewrite(sdp: &str, mut each: impl FnMut(&str, &mut Vec<String>)) -> String {
    let mut lines = Vec::new();
    for line in sdp.lines() {
        each(line, &mut lines);
    }
    // Every line ends in CRLF, the last one too (RFC 8866, section 5).
    lines.push(String::new());
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_follows_the_offers_order() {
        let offer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 111 63 126\r\na=mid:x\r\n";
        let answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0 126\r\na=mid:x\r\n";
        assert_eq!(
            in_order_of(offer, answer),
            "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 111 126\r\na=mid:x\r\n"
        );
        assert_eq!(audio_mid(offer), Some(Mid::from("x")));
    }

    #[test]
    fn candidates_are_declared_complete() {
        let sdp = with_end_of_candidates("a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=mid:0\r\n");
        assert_eq!(
            sdp,
            "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=end-of-candidates\r\na=mid:0\r\n"
        );
    }
}
