//! Pictures of a run: what they hold, and that others can read them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Picture, PictureError, What};
use crate::mode::Mode;
use crate::run::{plan_of_seed, run_plan};
use crate::trace::Trace;

/// A run with several processes and many faults.
fn trace() -> String {
    let plan = plan_of_seed(3, Mode::Machine);
    let (_, trace) = run_plan(&plan, Trace::file(&plan));
    trace.text().unwrap().to_owned()
}

#[test]
fn a_picture_holds_every_line_of_its_trace_and_knows_where_the_machine_stood() {
    let text = trace();
    let picture = Picture::read(&text).unwrap();
    let count = |mark: &str| text.lines().filter(|line| line.contains(mark)).count();
    let of = |what: fn(&What) -> bool| picture.rows.iter().filter(|row| what(&row.what)).count();
    assert_eq!(of(|what| matches!(what, What::Input(_))), count("\"in\":"));
    assert_eq!(of(|what| *what == What::Fault), count("\"fault\":{"));
    assert_eq!(picture.lives.len(), count("\"trace\":1"));
    let stands = |row| picture.state(row).is_some();
    assert!(picture.rows.iter().all(stands), "the machine can be told all of it again");
    let answers = picture.rows.iter().filter(|row| row.asked.is_some()).count();
    let asked = |row: &super::Row| row.asked.is_none_or(|asked| picture.rows[asked].at <= row.at);
    assert!(answers > 100 && picture.rows.iter().all(asked), "{answers}");
    assert_eq!(picture.text().lines().count(), picture.rows.len() + 1);
}

#[test]
fn what_is_no_trace_is_refused_and_a_torn_end_is_not() {
    let text = trace();
    let whole: Vec<&str> = text.lines().take(20).collect();
    let torn = whole.join("\n") + "\n" + &text.lines().nth(20).unwrap()[..9];
    assert_eq!(Picture::read(&torn).unwrap().lives.len(), 1);
    let error = Picture::read(&(torn + "\n")).unwrap_err();
    assert!(matches!(error, PictureError::Line { number: 21, .. }), "{error}");
    assert!(matches!(Picture::read("").unwrap_err(), PictureError::Empty));
    assert!(matches!(Picture::read(whole[1]).unwrap_err(), PictureError::Headless));
    // Told what no machine was, ours gives up; the picture has the rest.
    let mixed = [whole[0], whole[1], whole[9], whole[5], whole[3]].join("\n") + "\n";
    assert!(Picture::read(&mixed).unwrap().rows.len() > 3);
}

/// What the Trace Event format asks for, of each kind of event that is used.
#[test]
fn the_file_for_perfetto_is_what_its_format_asks_for() {
    let file: Value = serde_json::from_str(&Picture::read(&trace()).unwrap().perfetto()).unwrap();
    let events = file["traceEvents"].as_array().unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut flows: BTreeMap<u64, Vec<(&str, u64)>> = BTreeMap::new();
    let mut slices: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for event in events {
        let kind = event["ph"].as_str().unwrap();
        *kinds.entry(kind).or_default() += 1;
        let ts = event["ts"].as_u64().unwrap();
        assert!(event["pid"].is_u64() && !event["name"].as_str().unwrap().is_empty(), "{event}");
        assert!(kind == "C" || event["tid"].is_u64(), "{event}");
        match kind {
            "M" => assert!(event["args"]["name"].is_string() || event["args"]["sort_index"].is_u64()),
            "X" => slices
                .entry(event["tid"].as_u64().unwrap())
                .or_default()
                .push((ts, ts + event["dur"].as_u64().unwrap())),
            "i" => assert!(["g", "p", "t"].contains(&event["s"].as_str().unwrap()), "{event}"),
            "C" => assert!(event["args"].as_object().unwrap().values().all(Value::is_u64), "{event}"),
            "s" | "t" | "f" => flows.entry(event["id"].as_u64().unwrap()).or_default().push((kind, ts)),
            other => panic!("{other} is no kind of event"),
        }
    }
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), ["C", "M", "X", "f", "i", "s", "t"]);
    for flow in flows.values() {
        assert!(
            matches!(flow[..], [("s", asked), ("t", heard), ("f", told)] if asked <= heard && heard <= told)
        );
    }
    for (track, mut slices) in slices {
        slices.sort_by_key(|&(from, to)| (from, std::cmp::Reverse(to)));
        let mut open: Vec<u64> = Vec::new();
        for (from, to) in slices {
            while open.last().is_some_and(|end| *end <= from) {
                open.pop();
            }
            assert!(open.last().is_none_or(|end| to <= *end), "on track {track} {from}..{to} is not nested");
            open.push(to);
        }
    }
}

