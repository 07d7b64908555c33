//! A server that says the same to everyone, as fast as it is read: each write is a copy and nothing else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use tokio_tungstenite::tungstenite::accept;

use crate::Result;
use crate::frames::Frames;

/// Where contestants connect to.
#[derive(Debug)]
pub(crate) struct Source {
    address: SocketAddr,
}

impl Source {
    /// Serves `frames` for as long as this process lives.
    pub(crate) fn start(frames: Frames) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let frames = Arc::new(frames);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let frames = Arc::clone(&frames);
                // Whoever leaves has had enough.
                thread::spawn(move || drop(serve(stream, &frames)));
            }
        });
        Ok(Self { address })
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/subscribe", self.address)
    }
}

/// Says everything, then waits until the other side is gone.
fn serve(stream: TcpStream, frames: &Frames) -> Result<()> {
    let mut socket = accept(stream)?;
    let stream = socket.get_mut();
    stream.write_all(&frames.bytes)?;
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored)? > 0 {}
    Ok(())
}
