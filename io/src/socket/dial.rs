//! How a connection's bytes come about: TCP and TLS, or whatever a test puts in their place.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_ok;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::MaybeTlsStream;

use crate::address::{Address, Scheme};

/// So many of a name's addresses are tried.
const ADDRESSES_MAX: usize = 6;

/// Each further address is tried so much later than the one before (RFC 8305): where IPv6 leads nowhere, IPv4 must
/// have its turn within one connection's time.
const STAGGER: Duration = Duration::from_millis(250);

/// Makes the stream that a WebSocket is spoken over.
pub trait Dial: Send + Sync + 'static {
    /// Bytes in both directions.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Connects to `address`. Whoever calls this limits its time by dropping it.
    fn dial(&self, address: &Address) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// The network: TCP, with TLS for `wss`.
#[derive(Clone)]
pub struct Network {
    tls: TlsConnector,
}

impl Network {
    /// A network that trusts whom the operating system trusts, or `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set.
    ///
    /// A root that cannot be read is left out: one damaged file must not keep a host of another root away. Where
    /// there is none at all, each `wss` connection fails and says so.
    pub fn new() -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (_, unusable) = roots.add_parsable_certificates(found.certs);
        if unusable > 0 || !found.errors.is_empty() {
            let unusable = unusable + found.errors.len();
            tracing::debug!(unusable, "root certificates left out");
        }
        Self::trusting(roots)
    }

    /// A network that trusts these roots and no other.
    pub fn trusting(roots: RootCertStore) -> Self {
        // The provider is named here: no global is set, so that an embedding program may have its own.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows both TLS versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)) }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl Dial for Network {
    type Stream = MaybeTlsStream<TcpStream>;

    async fn dial(&self, address: &Address) -> io::Result<Self::Stream> {
        let tcp = connect(address.host(), address.port()).await?;
        tcp.set_nodelay(true)?;
        match address.scheme() {
            Scheme::Ws => Ok(MaybeTlsStream::Plain(tcp)),
            Scheme::Wss => {
                let name = ServerName::try_from(address.host().to_owned()).map_err(io::Error::other)?;
                let tls = self.tls.connect(name, tcp).await.map_err(|error| named("TLS", &error))?;
                Ok(MaybeTlsStream::Rustls(tls))
            }
        }
    }
}

async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|error| named("DNS", &error))?;
    let (v6, v4): (Vec<SocketAddr>, Vec<SocketAddr>) = found.partition(SocketAddr::is_ipv6);
    let attempts = interleaved(v6, v4).into_iter().take(ADDRESSES_MAX).zip(0..).map(|(address, index)| {
        Box::pin(async move {
            tokio::time::sleep(STAGGER * index).await;
            TcpStream::connect(address).await.map_err(|error| named(&address.to_string(), &error))
        })
    });
    let attempts: Vec<_> = attempts.collect();
    if attempts.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("DNS: {host} has no address")));
    }
    // What has not won when one succeeds is dropped, and closed with that.
    select_ok(attempts).await.map(|(stream, _)| stream)
}

/// Both families by turns, IPv6 first.
fn interleaved(v6: Vec<SocketAddr>, v4: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(v6.next());
        all.extend(v4.next());
        if all.len() == before {
            return all;
        }
    }
}

/// The same error, saying at what it happened.
fn named(at: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{at}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_have_their_turn() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let all = interleaved(addresses(&["[::1]:1", "[::1]:2"]), addresses(&["1.1.1.1:1"]));
        assert_eq!(all, addresses(&["[::1]:1", "1.1.1.1:1", "[::1]:2"]));
        assert_eq!(interleaved(Vec::new(), addresses(&["1.1.1.1:1"])), addresses(&["1.1.1.1:1"]));
        assert!(interleaved(Vec::new(), Vec::new()).is_empty());
    }
}
