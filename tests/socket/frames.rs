//! What is made of frames, and of the ways in which they cease.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use highwater::socket::FRAME_BYTES_MAX;
use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::event::Item;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::wire::{Client, WIRE_BYTES, wire};

const V1: &str = "ws://feed.example/subscribe";
const V2: &str = "ws://feed.example/xrpc/network.bsky.jetstream.subscribeEvents";
const RETRY: Closure = Closure::Retry { after: None };

/// An identity event at this microsecond.
pub(super) fn identity(time: u64) -> String {
    format!(
        r#"{{"did":"did:plc:a","time_us":{time},"kind":"identity","identity":{{"did":"did:plc:a","seq":{time},"time":"2026-05-25T14:23:29.132Z"}}}}"#
    )
}

/// The times of the events in an input, which holds nothing else.
pub(super) fn times(input: Input<Jetstream>) -> Vec<u64> {
    let Input::Received { items, .. } = input else { panic!("nothing received: {input:?}") };
    let time = |item| match item {
        Item::Event(event) => event.time.as_micros(),
        other => panic!("no event: {other:?}"),
    };
    items.into_iter().map(time).collect()
}

#[tokio::test(start_paused = true)]
async fn frames_that_are_there_are_taken_together_and_in_order() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    for time in 1..=100 {
        web_socket.feed(Message::text(identity(time))).await.unwrap();
    }
    web_socket.flush().await.unwrap();
    assert_eq!(times(client.input().await), (1..=100).collect::<Vec<_>>());
    web_socket.send(Message::text(identity(101))).await.unwrap();
    assert_eq!(times(client.input().await), [101]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_does_not_end_the_connection() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    for frame in [Message::text("{"), Message::binary(vec![0xff]), Message::text(identity(1))] {
        web_socket.feed(frame).await.unwrap();
    }
    web_socket.flush().await.unwrap();
    let Input::Received { items, .. } = client.input().await else { panic!("nothing received") };
    assert!(matches!(&items[..], [Item::Malformed(..), Item::Malformed(..), Item::Event(_)]), "{items:?}");
}

#[tokio::test(start_paused = true)]
async fn the_servers_last_word_comes_after_all_before_it() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    web_socket.feed(Message::text(identity(1))).await.unwrap();
    let reason = "server\nshutting down".into();
    web_socket.close(Some(CloseFrame { code: CloseCode::Away, reason })).await.unwrap();
    assert_eq!(times(client.input().await), [1]);
    let (closure, why) = client.closed().await;
    assert_eq!((closure, why.as_str()), (RETRY, "it closed the connection: 1001 server shutting down"));
    assert!(matches!(web_socket.next().await, Some(Ok(Message::Close(_)))), "the close is answered");
}

