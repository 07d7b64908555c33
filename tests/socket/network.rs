//! The network itself, on loopback and in real time: hosts that are not there, and certificates nobody vouches for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use highwater::address::Address;
use highwater::socket::{Compression, Dial, Network, Sockets, Upstream};
use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::dialect::Subscription;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::effect::OpenOptions;
use highwater_core::number::Epoch;
use highwater_core::scope::SourceId;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_tungstenite::tungstenite::Message;

use super::frames::identity;

// Made for these tests, and trusted by nobody else:
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out certificate.pem
//   -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1
const CERTIFICATE: &[u8] = include_bytes!("testdata/certificate.pem");
const KEY: &[u8] = include_bytes!("testdata/key.pem");

const PATIENCE: Duration = Duration::from_secs(20);

/// What comes of connecting to `url` on this network: the first inputs, up to an end or an event.
async fn outcome(network: Network, url: &str) -> (Vec<Input<Jetstream>>, String) {
    let address = Address::parse(url, None).unwrap();
    let upstream = Upstream::new(address, Arc::new(Subscription::default()), Compression::Off);
    let mut sockets = Sockets::new(network, vec![upstream]);
    let options = OpenOptions { compress: false, message_bytes_max: None };
    sockets.open(Epoch(1), SourceId(0), Place::Tip, options);
    let mut inputs = Vec::new();
    loop {
        let news = std::future::poll_fn(|cx| sockets.poll_news(cx));
        let news = tokio::time::timeout(PATIENCE, news).await.expect("there is news").expect("no panic");
        let is_last = !matches!(news.input, Input::Opened { .. });
        inputs.push(news.input);
        if is_last {
            return (inputs, news.why.unwrap_or_default());
        }
    }
}

/// Says one event to whoever connects over TLS.
async fn serve_tls() -> SocketAddr {
    let certificates = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let Ok(mut web_socket) = tokio_tungstenite::accept_async(stream).await else { continue };
            let _ = web_socket.send(Message::text(identity(1))).await;
            std::future::pending::<()>().await;
        }
    });
    address
}

fn refused(outcome: (Vec<Input<Jetstream>>, String)) -> String {
    let (inputs, why) = outcome;
    let retry = Closure::Retry { after: None };
    assert!(matches!(inputs[..], [Input::Closed { closure, .. }] if closure == retry), "{inputs:?}");
    why
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let why = refused(outcome(Network::new(), &format!("ws://{address}")).await);
    assert!(why.starts_with(&format!("cannot connect: {address}: ")), "{why}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let address = serve_tls().await;
    let why = refused(outcome(Network::new(), &format!("wss://{address}")).await);
    assert!(why.starts_with("cannot connect: TLS: invalid peer certificate: "), "{why}");
}

#[tokio::test]
async fn a_certificate_that_is_trusted_opens_the_way() {
    let address = serve_tls().await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap()).unwrap();
    let network = Network::trusting(roots);
    let (inputs, why) = outcome(network.clone(), &format!("wss://localhost:{}", address.port())).await;
    assert!(matches!(inputs[..], [Input::Opened { .. }, Input::Received { .. }]), "{inputs:?} {why}");

    let renamed = outcome(network, &format!("wss://127.0.0.2:{}", address.port())).await;
    assert!(!refused(renamed).is_empty(), "it vouches for another host");
}

#[tokio::test]
async fn tls_and_plain_do_not_meet() {
    let address = serve_tls().await;
    let why = refused(outcome(Network::new(), &format!("ws://{address}")).await);
    assert!(why.starts_with("no answer to the request: "), "{why}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = tokio_tungstenite::accept_async(stream).await;
        }
    });
    let why = refused(outcome(Network::new(), &format!("wss://{address}")).await);
    assert!(why.starts_with("cannot connect: TLS: "), "{why}");
}

#[tokio::test]
async fn a_name_stands_for_all_of_its_addresses() {
    // On many machines `localhost` is ::1 first, and nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = Address::parse(&format!("ws://localhost:{port}"), None).unwrap();
    let dialled = tokio::time::timeout(PATIENCE, Network::new().dial(&address)).await.unwrap();
    assert!(dialled.is_ok(), "{:?}", dialled.err());
}
