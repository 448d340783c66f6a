//! Unpacking: gzip and zstd are told by their first bytes, not by a name.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use crate::records::BUFFER_BYTES;

/// A stream as it comes out of its packing.
pub(crate) type Unpacked = Box<dyn Read + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the magic numbers of RFC 1952 and RFC 8878 (the second zstd one: a skippable frame).
    fn of(head: &[u8]) -> Packing {
        match head {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
            _ => Packing::Plain,
        }
    }
}

/// A file (`-`: standard input) as it comes out of its packing.
///
/// # Errors
/// It cannot be opened or read; the message names it.
pub fn open(path: &str) -> io::Result<Box<dyn Read + Send>> {
    if path == "-" {
        return unpack(io::stdin());
    }
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{path}: {e}"));
    unpack(File::open(path).map_err(named)?).map_err(named)
}

/// A stream as it comes out of its packing: several gzip members or zstd frames in a row are one stream.
///
/// # Errors
/// What the reader says about its first bytes.
pub fn unpack(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut head)?;
    let packing = Packing::of(&head);
    let whole = Cursor::new(head).chain(reader);
    Ok(match packing {
        Packing::Plain => Box::new(whole),
        Packing::Gzip => {
            Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, whole)))
        }
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(whole)?),
    })
}

/// A file from a byte of its unpacked stream on, and whether it is packed. A plain file is not read up to
/// there; a packed one must be. `None`: the file ends before that byte.
pub(crate) fn open_from(path: &Path, offset: u64) -> io::Result<Option<(Unpacked, bool)>> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut head)?;
    if Packing::of(&head) == Packing::Plain {
        if file.metadata()?.len() < offset {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(offset))?;
        return Ok(Some((Box::new(file), false)));
    }
    file.rewind()?;
    let mut stream = unpack(file)?;
    let skipped = io::copy(&mut stream.by_ref().take(offset), &mut io::sink())?;
    Ok((skipped == offset).then_some((stream, true)))
}
