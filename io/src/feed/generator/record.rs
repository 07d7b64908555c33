//! What records, names and standings look like on the wire: the shapes, sizes and escapes of the network's own.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::feed::draw::Draw;
use crate::feed::generator::text;
use crate::feed::tid::tid;

pub(super) const LIKE: &str = "app.bsky.feed.like";
pub(super) const POST: &str = "app.bsky.feed.post";
pub(super) const REPOST: &str = "app.bsky.feed.repost";
pub(super) const FOLLOW: &str = "app.bsky.graph.follow";
pub(super) const BLOCK: &str = "app.bsky.graph.block";
pub(super) const PROFILE: &str = "app.bsky.actor.profile";
pub(super) const THREADGATE: &str = "app.bsky.feed.threadgate";
pub(super) const POSTGATE: &str = "app.bsky.feed.postgate";
/// Not one of the big application's: its keys hold colons and dots.
pub(super) const BROADCAST: &str = "place.stream.broadcast.origin";

/// Whether an account is active, and the word for why not. Most of what is reported is a return.
pub(super) const STANDINGS: [(bool, Option<&str>); 10] = [
    (true, None),
    (true, None),
    (true, None),
    (true, Some("throttled")),
    (false, Some("deactivated")),
    (false, Some("deactivated")),
    (false, Some("deleted")),
    (false, Some("takendown")),
    (false, Some("suspended")),
    (false, Some("desynchronized")),
];

/// Base32 as identifiers of content and of accounts use it.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// An account; a few are known by a name of the web.
pub(super) fn did(draw: &mut Draw) -> String {
    if draw.percent(1) {
        let mut did = "did:web:".to_owned();
        draw.word(BASE32, 9, &mut did);
        did.push_str(".example.com");
        return did;
    }
    let mut did = "did:plc:".to_owned();
    draw.word(BASE32, 24, &mut did);
    did
}

/// A name that an account goes by.
pub(super) fn handle(draw: &mut Draw) -> String {
    let mut handle = String::new();
    draw.word(BASE32, 9, &mut handle);
    handle.push_str(".bsky.social");
    handle
}

/// The hash of a record.
pub(super) fn cid(draw: &mut Draw) -> String {
    let mut cid = "bafyrei".to_owned();
    draw.word(BASE32, 52, &mut cid);
    cid
}

/// The key of a broadcast: not a TID.
pub(super) fn broadcast_rkey(did: &str) -> String {
    format!("{did}::did:web:stream.example.com")
}

/// A time as events of the relay carry it.
pub(super) fn seconds(micros: u64) -> String {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A record's content as JSON, written by its author's program a little before `at`.
pub(super) fn json(collection: &str, author: &str, at: u64, draw: &mut Draw) -> String {
    let created = seconds(at.saturating_sub(draw.between(20_000, 2_000_000)));
    let mut json = format!(r#"{{"$type":"{collection}","createdAt":"{created}","#);
    match collection {
        POST => post(draw, &mut json),
        LIKE | REPOST => subject(at, draw, &mut json),
        PROFILE => profile(draw, &mut json),
        THREADGATE => {
            gate(author, r#""allow":[{"$type":"app.bsky.feed.threadgate#followingRule"}]"#, at, &mut json);
        }
        POSTGATE => gate(author, r#""detachedEmbeddingUris":[],"embeddingRules":[]"#, at, &mut json),
        BROADCAST => broadcast(author, &mut json),
        _ => {
            let _ = write!(json, r#""subject":"{}""#, did(draw));
        }
    }
    json.push('}');
    json
}

fn reference(at: u64, draw: &mut Draw, json: &mut String) {
    let rkey = tid(at.saturating_sub(draw.below(3_600_000_000)), draw.bits());
    let (cid, did) = (cid(draw), did(draw));
    let _ = write!(json, r#"{{"cid":"{cid}","uri":"at://{did}/{POST}/{rkey}"}}"#);
}

fn subject(at: u64, draw: &mut Draw, json: &mut String) {
    json.push_str(r#""subject":"#);
    reference(at, draw, json);
    if draw.percent(8) {
        json.push_str(r#","via":"#);
        reference(at, draw, json);
    }
}

fn post(draw: &mut Draw, json: &mut String) {
    let script = text::script(draw);
    let _ = write!(json, r#""langs":["{}"],"#, script.language);
    let at = 1_750_000_000_000_000 + draw.below(1_000_000_000_000);
    let reply = draw.percent(55);
    if reply {
        json.push_str(r#""reply":{"parent":"#);
        reference(at, draw, json);
        json.push_str(r#","root":"#);
        reference(at, draw, json);
        json.push_str("},");
    }
    if !reply && draw.percent(25) {
        let title = text::text(script, 4, draw);
        let mut thumb = "bafkrei".to_owned();
        draw.word(BASE32, 52, &mut thumb);
        let _ = write!(
            json,
            r#""embed":{{"$type":"app.bsky.embed.external","external":{{"description":"","thumb":{{"$type":"blob","ref":{{"$link":"{thumb}"}},"mimeType":"image/jpeg","size":{}}},"title":"{title}","uri":"https:\/\/example.com\/{}"}}}},"#,
            draw.between(20_000, 900_000),
            draw.bits(),
        );
    }
    let words = draw.between(1, 9) * draw.between(1, 9);
    let _ = write!(json, r#""text":"{}""#, text::text(script, words, draw));
}

fn profile(draw: &mut Draw, json: &mut String) {
    let script = text::script(draw);
    for image in ["avatar", "banner"] {
        let mut link = "bafkrei".to_owned();
        draw.word(BASE32, 52, &mut link);
        let size = draw.between(20_000, 900_000);
        let _ = write!(
            json,
            r#""{image}":{{"$type":"blob","ref":{{"$link":"{link}"}},"mimeType":"image/jpeg","size":{size}}},"#
        );
    }
    let words = draw.between(5, 40);
    let (description, name) = (text::text(script, words, draw), text::text(script, 2, draw));
    let _ = write!(json, r#""description":"{description}","displayName":"{name}""#);
}

fn gate(author: &str, rules: &str, at: u64, json: &mut String) {
    let _ = write!(json, r#"{rules},"post":"at://{author}/{POST}/{}""#, tid(at, 0));
}

fn broadcast(author: &str, json: &mut String) {
    let _ = write!(
        json,
        r#""broadcaster":"did:web:stream.example.com","streamer":"{author}","websocketURL":"wss://stream.example.com/xrpc/place.stream.live.subscribeSegments?streamer={}""#,
        author.replace(':', "%3A")
    );
}