/// What stands between a page's tags: the only script with data, read back.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_is_whole_and_asks_the_network_for_nothing() {
    let picture = Picture::read(&trace()).unwrap();
    let page = picture.html("a <run> & {{data}}");
    for foreign in ["http:", "https:", "src=", "href=", "url(", "import ", "fetch(", "XMLHttpRequest"] {
        let found = page.replace("http://www.w3.org/2000/svg", "").contains(foreign);
        assert!(!found, "{foreign}");
    }
    let data = data(&page);
    assert_eq!(data["rows"].as_array().unwrap().len(), picture.rows.len());
    assert_eq!(data["states"].as_array().unwrap().len(), picture.states.len());
    assert_eq!(data["title"], "a <run> & {{data}}");
    assert!(page.contains("<title>a &lt;run&gt; &amp; {{data}}</title>"));
    assert_eq!(open_tags(&page), Vec::<String>::new());
}

/// The tags that are opened and not closed, scripts and styles left out.
fn open_tags(page: &str) -> Vec<String> {
    let mut rest = page;
    let mut open: Vec<String> = Vec::new();
    while let Some((_, behind)) = rest.split_once('<') {
        let (tag, behind) = behind.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap().to_owned();
        rest = behind;
        match name.as_str() {
            "!doctype" | "meta" | "input" => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name)),
            "script" | "style" => rest = behind.split_once(&format!("</{name}>")).unwrap().1,
            _ => open.push(name),
        }
    }
    open
}

/// A browser, if this machine has one.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| path.exists()))
}

/// The page after its script has run, in a window of this size.
fn opened(browser: &Path, page: &Path, size: &str) -> String {
    let profile = page.with_extension(size);
    let opened = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={size}"))
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("file://{}#700", page.display()))
        .output()
        .unwrap();
    let _ = std::fs::remove_dir_all(profile);
    String::from_utf8_lossy(&opened.stdout).into_owned()
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_browser_draws_the_page_on_wide_and_narrow_screens() {
    let Some(browser) = chromium() else {
        eprintln!("SKIPPED: no chromium on this machine, so nobody has opened the page");
        return;
    };
    let picture = Picture::read(&trace()).unwrap();
    let page = std::env::temp_dir().join(format!("highwater-sim-page-{}.html", std::process::id()));
    std::fs::write(&page, picture.html("seed 3")).unwrap();
    for size in ["1600,1000", "500,844"] {
        let drawn = opened(&browser, &page, size);
        let ready = format!("data-ready=\"{}\"", picture.rows.len());
        assert!(drawn.contains(&ready), "{size}: the script has not run to its end");
        let rows = drawn.matches("class=\"row").count();
        assert!((3..100).contains(&rows), "{size}: {rows} rows are drawn");
        assert!(drawn.contains("class=\"curve cursor\"") && drawn.contains("class=\"row  here\""), "{size}");
        assert!(drawn.contains("its own clock") && !drawn.contains("NaN"), "{size}");
    }
    let pressed = "<script>document.body.dataset.pressed = ['Home', 'ArrowRight', 'End', 'ArrowLeft', 'Home', 'n']\
        .map((key) => { dispatchEvent(new KeyboardEvent('keydown', { key }));\
        return document.getElementById('scrubber').value; }).join();</script></body>";
    std::fs::write(&page, picture.html("seed 3").replace("</body>", pressed)).unwrap();
    let (last, fault) = (picture.rows.len() - 1, picture.rows.iter().position(|row| row.what == What::Fault));
    let expected = format!("data-pressed=\"0,1,{last},{},0,{}\"", last - 1, fault.unwrap());
    assert!(opened(&browser, &page, "1600,1000").contains(&expected), "keys go elsewhere than {expected}");
    std::fs::remove_file(&page).unwrap();
}
