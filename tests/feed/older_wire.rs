//! The older wire: cursors are times, and they include.

use super::client::{Client, config, start};

#[tokio::test]
async fn all_comes_in_order_and_a_cursor_includes_its_event() {
    let address = start(config(3_000)).await;
    let mut client = Client::connect(address, "/subscribe?cursor=0").await.expect("accepted");
    let mut times = Vec::new();
    for _ in 0..3_000 {
        times.push(client.event().await["time_us"].as_u64().expect("a time"));
    }
    assert!(times.is_sorted_by(|a, b| a < b));

    let again = format!("/subscribe?cursor={}", times[1_500]);
    let mut client = Client::connect(address, &again).await.expect("accepted");
    assert_eq!(client.event().await["time_us"], times[1_500]);
    assert_eq!(client.event().await["time_us"], times[1_501]);
}

#[tokio::test]
async fn a_cursor_that_is_no_number_is_refused_in_plain_words() {
    let address = start(config(1)).await;
    let refused = Client::connect(address, "/subscribe?cursor=abc").await.err();
    assert_eq!(refused, Some((400, "invalid cursor: abc".to_owned())));
}
