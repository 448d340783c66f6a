//! Files in, arrivals out. The clock moves by hand.

use std::fs::{self, OpenOptions};
use std::io::{Cursor as Bytes, Write};
use std::path::PathBuf;
use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tempfile::TempDir;
use tocsin_flow::Peer;

use super::*;
use crate::file::pass::Pass;
use crate::records::{Columns, Format};
use crate::rig::{Rig, post};

struct World {
    rig: Rig,
    folder: TempDir,
}

impl World {
    fn new() -> World {
        World { rig: Rig::new(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    fn config(&self, paths: &[&str]) -> FileConfig {
        let whole = |path: &&str| {
            if **path == *"-" { "-".to_owned() } else { self.path(path).to_str().unwrap().to_owned() }
        };
        FileConfig { name: "f".to_owned(), paths: paths.iter().map(whole).collect(), ..FileConfig::default() }
    }

    fn listen(&self, config: FileConfig) -> impl Future<Output = Result<(), Fault>> + Send + use<> {
        let inlet = Box::new(FileInlet::new(config).unwrap());
        inlet.listen(self.rig.kept.clone(), self.rig.room(), self.rig.stop())
    }

    async fn read(&self, paths: &[&str]) -> Result<(), Fault> {
        self.listen(self.config(paths)).await
    }

    /// Follows until the work is done, then stops.
    async fn follow(&self, paths: &[&str], work: impl AsyncFnOnce(&World)) {
        let config = FileConfig { follow: true, ..self.config(paths) };
        let listening = tokio::spawn(self.listen(config));
        work(self).await;
        self.rig.halt.now();
        listening.await.unwrap().unwrap();
    }

    async fn until(&self, records: usize) {
        self.rig.clock.tick_until(&self.rig.kept, records).await;
    }

    /// At least one whole look at the files begins and ends.
    async fn look(&self) {
        self.rig.clock.tick().await;
        self.rig.clock.tick().await;
    }

    fn ids(&self) -> String {
        self.rig.kept.ids().join(" ")
    }

    /// Rejected records, with the folder's name left out.
    fn rejected(&self) -> String {
        let folder = format!("{}/", self.folder.path().display());
        self.rig.kept.rejected().join("\n").replace(&folder, "")
    }

    /// Another process on the same store.
    fn restart(self) -> World {
        let kept = self.rig.kept.clone();
        World { rig: Rig { kept, ..Rig::new() }, folder: self.folder }
    }
}

fn lines(ids: &[&str]) -> String {
    ids.iter().map(|id| post(id) + "\n").collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[tokio::test]
async fn a_file_is_read_to_its_end_and_what_is_no_post_is_rejected() {
    let world = World::new();
    world.write("a.jsonl", format!("{}\nrubbish\n\n{}\n{{\"id\":\"torn", post("1"), post("2")));
    world.read(&["a.jsonl"]).await.unwrap();
    assert_eq!(world.ids(), "1 2");
    expect![[r#"
        file a.jsonl line 2: cannot be read: not JSON at byte 0: rubbish
        file a.jsonl line 5: cannot be read: the JSON ends too early: {"id":"torn"#]]
    .assert_eq(&world.rejected());
    expect!["f received 2 of weibo, f rejected syntax, f rejected syntax"].assert_eq(&world.rig.notes.text());
}

#[tokio::test]
async fn paths_globs_and_folders_are_read_in_the_order_of_their_names() {
    let world = World::new();
    world.write("folder/b.jsonl", lines(&["3"]));
    world.write("folder/.hidden", lines(&["no"]));
    world.write("folder/deeper/no.jsonl", lines(&["no"]));
    world.write("logs/x/1.jsonl.gz", gzip(lines(&["4"]).as_bytes()));
    world.write("logs/y/2.jsonl.zst", zstd::encode_all(lines(&["5"]).as_bytes(), 1).unwrap());
    world.write("logs/y/3.txt", lines(&["no"]));
    world.write("a.jsonl", lines(&["1", "2"]));
    world.read(&["logs/**/*.jsonl*", "folder", "a.jsonl", "folder/b.jsonl"]).await.unwrap();
    assert_eq!(world.ids(), "1 2 3 4 5");
}

#[tokio::test]
async fn rows_of_csv_are_posts_and_bad_ones_keep_their_bytes() {
    let world = World::new();
    world.write(
        "a.csv",
        "编号,时间,内容,谁,赞\n\
         1,2026-01-05T08:00:00Z,\"难喝,\n\"\"真\"\"难喝\",a,3\n\
         2,yesterday,\"好\n喝\",a,3\n\
         3,2026-01-05T08:00:00Z,好喝,a\n\
         4,2026-01-05T08:00:00Z,好喝,a,\n",
    );
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let columns = Columns {
        columns: map(&[
            ("id", "编号"),
            ("created_at", "时间"),
            ("text", "内容"),
            ("author.id", "谁"),
            ("engagement.likes", "赞"),
        ]),
        defaults: map(&[("source", "weibo")]),
    };
    let config = FileConfig { columns, ..world.config(&["a.csv"]) };
    world.listen(config).await.unwrap();
    assert_eq!(world.ids(), "1 4");
    expect![[r#"
        file a.csv line 4: created_at: should be a time such as 2026-01-05T08:00:04+08:00 (RFC 3339): 2,yesterday,"好
        喝",a,3
        file a.csv line 6: cannot be read: the row has 4 fields, the header 5: 3,2026-01-05T08:00:00Z,好喝,a"#]]
    .assert_eq(&world.rejected());
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped() {
    for pack in [|bytes: &[u8]| bytes.to_vec(), gzip] {
        let world = World::new();
        world.write("a.jsonl", pack(lines(&["1", "2"]).as_bytes()));
        world.read(&["a.jsonl"]).await.unwrap();
        world.append("a.jsonl", pack(format!("x\n{}", lines(&["3"])).as_bytes()));
        let world = world.restart();
        world.read(&["a.jsonl"]).await.unwrap();
        assert_eq!(world.ids(), "1 2 3");
        assert!(world.rejected().starts_with("file a.jsonl line 3:"), "{}", world.rejected());
        let world = world.restart();
        world.read(&["a.jsonl"]).await.unwrap();
        assert_eq!(world.ids(), "1 2 3");
    }
}

#[tokio::test]
async fn a_restart_finds_the_header_of_a_csv_again() {
    let world = World::new();
    let row = |id: &str| format!("{id},weibo,x,2026-01-05T08:00:00Z,a\n");
    world.write("a.csv", format!("id,source,text,created_at,author.id\n{}{}", row("1"), row("2")));
    world.read(&["a.csv"]).await.unwrap();
    world.append("a.csv", row("3") + "short\n");
    let world = world.restart();
    world.read(&["a.csv"]).await.unwrap();
    assert_eq!(world.ids(), "1 2 3");
    assert!(world.rejected().starts_with("file a.csv line 5:"), "{}", world.rejected());
}

#[tokio::test]
async fn another_file_under_the_same_name_starts_anew() {
    let world = World::new();
    world.write("a.jsonl", lines(&["1", "2"]));
    world.read(&["a.jsonl"]).await.unwrap();
    world.write("a.jsonl", lines(&["7", "8", "9"]));
    let world = world.restart();
    world.read(&["a.jsonl"]).await.unwrap();
    assert_eq!(world.ids(), "1 2 7 8 9");
}

#[tokio::test]
async fn a_shorter_file_starts_anew_even_with_the_same_head() {
    let world = World::new();
    let many: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for pack in [|bytes: &[u8]| bytes.to_vec(), |bytes: &[u8]| zstd::encode_all(bytes, 0).unwrap()] {
        let name = format!("{}.jsonl", pack(b"").len());
        world.write(&name, pack(lines(&many).as_bytes()));
        let before = world.rig.kept.ids().len();
        world.read(&[&name]).await.unwrap();
        world.write(&name, pack(lines(&many[..60]).as_bytes()));
        world.read(&[&name]).await.unwrap();
        assert_eq!(world.rig.kept.ids().len() - before, 160);
    }
}

#[tokio::test]
async fn hauls_are_bounded_and_each_carries_its_place() {
    let world = World::new();
    let text: String = (0..2_500).map(|i| post(&i.to_string()) + "\n").collect();
    world.write("a.jsonl", text);
    world.read(&["a.jsonl"]).await.unwrap();
    let all = world.rig.kept.all();
    assert_eq!(all.iter().map(|a| a.posts.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
    let keys: Vec<&str> = all.iter().map(|a| a.cursor.as_ref().unwrap().key.as_str()).collect();
    let path = world.path("a.jsonl").canonicalize().unwrap();
    assert!(keys.iter().all(|key| *key == format!("file:f:{}", path.display())));

    let fat = "y".repeat(60_000);
    world.write(
        "b.jsonl",
        (0..40).map(|i| post(&format!("b{i}")).replace("难喝", &fat) + "\n").collect::<String>(),
    );
    world.read(&["b.jsonl"]).await.unwrap();
    let sizes: Vec<usize> = world.rig.kept.all()[3..].iter().map(|a| a.posts.len()).collect();
    assert_eq!(sizes, [18, 18, 4]);
}

#[tokio::test]
async fn a_full_intake_is_waited_for_and_gets_the_same_again() {
    let world = World::new();
    world.write("a.jsonl", lines(&["1", "2"]));
    world.rig.kept.refuse(Peer::Pipeline, None);
    world.rig.kept.refuse(Peer::Store, Some(Duration::from_secs(7)));
    let config = FileConfig { follow: true, ..world.config(&["a.jsonl"]) };
    let listening = tokio::spawn(world.listen(config));
    world.until(2).await;
    world.rig.halt.now();
    listening.await.unwrap().unwrap();
    assert_eq!(world.ids(), "1 2");
    expect!["f pushed back, f pushed back, f received 2 of weibo"].assert_eq(&world.rig.notes.text());
}

#[tokio::test]
async fn stopping_while_the_intake_is_full_leaves_the_place_where_it_was() {
    let world = World::new();
    world.write("a.jsonl", lines(&["1", "2"]));
    world.rig.kept.refuse(Peer::Pipeline, None);
    let listening = tokio::spawn(world.listen(world.config(&["a.jsonl"])));
    world.rig.kept.tried(1).await;
    world.rig.halt.now();
    listening.await.unwrap().unwrap();
    assert_eq!(world.ids(), "");
    let world = world.restart();
    world.read(&["a.jsonl"]).await.unwrap();
    assert_eq!(world.ids(), "1 2");
}

#[tokio::test]
async fn new_lines_and_new_files_are_followed() {
    let world = World::new();
    world.write("in/a.jsonl", lines(&["1"]));
    world
        .follow(&["in", "late/*.jsonl", "later.jsonl"], async |world| {
            world.until(1).await;
            world.append("in/a.jsonl", lines(&["2"]));
            world.until(2).await;
            world.write("in/b.jsonl", lines(&["3"]));
            world.until(3).await;
            world.write("late/c.jsonl", lines(&["4"]));
            world.until(4).await;
            world.write("later.jsonl", lines(&["5"]));
            world.until(5).await;
            world.write("in/a.jsonl", lines(&["6"]));
            world.until(6).await;
        })
        .await;
    assert_eq!(world.ids(), "1 2 3 4 5 6");
}

#[tokio::test]
async fn a_torn_last_line_is_waited_for() {
    let world = World::new();
    let whole = post("2");
    let (head, tail) = whole.split_at(38);
    world.write("a.jsonl", lines(&["1"]) + head);
    world
        .follow(&["a.jsonl"], async |world| {
            world.until(1).await;
            world.look().await;
            assert_eq!((world.ids(), world.rejected()), ("1".to_owned(), String::new()));
            world.append("a.jsonl", tail);
            // Nothing can be added to a post whose brace is closed.
            world.until(2).await;
            world.append("a.jsonl", "\n".to_owned() + &lines(&["3"]) + "x\n");
            world.until(4).await;
        })
        .await;
    assert_eq!(world.ids(), "1 2 3");
    assert!(world.rejected().starts_with("file a.jsonl line 4:"), "{}", world.rejected());
}

#[tokio::test]
async fn a_torn_row_is_waited_for_until_its_newline() {
    let world = World::new();
    world.write("a.csv", "id,source,text,created_at,author.id\n1,weibo,\"x\n\"\"");
    world
        .follow(&["a.csv"], async |world| {
            world.look().await;
            world.append("a.csv", "y\",2026-01-05T08:00:00Z,a");
            world.look().await;
            assert_eq!((world.ids(), world.rejected()), (String::new(), String::new()));
            world.append("a.csv", "\n");
            world.until(1).await;
        })
        .await;
    assert_eq!(world.ids(), "1");
}

#[tokio::test]
async fn an_archive_that_is_still_written_is_waited_for_and_a_closed_one_is_whole() {
    let world = World::new();
    let text: String = (0..300).map(|i| post(&format!("{}", i * 7919)) + "\n").collect();
    let packed = gzip((text + "cut").as_bytes());
    let (head, tail) = packed.split_at(packed.len() / 2);
    world.write("a.jsonl.gz", head);
    world
        .follow(&["a.jsonl.gz"], async |world| {
            world.look().await;
            assert!(world.ids().len() < packed.len() && world.rejected().is_empty());
            world.append("a.jsonl.gz", tail);
            world.until(301).await;
        })
        .await;
    assert_eq!(world.rig.kept.ids().len(), 300);
    assert!(world.rejected().starts_with("file a.jsonl.gz line 301:"), "{}", world.rejected());
}

#[tokio::test]
async fn a_cut_archive_gives_what_it_holds_and_the_inlet_says_so_at_its_end() {
    let world = World::new();
    let text: String = (0..300).map(|i| post(&format!("{}", i * 7919)) + "\n").collect();
    let packed = gzip(text.as_bytes());
    world.write("a.jsonl.gz", &packed[..packed.len() - 20]);
    world.write("b.jsonl", lines(&["b"]));
    let fault = world.read(&["a.jsonl.gz", "b.jsonl"]).await.unwrap_err().to_string();
    assert!(fault.contains("a.jsonl.gz is unreadable (incomplete"), "{fault}");
    assert!(world.ids().ends_with(" b"));
    assert!(world.rig.kept.ids().len() > 200);
}

#[track_caller]
fn check_fault(fault: Fault, world: &World, expect: Expect) {
    expect.assert_eq(&fault.to_string().replace(&format!("{}/", world.folder.path().display()), ""));
}

#[tokio::test]
async fn what_no_waiting_can_mend_is_told_after_the_rest_was_read() {
    let world = World::new();
    world.write("a.jsonl", lines(&["1"]));
    let fault = world.read(&["nowhere.jsonl", "a.jsonl"]).await.unwrap_err();
    assert_eq!(world.ids(), "1");
    check_fault(
        fault,
        &world,
        expect![
            "inlet f: path nowhere.jsonl is unreadable (No such file or directory (os error 2)); expected a file that can be read to its end"
        ],
    );
    world.write("b.csv", "x,y\n1,2\n");
    let fault = world.read(&["b.csv"]).await.unwrap_err();
    check_fault(
        fault,
        &world,
        expect![
            "inlet f: path b.csv is unreadable (no column is a field of a post; there are x, y: say under columns which of them is text, which is id and so on); expected a file that can be read to its end"
        ],
    );
    let none = FileInlet::new(world.config(&[])).err().unwrap();
    check_fault(
        none,
        &world,
        expect!["inlet f: paths is empty; expected a file, a glob, a folder, or - for standard input"],
    );
    let mut config = world.config(&["a"]);
    config.columns.defaults.insert("sauce".to_owned(), "weibo".to_owned());
    let fault = FileInlet::new(config).err().unwrap().to_string();
    assert!(fault.starts_with("inlet f: defaults is sauce; expected one of id, source, text"), "{fault}");
}

#[tokio::test]
async fn a_line_past_the_limit_is_rejected_with_its_beginning() {
    let world = World::new();
    let mut bytes = lines(&["1"]).into_bytes();
    bytes.extend(vec![b'['; 5 << 20]);
    bytes.extend_from_slice(b"\n\xff\xfe\n");
    bytes.extend_from_slice(lines(&["2"]).as_bytes());
    world.write("a.jsonl", bytes);
    world.read(&["a.jsonl"]).await.unwrap();
    assert_eq!(world.ids(), "1 2");
    let all = world.rig.kept.all();
    let rejected: Vec<(usize, &str)> =
        all.iter().flat_map(|a| &a.rejected).map(|r| (r.bytes.len(), r.reason.name())).collect();
    assert_eq!(rejected, [(1 << 20, "too_long"), (2, "encoding")]);
}

#[tokio::test]
async fn standard_input_is_read_once_and_has_no_place() {
    for format in [Format::Auto, Format::Csv] {
        let world = World::new();
        let text = match format {
            Format::Csv => {
                "id,source,text,created_at,author.id\n1,weibo,x,2026-01-05T08:00:00Z,a\nx".to_owned()
            }
            _ => post("1") + "\nx",
        };
        let config = FileConfig { format, ..world.config(&["-"]) };
        let inlet = FileInlet::reading(config, Box::new(Bytes::new(gzip(text.as_bytes())))).unwrap();
        Box::new(inlet).listen(world.rig.kept.clone(), world.rig.room(), world.rig.stop()).await.unwrap();
        assert_eq!(world.ids(), "1");
        assert!(world.rejected().starts_with("file - line "), "{}", world.rejected());
        assert!(world.rig.kept.all().iter().all(|a| a.cursor.is_none()));
    }
}

#[tokio::test]
async fn a_slow_pipe_is_not_held_back() {
    let world = World::new();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let inlet = FileInlet::reading(world.config(&["-"]), Box::new(reader)).unwrap();
    let listening =
        tokio::spawn(Box::new(inlet).listen(world.rig.kept.clone(), world.rig.room(), world.rig.stop()));
    for round in 1..=3 {
        writer.write_all(lines(&[&round.to_string()]).as_bytes()).unwrap();
        world.rig.kept.reaches(round).await;
    }
    drop(writer);
    listening.await.unwrap().unwrap();
    assert_eq!(world.ids(), "1 2 3");
}

#[tokio::test]
async fn a_silent_pipe_does_not_keep_us_from_stopping() {
    let world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let inlet = FileInlet::reading(world.config(&["-"]), Box::new(reader)).unwrap();
    let listening =
        tokio::spawn(Box::new(inlet).listen(world.rig.kept.clone(), world.rig.room(), world.rig.stop()));
    world.rig.halt.now();
    listening.await.unwrap().unwrap();
    drop(writer);
}

/// Grows a file in pieces and reads what there is after each, every time as after a restart.
fn read_in_pieces(name: &str, format: Format, bytes: &[u8], cuts: &[usize]) -> Vec<(u64, Vec<u8>)> {
    let world = World::new();
    let config = FileConfig { follow: true, format, ..world.config(&[name]) };
    let (mut left, mut records, mut written) = (None, Vec::new(), 0);
    for cut in cuts.iter().map(|cut| cut % bytes.len()).chain([bytes.len()]) {
        world.append(name, &bytes[written..cut.max(written)]);
        written = cut.max(written);
        let mut pass = Pass::open(&world.path(name), &config, left.take()).unwrap();
        loop {
            let haul = pass.next_haul().unwrap();
            if haul.records.is_empty() {
                break;
            }
            records.extend(haul.records.into_iter().map(|r| (r.line, r.original.unwrap_or(r.bytes))));
        }
        left = mark::Mark::from_bytes(&pass.mark.to_bytes());
        assert!(left.is_some());
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_a_file_grows_each_record_comes_once(
        texts in proptest::collection::vec("[x难\"\\n ,]{0,12}", 1..12),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % 400).collect();
        cuts.sort_unstable();
        let jsonl: String = texts.iter().map(|t| serde_json::json!({ "text": t }).to_string() + "\n").collect();
        let mut csv = csv::Writer::from_writer(b"id,text\n".to_vec());
        for (id, text) in texts.iter().enumerate() {
            csv.write_record([&id.to_string(), text]).unwrap();
        }
        let csv = csv.into_inner().unwrap();
        for (format, bytes) in [(Format::Jsonl, jsonl.as_bytes()), (Format::Csv, csv.as_slice())] {
            let cuts: Vec<usize> = cuts.iter().copied().filter(|cut| *cut < bytes.len()).collect();
            let whole = read_in_pieces("whole", format, bytes, &[]);
            prop_assert_eq!(whole.len(), texts.len());
            prop_assert_eq!(read_in_pieces("grown", format, bytes, &cuts), whole);
        }
    }
}
