//! The encrypted door: the same site behind a certificate of an authority made for this run.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{Span, Timestamp, tz::TimeZone};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use crate::signal::EDGES;
use crate::wire::{Fuse, FusedListener, FusedStream};

type Accepted = (TlsStream<FusedStream>, SocketAddr);

/// Twilio's hosts, for clients that are led here by name.
const NAMES: [&str; 7] = [
    "localhost",
    "api.twilio.com",
    "*.twilio.com",
    "voice-js.roaming.twilio.com",
    "eventgw.twilio.com",
    "eventgw.us1.twilio.com",
    "sdk.twilio.com",
];
/// The longest life that Apple's systems accept of an authority one has installed.
const LIFE_DAYS: i64 = 825;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Handshakes under way at once; more wait in the kernel.
const HANDSHAKES_MAX: usize = 256;
const PEM_COLUMNS: usize = 64;

/// A certificate for this run and the authority that vouches for it.
#[derive(Debug)]
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// What clients have to trust.
    pub(crate) authority_pem: String,
}

impl Identity {
    /// Good for loopback, for `addr` and for Twilio's own host names.
    pub(crate) fn generate(addr: SocketAddr, now: Timestamp) -> Result<Self, rcgen::Error> {
        let params = |names: Vec<String>, common_name: &str| {
            let mut params = CertificateParams::new(names)?;
            params.distinguished_name.push(DnType::CommonName, common_name);
            (params.not_before, params.not_after) = validity(now);
            Ok::<_, rcgen::Error>(params)
        };
        let mut authority = params(Vec::new(), "Phone network in a box")?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
        names.extend(EDGES.map(|(edge, _)| format!("voice-js.{edge}.twilio.com")));
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        if !addr.ip().is_unspecified() && !addr.ip().is_loopback() {
            names.push(addr.ip().to_string());
        }
        let mut leaf = params(names, "localhost")?;
        leaf.use_authority_key_identifier_extension = true;
        leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &issuer)?;
        Ok(Self {
            chain: vec![certificate.der().clone(), authority_certificate.der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            authority_pem: pem(authority_certificate.der()),
        })
    }
}

/// From yesterday, because clocks differ, for [`LIFE_DAYS`].
fn validity(now: Timestamp) -> (time::OffsetDateTime, time::OffsetDateTime) {
    let day = |days: i64| {
        let date = now
            .to_zoned(TimeZone::UTC)
            .date()
            .saturating_add(Span::new().days(days));
        let part = |part: i8| u8::try_from(part).unwrap_or(1);
        rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    (day(-1), day(LIFE_DAYS - 1))
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(PEM_COLUMNS));
        pem += line;
        pem.push('\n');
        rest = more;
    }
    pem + "-----END CERTIFICATE-----\n"
}

/// Gives connections whose handshake is done.
#[derive(Debug)]
pub(crate) struct TlsListener {
    addr: SocketAddr,
    accepted: mpsc::Receiver<Accepted>,
}

impl TlsListener {
    /// Shakes hands on its own task, so that one slow client holds up nobody.
    pub(crate) fn start(listener: FusedListener, identity: Identity) -> anyhow::Result<Self> {
        let addr = listener.local_addr()?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)
            .context("the certificate for this run does not work")?;
        let (sender, accepted) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), sender));
        Ok(Self { addr, accepted })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<FusedStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(connection) => connection,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.addr)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Fuse {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.io().get_ref().0.fuse()
    }
}

/// Ends when nobody takes connections any more.
async fn accept(mut listener: FusedListener, acceptor: TlsAcceptor, sender: mpsc::Sender<Accepted>) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else {
            return;
        };
        let (stream, from) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = sender.closed() => return,
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(sender.send((stream, from)).await),
                Ok(Err(error)) => tracing::debug!(%error, %from, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%from, "a TLS handshake took too long"),
            }
            drop(place);
        });
    }
}
