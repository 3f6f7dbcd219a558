//! Which of this machine's addresses a call goes out from.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use tokio::net::UdpSocket;

/// An address of the documentation range (RFC 5737): routed like any other of the internet, owned by nobody.
const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

/// The address of the interface that leads to the stand-in for Twilio, or to the internet if there is none.
/// A machine without a network has loopback. No packet is sent.
pub(super) async fn local_ip(stand_in: Option<SocketAddr>) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    match socket.connect(stand_in.unwrap_or(ANYWHERE)).await {
        Ok(()) => Ok(socket.local_addr()?.ip()),
        Err(_) => Ok(Ipv4Addr::LOCALHOST.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stand_in_on_this_machine_is_reached_over_loopback() {
        let stand_in = SocketAddr::from((Ipv4Addr::LOCALHOST, 8_080));
        assert!(local_ip(Some(stand_in)).await.unwrap().is_loopback());
    }

    #[tokio::test]
    async fn there_is_always_an_address() {
        assert!(!local_ip(None).await.unwrap().is_unspecified());
    }
}
