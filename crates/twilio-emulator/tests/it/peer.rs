//! A web server by hand, for what a well-behaved one does not do.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a connection meets.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// It is closed before anything is read.
    Closes,
    /// The request is read and never answered.
    Silent,
    /// These replies, whole; the last one is repeated.
    Replies(Vec<String>),
}

/// See the module.
pub(crate) struct Peer {
    pub(crate) authority: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), manner)
    }

    /// Begins to take connections only now.
    pub(crate) fn at(listener: TcpListener, manner: Manner) -> Self {
        let peer = Self {
            authority: listener.local_addr().unwrap().to_string(),
            requests: Arc::default(),
        };
        let requests = peer.requests.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, manner.clone(), requests.clone()));
            }
        });
        peer
    }

    /// Head and body of every request; an empty one for a connection that was closed at once.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, requests: Arc<Mutex<Vec<String>>>) {
    let replies = match manner {
        Manner::Closes => return requests.lock().unwrap().push(String::new()),
        Manner::Silent => Vec::new(),
        Manner::Replies(replies) => replies,
    };
    while let Some(request) = read(&mut stream).await {
        let nth = {
            let mut requests = requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        let Some(reply) = replies.get(nth).or(replies.last()) else {
            continue;
        };
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= header(head, "content-length").parse().unwrap_or(0)
        {
            return Some(text);
        }
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        text += std::str::from_utf8(&buffer[..read]).unwrap();
    }
}

/// The value of a header in a request's head; empty if there is none.
pub(crate) fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let head = request.split("\r\n\r\n").next().unwrap_or_default();
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map_or("", |(_, value)| value)
}
