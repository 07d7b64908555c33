//! What there is to win at the network: the socket alone, the socket and the decoder.

use bytes::Bytes;
use futures_util::StreamExt as _;
use highwater_core::dialect::{Dialect, Subscription};
use tokio_tungstenite::tungstenite::Message;

use crate::Result;
use crate::cost::{Cost, Meter};

/// Reads and forgets.
pub(crate) fn read(url: &str, events: u64) -> Result<Cost> {
    let meter = Meter::start()?;
    each(url, events, |frame| drop(std::hint::black_box(frame)))?;
    meter.stop()
}

/// Reads, decodes and forgets.
pub(crate) fn decode(url: &str, events: u64) -> Result<Cost> {
    let (meter, subscription) = (Meter::start()?, Subscription::default());
    each(url, events, |frame| {
        std::hint::black_box(Dialect::JetstreamV1.decode(&subscription, frame));
    })?;
    meter.stop()
}

/// Calls `take` with each of `events` frames.
pub(crate) fn each(url: &str, events: u64, mut take: impl FnMut(Bytes)) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
        for _ in 0..events {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => take(text.into()),
                other => return Err(format!("not an event: {other:?}").into()),
            }
        }
        Ok(())
    })
}
