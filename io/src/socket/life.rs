//! The life of one connection, from the dial to the last word; everything it tells carries its epoch.

use std::ops::ControlFlow;
use std::sync::Arc;

use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::number::Epoch;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::decoder::{Decoded, Decoder, too_large};
use super::dial::Dial;
use super::line::{End, Line, Turn};
use super::opening::{Ask, Refused, open};
use super::upstream::Upstream;
use super::wishes::Wishes;

/// What a connection has to tell.
#[derive(Debug)]
pub struct News {
    /// What the machine is told.
    pub input: Input<Jetstream>,
    /// What the operator may want to read of it: why a connection ended or did not begin.
    pub why: Option<String>,
}

/// One connection, and whom it reports to.
pub(super) struct Life {
    pub(super) epoch: Epoch,
    pub(super) upstream: Arc<Upstream>,
    pub(super) wishes: Arc<Wishes>,
    pub(super) news: mpsc::Sender<News>,
}

/// The connection is over; there is nothing more to tell.
struct Over;

impl Life {
    /// Lives it.
    pub(super) async fn live<D: Dial>(self, dial: Arc<D>, ask: Ask) {
        match self.wishes.unless_over(open(&*dial, &self.upstream, ask)).await {
            None => {}
            Some(Err(Refused { closure, why })) => {
                let Over = self.tell_closed(closure, why).await;
            }
            Some(Ok((mut line, decoder))) => {
                let Over = self.follow(&mut line, decoder).await;
                line.hang_up().await;
            }
        }
    }

    async fn follow<S>(&self, line: &mut Line<S>, decoder: Decoder) -> Over
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self.listen(line, decoder).await {
            Err(over) => over,
            Ok((closure, why)) => self.tell_closed(closure, why).await,
        }
    }

    /// Tells whatever comes, and gives what ended the line, unless the driver did.
    async fn listen<S>(&self, line: &mut Line<S>, mut decoder: Decoder) -> Result<(Closure, String), Over>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let epoch = self.epoch;
        self.tell(Input::Opened { epoch }, None).await?;
        let mut likely = 0;
        loop {
            let (mut items, mut last_word) = (Vec::with_capacity(likely), None);
            let turn = line.turn(&self.wishes, |frame| match decoder.decode(frame) {
                Decoded::Item(item) => {
                    items.push(item);
                    ControlFlow::Continue(())
                }
                Decoded::End(closure, why) => {
                    last_word = Some((closure, why));
                    ControlFlow::Break(())
                }
            });
            match turn.await {
                Turn::Over => return Err(Over),
                Turn::Ended(end) => return Ok(self.closure(end)),
                Turn::Heard { pong } => {
                    if pong || (items.is_empty() && last_word.is_none()) {
                        self.tell(Input::Heard { epoch, pong }, None).await?;
                    }
                }
            }
            likely = items.len();
            if !items.is_empty() {
                self.tell(Input::Received { epoch, items }, None).await?;
            }
            if let Some(end) = last_word {
                return Ok(end);
            }
        }
    }

    async fn tell_closed(&self, closure: Closure, why: String) -> Over {
        // The last word: whether it is heard or not, it is over.
        let _ = self.tell(Input::Closed { epoch: self.epoch, closure }, Some(why)).await;
        Over
    }

    /// Waits until there is room for one more piece of news: this is where a fast server is held back.
    async fn tell(&self, input: Input<Jetstream>, why: Option<String>) -> Result<(), Over> {
        match self.wishes.unless_over(self.news.send(News { input, why })).await {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(Over),
        }
    }

    fn closure(&self, end: End) -> (Closure, String) {
        let dialect = self.upstream.address().dialect();
        match end {
            End::Closed(code, reason) => {
                let code_text = code.map_or(String::new(), |code| format!(" {code}"));
                let why =
                    format!("it closed the connection:{code_text} {}", reason.replace(char::is_control, " "));
                (dialect.close_code(code), why.trim_end_matches([' ', ':']).to_owned())
            }
            End::Lost(why) => (dialect.close_code(None), format!("the connection was lost: {why}")),
            End::Broken(why) => {
                (Closure::Elsewhere, format!("it does not keep to the WebSocket protocol: {why}"))
            }
            End::TooLarge => too_large(),
        }
    }
}
