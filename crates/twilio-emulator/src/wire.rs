//! Connections that break on order, so that a client meets what a bad network does to it.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Nothing is to break.
const WHOLE: u64 = u64::MAX;

/// Breaks one connection after so many more bytes towards the client.
#[derive(Clone, Debug)]
pub(crate) struct Fuse(Arc<AtomicU64>);

impl Fuse {
    /// Lets `bytes` more through, then the connection is over: reset if it is none at all, closed otherwise.
    pub(crate) fn burn_after(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Release);
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// A listener whose connections have a [`Fuse`].
#[derive(Debug)]
pub(crate) struct FusedListener {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl FusedListener {
    /// Has so many connections at once; more wait until one of them ends.
    pub(crate) fn new(listener: TcpListener, connections_max: usize) -> Self {
        Self {
            listener,
            room: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
        }
    }
}

impl Listener for FusedListener {
    type Io = FusedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FusedStream, SocketAddr) {
        let place = self.room.clone().acquire_owned().await.ok();
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        // Replies are small; waiting to fill packets would only make them late.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let fuse = Fuse(Arc::new(AtomicU64::new(WHOLE)));
        let connection = FusedStream {
            stream,
            fuse,
            resets: true,
            _place: place,
        };
        (connection, addr)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, FusedListener>> for Fuse {
    fn connect_info(stream: IncomingStream<'_, FusedListener>) -> Self {
        stream.io().fuse.clone()
    }
}

/// A connection with a [`Fuse`].
#[derive(Debug)]
pub(crate) struct FusedStream {
    stream: TcpStream,
    fuse: Fuse,
    /// Nothing of a reply has been written since the fuse was lit.
    resets: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl FusedStream {
    pub(crate) fn fuse(&self) -> Fuse {
        self.fuse.clone()
    }

    fn write_rest(&mut self, context: &mut Context<'_>, bytes: &[u8], left: u64) -> Poll<io::Result<usize>> {
        if left == 0 {
            if self.resets {
                self.stream.set_zero_linger()?;
            }
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..most]);
        if let Poll::Ready(Ok(written)) = written {
            self.resets = false;
            self.fuse.burn_after(left - written as u64);
        }
        written
    }
}

impl AsyncRead for FusedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for FusedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.fuse.left() {
            WHOLE => Pin::new(&mut self.stream).poll_write(context, bytes),
            left => self.write_rest(context, bytes, left),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.fuse.left() {
            WHOLE => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
            left => {
                let first = slices
                    .iter()
                    .find(|slice| !slice.is_empty())
                    .map_or(&[][..], |s| s);
                self.write_rest(context, first, left)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
