//! How far a file has been read, and how it is known again.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So many of a file's first bytes tell it from another one under the same name.
const HEAD_BYTES_MAX: u64 = 4096;

const VERSION: u32 = 1;

/// How far a file has been read. Kept as JSON in the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The version of this shape: 1.
    v: u32,
    /// How many of the first bytes `head` is the hash of.
    head_bytes: u64,
    /// SHA-256 in hexadecimal.
    head: String,
    /// The first byte of the unpacked stream that has not been taken in.
    pub(super) offset: u64,
    /// The line that begins there, counted from 1.
    pub(super) line: u64,
}

impl Mark {
    /// Nothing of the file has been read.
    pub(super) fn beginning(path: &Path) -> io::Result<Mark> {
        let head = head(path, HEAD_BYTES_MAX)?;
        Ok(Mark { v: VERSION, head_bytes: head.len() as u64, head: hash(&head), offset: 0, line: 1 })
    }

    /// The same place in the file as it is now, which may have grown; `None` if it is another file.
    pub(super) fn renew(&self, path: &Path) -> io::Result<Option<Mark>> {
        let now = head(path, HEAD_BYTES_MAX)?;
        let known = now.get(..usize::try_from(self.head_bytes).unwrap_or(usize::MAX));
        if known.is_none_or(|known| hash(known) != self.head) {
            return Ok(None);
        }
        Ok(Some(Mark { head_bytes: now.len() as u64, head: hash(&now), ..self.clone() }))
    }

    /// Another place in the same file.
    pub(super) fn at(&self, offset: u64, line: u64) -> Mark {
        Mark { offset, line, ..self.clone() }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Mark> {
        serde_json::from_slice(bytes).ok().filter(|mark: &Mark| mark.v == VERSION)
    }
}

fn head(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(bytes_max).read_to_end(&mut head)?;
    Ok(head)
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