#[tokio::test(start_paused = true)]
async fn an_error_frame_is_a_last_word_too() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V2);
    let (_, mut web_socket) = client.connect(&mut server).await;
    let error = r#"{"$type":"error","error":"ConsumerTooSlow","message":"lag"}"#;
    web_socket.send(Message::text(error)).await.unwrap();
    assert_eq!(client.closed().await, (RETRY, "ConsumerTooSlow: lag".into()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_end_without_a_word() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    // A frame of 100 bytes that breaks off.
    web_socket.get_mut().write_all(&[0x81, 100, b'{']).await.unwrap();
    drop(web_socket);
    let (closure, why) = client.closed().await;
    assert_eq!((closure, why.as_str()), (RETRY, "the connection was lost: it ended without a close frame"));
}

#[tokio::test(start_paused = true)]
async fn a_frame_beyond_the_limit_is_not_even_begun() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    let mut head = vec![0x81, 127];
    head.extend((FRAME_BYTES_MAX as u64 + 1).to_be_bytes());
    web_socket.get_mut().write_all(&head).await.unwrap();
    assert_eq!(client.closed().await.0, Closure::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn pieces_of_a_message_beyond_the_limit_are_too_large_as_well() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    let stream = web_socket.get_mut();
    let piece = vec![b' '; 8 << 20];
    let send = async {
        for index in 0..5 {
            let mut head = vec![u8::from(index == 0), 127];
            head.extend((piece.len() as u64).to_be_bytes());
            stream.write_all(&head).await?;
            stream.write_all(&piece).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    let hear = async {
        loop {
            match client.input().await {
                Input::Heard { .. } => {}
                Input::Closed { closure, .. } => return closure,
                other => panic!("{other:?}"),
            }
        }
    };
    let (_, closure) = tokio::join!(send, hear);
    assert_eq!(closure, Closure::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_is_asked_for_elsewhere() {
    // A masked frame, reserved bits, an unknown opcode, a text that is not UTF-8.
    for bytes in [&[0x81, 0x80, 0, 0, 0, 0][..], &[0xc1, 0], &[0x83, 0], &[0x81, 1, 0xff]] {
        let (wire, mut server) = wire();
        let mut client = Client::new(wire, V1);
        let (_, mut web_socket) = client.connect(&mut server).await;
        web_socket.get_mut().write_all(bytes).await.unwrap();
        let (closure, why) = client.closed().await;
        assert_eq!(closure, Closure::Elsewhere);
        assert!(why.starts_with("it does not keep to the WebSocket protocol: "), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_connection_reads_nothing_and_goes_on_where_it_was() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (epoch, mut web_socket) = client.connect(&mut server).await;
    client.sockets.pause(epoch, true);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut sent = 0;
    let hour = Duration::from_secs(600);
    while tokio::time::timeout(hour, web_socket.send(Message::text(identity(sent + 1)))).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "it reads although it is paused");
    }
    // What is on the wire is all there is: none of it is in memory.
    assert!(sent as usize * identity(1).len() <= WIRE_BYTES, "{sent} frames were taken");
    assert!(client.news().now_or_never().is_none());
    client.sockets.pause(epoch, false);
    let mut read = Vec::new();
    while (read.len() as u64) < sent {
        read.extend(times(client.input().await));
    }
    assert_eq!(read[..sent as usize], (1..=sent).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_takes_no_news_holds_the_server_back() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    let frame = Message::text(format!("{}{}", identity(1), " ".repeat(30 << 10)));
    let (mut sent, minute) = (0, Duration::from_secs(60));
    while tokio::time::timeout(minute, web_socket.send(frame.clone())).await.is_ok() {
        sent += frame.len();
        assert!(sent < 100 << 20, "it takes whatever comes");
    }
    // Four batches under way and one in hand, each of a turn's bytes and a frame at most.
    assert!(sent < 6 * ((1 << 20) + frame.len()), "{sent} bytes are held");
}

#[tokio::test(start_paused = true)]
async fn a_close_is_said_and_its_answer_awaited_for_a_second() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (epoch, mut web_socket) = client.connect(&mut server).await;
    client.sockets.close(epoch);
    let said = web_socket.next().await;
    assert!(matches!(said, Some(Ok(Message::Close(_)))), "{said:?}");

    // This one never answers: it is half open.
    let (epoch, mut web_socket) = client.connect(&mut server).await;
    let before = tokio::time::Instant::now();
    client.sockets.close(epoch);
    let mut rest = Vec::new();
    web_socket.get_mut().read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest[0], 0x88, "a close frame, and then the end");
    let waited = before.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_millis(1_100)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_close_while_the_server_does_not_read_takes_no_longer() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (epoch, _web_socket) = client.connect(&mut server).await;
    for _ in 0..WIRE_BYTES {
        client.sockets.ping(epoch);
        tokio::task::yield_now().await;
    }
    client.sockets.close(epoch);
    let before = tokio::time::Instant::now();
    client.sockets.finish().await;
    assert!(before.elapsed() < Duration::from_millis(1_100), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn connections_die_with_whoever_made_them_at_any_moment() {
    for polls in 0..40 {
        let (wire, mut server) = wire();
        let mut client = Client::new(wire, V1);
        client.open(Place::Tip);
        let serve = tokio::spawn(async move {
            let (mut web_socket, _) = server.web_socket().await;
            for time in 1.. {
                if web_socket.send(Message::text(identity(time))).await.is_err() {
                    break;
                }
            }
        });
        for _ in 0..polls {
            let _ = client.news().now_or_never();
            tokio::task::yield_now().await;
        }
        drop(client);
        // Panics in the script are those of a connection that broke off before it was one.
        let ended = tokio::time::timeout(Duration::from_secs(5), serve).await;
        assert!(ended.is_ok(), "the server still sends after {polls} polls");
    }
}
