//! Signs of life, in both directions.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use highwater_core::Input;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::frames::{identity, times};
use super::wire::{Client, wire};

const V1: &str = "ws://feed.example/subscribe";

#[tokio::test(start_paused = true)]
async fn a_server_that_pings_is_answered_and_heard() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    web_socket.send(Message::Ping("are you there".into())).await.unwrap();
    assert!(matches!(client.input().await, Input::Heard { pong: false, .. }));
    assert_eq!(web_socket.next().await.unwrap().unwrap(), Message::Pong("are you there".into()));
}

#[tokio::test(start_paused = true)]
async fn only_the_answer_to_the_newest_ping_is_a_pong() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (epoch, mut web_socket) = client.connect(&mut server).await;
    let pong = async |client: &mut Client| match client.input().await {
        Input::Heard { pong, .. } => pong,
        other => panic!("{other:?}"),
    };
    web_socket.send(Message::Pong(Vec::new().into())).await.unwrap();
    assert!(!pong(&mut client).await, "nobody asked");
    client.sockets.ping(epoch);
    let Some(Ok(Message::Ping(first))) = web_socket.next().await else { panic!("no ping") };
    client.sockets.ping(epoch);
    let Some(Ok(Message::Ping(second))) = web_socket.next().await else { panic!("no ping") };
    web_socket.send(Message::Pong(first)).await.unwrap();
    assert!(!pong(&mut client).await, "an old answer");
    web_socket.feed(Message::text(identity(1))).await.unwrap();
    web_socket.send(Message::Pong(second)).await.unwrap();
    assert!(pong(&mut client).await);
    assert_eq!(times(client.input().await), [1]);
}

#[tokio::test(start_paused = true)]
async fn any_byte_is_a_sign_of_life_long_before_it_makes_a_frame() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (_, mut web_socket) = client.connect(&mut server).await;
    let text = identity(7);
    let mut bytes = vec![0x81, 126];
    bytes.extend((text.len() as u16).to_be_bytes());
    bytes.extend(text.bytes());
    for (index, byte) in bytes.iter().enumerate() {
        web_socket.get_mut().write_all(&[*byte]).await.unwrap();
        let input = client.input().await;
        if index + 1 < bytes.len() {
            assert!(matches!(input, Input::Heard { pong: false, .. }), "{index}: {input:?}");
        } else {
            assert_eq!(times(input), [7]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_connection_sends_its_own_pings_and_answers_none() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let (epoch, mut web_socket) = client.connect(&mut server).await;
    client.sockets.pause(epoch, true);
    tokio::time::sleep(Duration::from_millis(1)).await;
    web_socket.send(Message::Ping("are you there".into())).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(web_socket.next().now_or_never().is_none());
    client.sockets.ping(epoch);
    assert!(matches!(web_socket.next().await, Some(Ok(Message::Ping(_)))));
    client.sockets.pause(epoch, false);
    assert!(matches!(client.input().await, Input::Heard { .. }));
    assert_eq!(web_socket.next().await.unwrap().unwrap(), Message::Pong("are you there".into()));
}
