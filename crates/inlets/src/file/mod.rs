//! Inlet `file`: JSON Lines or CSV, plain or packed, from paths, globs, watched folders, standard input.
//!
//! What is handed in carries the place up to which the file has been read, and the intake keeps both or
//! neither: so after a crash reading goes on at the first record that was not taken. A place is known again
//! by the file's first bytes; another file under the same name, or a shorter one, starts anew.

mod config; // what the operator decides
mod handing; // records into the intake
mod mark; // how far a file has been read
mod pass; // one reading of one file
mod paths; // which files there are
mod reader; // all files of one inlet, looked at again and again
mod stdin; // standard input
mod watch; // told by the system that something was written

use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;

use tocsin_flow::{Fault, Inlet, Intake, Room, Stop};

pub use crate::file::config::FileConfig;
use crate::file::reader::Reader;
use crate::kind::InletKind;
use crate::records::FIELDS;

/// For the list of inlets.
pub(crate) const KIND: InletKind = InletKind {
    name: "file",
    help: "JSON Lines or CSV, plain, .gz or .zst: from paths, globs, watched folders, or standard input",
    example: r#"[[inlet]]
kind = "file"
name = "exports"
path = ["exports", "archive/*.jsonl.gz"]  # files, globs, folders, or "-" for standard input
follow = true                             # wait for new lines and new files
defaults = { source = "weibo" }           # where a record does not say
"#,
};

/// Reads files, and follows them if the config says so.
pub struct FileInlet {
    config: Arc<FileConfig>,
    standard_input: Box<dyn Read + Send>,
}

impl FileInlet {
    /// An inlet for these files.
    ///
    /// # Errors
    /// The names of fields in the config are wrong, or there are no paths.
    pub fn new(config: FileConfig) -> Result<FileInlet, Fault> {
        FileInlet::reading(config, Box::new(io::stdin()))
    }

    /// The same, with something else as standard input.
    fn reading(config: FileConfig, standard_input: Box<dyn Read + Send>) -> Result<FileInlet, Fault> {
        let refuse = |what: &str, found: &str, expected: String| {
            let setting = format!("inlet {}: {what}", config.name);
            Err(Fault::Misconfigured { setting, found: found.to_owned(), expected })
        };
        if let Some((place, field)) = config.columns.unknown_fields().first() {
            let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            return refuse(place, field, format!("one of {}", known.join(", ")));
        }
        if config.paths.is_empty() {
            return refuse("paths", "empty", "a file, a glob, a folder, or - for standard input".to_owned());
        }
        Ok(FileInlet { config: Arc::new(config), standard_input })
    }
}

impl Inlet for FileInlet {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn listen(
        self: Box<Self>,
        intake: Arc<dyn Intake>,
        room: Room,
        stop: Stop,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>> {
        let FileInlet { config, standard_input } = *self;
        Box::pin(async move {
            let piped = config.paths.iter().any(|path| path == "-");
            let alone = config.paths.iter().all(|path| path == "-");
            let files = async {
                let reader = Reader::new(config.clone(), intake.clone(), room.clone(), stop.clone());
                if alone { Ok(()) } else { reader.read_all().await }
            };
            let input = async {
                let (intake, room, stop) = (intake.clone(), room.clone(), stop.clone());
                if piped {
                    stdin::take_in(standard_input, config.clone(), intake, room, stop).await
                } else {
                    Ok(())
                }
            };
            tokio::try_join!(files, input).map(|_| ())
        })
    }
}

#[cfg(test)]
mod tests;
