//! Standard input: read once, by a thread of its own, because nothing can interrupt the reading.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use tocsin_flow::{Fault, Intake, Room, Stop};
use tokio::sync::mpsc::{Sender, channel};

use crate::file::FileConfig;
use crate::file::handing::{Handed, arrivals, hand_in};
use crate::file::pass::Haul;
use crate::records::{BUFFER_BYTES, Records, unpack};

/// Hauls between the thread and the intake. When they wait, the thread waits, and so does who writes to us.
const HAULS_MAX: usize = 2;

/// Takes in everything until the end of the stream. It has no cursor: it cannot be read a second time.
pub(super) async fn take_in(
    input: Box<dyn Read + Send>,
    config: Arc<FileConfig>,
    intake: Arc<dyn Intake>,
    room: Room,
    stop: Stop,
) -> Result<(), Fault> {
    let name = config.name.clone();
    let (sender, mut hauls) = channel(HAULS_MAX);
    std::thread::Builder::new()
        .name("tocsin-stdin".to_owned())
        .spawn(move || pour(input, &config, &sender))
        .map_err(|fault| unreadable(&name, fault))?;
    loop {
        let haul = tokio::select! {
            () = stop.wait() => return Ok(()),
            haul = hauls.recv() => haul,
        };
        let Some(haul) = haul else { return Ok(()) };
        let records = haul.map_err(|fault| unreadable(&name, fault))?.records;
        let count = records.len();
        let arrivals = arrivals(records, "-", &room, None);
        if hand_in(arrivals, &name, &*intake, &room, &stop).await? == Handed::Stopped {
            tracing::warn!(
                inlet = name,
                records = count,
                "stopped; these records of standard input were not taken"
            );
            return Ok(());
        }
    }
}

/// Hands on what there is as soon as reading would have to wait, so that a slow stream is not held back.
fn pour(input: Box<dyn Read + Send>, config: &FileConfig, hauls: &Sender<io::Result<Haul>>) {
    let open = || {
        let reader = BufReader::with_capacity(BUFFER_BYTES, unpack(input)?);
        Records::start(reader, config.format.of("-"), &config.columns)
    };
    let mut records = match open() {
        Ok(records) => records,
        Err(fault) => return drop(hauls.blocking_send(Err(fault))),
    };
    let mut haul = Haul::default();
    loop {
        let next = records.next_record();
        let last = !matches!(next, Ok(Some(_)));
        if let Ok(Some(record)) = next {
            haul.push(record);
            if !haul.is_full() && !records.is_drained() {
                continue;
            }
            if hauls.blocking_send(Ok(std::mem::take(&mut haul))).is_err() {
                return;
            }
        } else if let Err(fault) = next {
            drop(hauls.blocking_send(Ok(std::mem::take(&mut haul))));
            return drop(hauls.blocking_send(Err(fault)));
        }
        if last {
            return drop(hauls.blocking_send(Ok(haul)));
        }
    }
}

fn unreadable(inlet: &str, fault: io::Error) -> Fault {
    Fault::Misconfigured {
        setting: format!("inlet {inlet}: path -"),
        found: format!("unreadable ({fault})"),
        expected: "a stream that can be read to its end".to_owned(),
    }
}
