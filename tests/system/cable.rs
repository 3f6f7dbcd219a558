//! The network between a desktop and its dialer, which can break.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use url::Url;

/// A way to an address that can be cut; new connections work again at once.
pub(crate) struct Cable {
    url: Url,
    cuts: watch::Sender<u32>,
    task: JoinHandle<()>,
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cable {
    pub(crate) async fn lay(to: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let cuts = watch::Sender::new(0);
        let task = tokio::spawn(carry(listener, to.authority().to_owned(), cuts.clone()));
        Self { url, cuts, task }
    }

    /// The near end.
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }

    /// Breaks every connection.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }
}

async fn carry(listener: TcpListener, to: String, cuts: watch::Sender<u32>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let (to, mut cut) = (to.clone(), cuts.subscribe());
        tokio::spawn(async move {
            let Ok(mut far) = TcpStream::connect(to).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = cut.changed() => {}
            }
        });
    }
}
