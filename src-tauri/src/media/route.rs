//! Which of this machine's addresses a call goes out from.

use std::{io, net::IpAddr};

use tokio::net::UdpSocket;

/// An address of the documentation range (RFC 5737): routed like any other of the internet, owned by nobody.
const ANYWHERE: &str = "192.0.2.1:9";
/// Any port serves for asking the way.
const PORT: u16 = 9;

/// The address of the interface that leads to the signalling's `host:port`, or to the internet if that is none.
/// A machine without a network has loopback. No packet is sent.
pub(super) async fn local_ip(signalling_host: Option<&str>) -> io::Result<IpAddr> {
    let target = signalling_host.map_or_else(|| ANYWHERE.to_owned(), with_port);
    match way_to(&target).await {
        Ok(ip) => Ok(ip),
        Err(_) => way_to("127.0.0.1:9").await,
    }
}

async fn way_to(target: &str) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    socket.connect(target).await?;
    Ok(socket.local_addr()?.ip())
}

fn with_port(host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { host.to_owned() } else { format!("{host}:{PORT}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stand_in_on_this_machine_is_reached_over_loopback() {
        for host in ["127.0.0.1:8080", "127.0.0.1", "localhost:8080"] {
            assert!(local_ip(Some(host)).await.unwrap().is_loopback(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_host_that_cannot_be_found_still_gives_an_address() {
        assert!(local_ip(Some("nowhere.invalid:443")).await.is_ok());
    }
}
