//! SIGINT and SIGTERM: the first asks for an end, the second is one.

use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tracing::info;

use crate::exit::Exit;

/// `timeout` and some shells tell both the process and its group: what comes so soon is the same signal again.
const ECHO: Duration = Duration::from_millis(100);

/// Begins to listen; what is returned is ready once an end is asked for.
///
/// The second signal ends the process there and then. That is safe at any moment: what is durable is what counts.
pub(crate) fn listen() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::new()?;
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        let first = Instant::now();
        info!("stopping; a second signal ends at once");
        // Whoever no longer waits has ended by itself.
        let _ = tell.send(());
        let mut second = signals.next().await;
        while first.elapsed() < ECHO {
            second = signals.next().await;
        }
        std::process::exit(i32::from(second as u8));
    });
    Ok(async {
        // Without its sender there will be no signal either: the runtime is at its end.
        if told.await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The exit code of the signal that comes next.
    async fn next(&mut self) -> Exit {
        match select(pin!(self.interrupt.recv()), pin!(self.terminate.recv())).await {
            Either::Left(_) => Exit::Interrupted,
            Either::Right(_) => Exit::Terminated,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }
}
