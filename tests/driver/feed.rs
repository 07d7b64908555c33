//! The server: so many events, and for each connection what goes wrong with it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use super::BEGIN;
use crate::socket::wire::Server;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It is refused with this status.
    Refused(u16),
    /// It ends after so many frames, with a close frame or without.
    Cut { frames: usize, says_so: bool },
    /// Nothing more comes after so many frames, and no ping is answered.
    Silent { frames: usize },
    /// All events are sent, and whatever is asked is answered, for ever.
    Well,
}

/// The server's time of an event: an hour ago and on, a millisecond apart.
fn time(index: usize) -> u64 {
    BEGIN.as_micros() - 3_600_000_000 + 1_000 * index as u64
}

fn frame(index: usize) -> Message {
    let time = time(index);
    Message::text(format!(
        r#"{{"did":"did:plc:a","time_us":{time},"kind":"commit","commit":{{"rev":"3k{index:011}","operation":"delete","collection":"app.bsky.feed.like","rkey":"{index}"}}}}"#
    ))
}

/// The names that the events are stored under.
pub(super) fn names(events: usize) -> Vec<String> {
    (0..events)
        .map(|index| format!("commit 3k{index:011} did:plc:a app.bsky.feed.like {index} delete"))
        .collect()
}

/// Serves `events` to one connection after the other; when there is no fate left for one, all is well.
pub(super) async fn serve(mut server: Server, events: usize, fates: Vec<Fate>) {
    for fate in fates.into_iter().chain(std::iter::repeat(Fate::Well)) {
        match fate {
            Fate::Refused(status) => {
                let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
                server.answer(answer.as_bytes()).await;
            }
            Fate::Cut { frames, says_so } => {
                let (mut web_socket, asked) = server.web_socket().await;
                for index in wanted(&asked, events).take(frames) {
                    let _ = web_socket.send(frame(index)).await;
                }
                if says_so {
                    let _ = web_socket.close(None).await;
                }
            }
            Fate::Silent { frames } => {
                let (mut web_socket, asked) = server.web_socket().await;
                for index in wanted(&asked, events).take(frames) {
                    let _ = web_socket.send(frame(index)).await;
                }
                // It stays open while the next one comes.
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                    drop(web_socket);
                });
            }
            Fate::Well => {
                let (mut web_socket, asked) = server.web_socket().await;
                for index in wanted(&asked, events) {
                    let _ = web_socket.send(frame(index)).await;
                }
                while let Some(Ok(_)) = web_socket.next().await {}
            }
        }
    }
}

/// The events at and after the cursor.
fn wanted(asked: &str, events: usize) -> impl Iterator<Item = usize> + use<> {
    let cursor = asked.split_once("cursor=").map(|(_, rest)| rest.split('&').next().unwrap());
    let cursor: u64 = cursor.expect("all of these runs ask for a place").parse().expect("a number");
    (0..events).filter(move |index| time(*index) >= cursor)
}
