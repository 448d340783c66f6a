//! The weights of a model: which slots have any, and 32 small integers for each of these.
//!
//! As bytes (all little-endian): [`MAGIC`], the length of the name in one byte and the name, 32 scales and
//! five numbers of calibration (f32), the number of rows (u32), a bit for each slot, the rows, and a
//! checksum of all before it (u64). Rows stand in the order of their slots.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::features::{Features, SLOT_BITS};
use super::outputs::{COLUMNS, Calibration, Outputs};

/// The first bytes of a model's file; the digit is the version of its layout.
pub const MAGIC: &[u8; 8] = b"tocsinM1";
/// Slots that may have weights: a file of at most 33 MiB.
pub const ROWS_MAX: usize = 1 << 20;
/// Bytes of a model's name.
pub const NAME_BYTES_MAX: usize = 64;

const SHIPPED: &[u8] = include_bytes!("../../data/model.bin");
const BITS_BYTES: usize = 1 << (SLOT_BITS - 3);
/// Rows of which i16 holds the sum.
const ROWS_AT_ONCE: usize = 256;

/// A model that reads.
pub struct Model {
    version: Arc<str>,
    name: String,
    scales: [f32; COLUMNS],
    calibration: Calibration,
    /// Which slots have weights, and where.
    blocks: Vec<Block>,
    rows: Cow<'static, [u8]>,
}

/// 64 slots: a bit for each that has weights, and how many rows come before theirs.
#[derive(Clone, Copy)]
struct Block {
    bits: u64,
    rank: u32,
}

/// Why bytes are no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAModel {
    /// They begin otherwise.
    Foreign,
    /// They end before the model does, or go on behind it.
    Length,
    /// They were changed after they were written.
    Checksum,
}

impl fmt::Display for NotAModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAModel::Foreign => "it is not a model of this version of tocsin: make one with tocsin train",
            NotAModel::Length => "it is not whole: copy it again, or make it again with tocsin train",
            NotAModel::Checksum => "it is damaged: copy it again, or make it again with tocsin train",
        })
    }
}

impl std::error::Error for NotAModel {}

impl Model {
    /// The model that comes with the program.
    pub fn shipped() -> &'static Arc<Model> {
        static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
        MODEL.get_or_init(|| match Model::from_bytes(Cow::Borrowed(SHIPPED)) {
            Ok(model) => Arc::new(model),
            Err(why) => unreachable!("data/model.bin: {why}"),
        })
    }

    /// Reads a model from the bytes of its file.
    ///
    /// # Errors
    /// When they are no model, or damaged.
    pub fn from_bytes(bytes: Cow<'static, [u8]>) -> Result<Model, NotAModel> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(NotAModel::Foreign)?;
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(NotAModel::Length)?;
        let name_length = take::<1>(&mut rest)?[0];
        let (name, behind) = rest.split_at_checked(usize::from(name_length)).ok_or(NotAModel::Length)?;
        rest = behind;
        let mut number = || take::<4>(&mut rest).map(f32::from_le_bytes);
        let mut scales = [0.0; COLUMNS];
        for scale in &mut scales {
            *scale = number()?;
        }
        let calibration = Calibration {
            polarity: number()?,
            emotion: number()?,
            irony: number()?,
            neutral_bias: number()?,
            irony_bias: number()?,
        };
        let count = u32::from_le_bytes(take(&mut rest)?) as usize;
        let (bits, behind) = rest.split_at_checked(BITS_BYTES).ok_or(NotAModel::Length)?;
        if behind.len() != count.saturating_mul(COLUMNS).saturating_add(sum.len()) {
            return Err(NotAModel::Length);
        }
        let checksum = u64::from_le_bytes(*sum);
        if checksum != checksum_of(body) {
            return Err(NotAModel::Checksum);
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let mut before = 0;
        let mut block = |bits: &[u8; 8]| {
            let bits = u64::from_le_bytes(*bits);
            let rank = before;
            before += bits.count_ones();
            Block { bits, rank }
        };
        let blocks = bits.as_chunks::<8>().0.iter().map(&mut block).collect();
        if before as usize != count {
            return Err(NotAModel::Length);
        }
        let start = body.len() - count * COLUMNS;
        let rows = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..start + count * COLUMNS]),
            Cow::Owned(ref bytes) => Cow::Owned(bytes[start..start + count * COLUMNS].to_vec()),
        };
        let version = Arc::from(format!("{name}:{:08x}", checksum >> 32));
        Ok(Model { version, name, scales, calibration, blocks, rows })
    }

    /// The bytes of a model's file, from a name (at most [`NAME_BYTES_MAX`] bytes of it are kept) and at most
    /// [`ROWS_MAX`] rows in the order of their slots, each slot once.
    pub fn to_bytes(name: &str, calibration: Calibration, rows: &[(u32, [f32; COLUMNS])]) -> Vec<u8> {
        debug_assert!(rows.is_sorted_by(|a, b| a.0 < b.0), "in order, each slot once");
        let rows = &rows[..rows.len().min(ROWS_MAX)];
        let scales: [f32; COLUMNS] = std::array::from_fn(|column| scale(rows, column));
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        let mut bytes = Vec::with_capacity(BITS_BYTES + rows.len() * COLUMNS + 512);
        bytes.extend_from_slice(MAGIC);
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name.as_bytes());
        let Calibration { polarity, emotion, irony, neutral_bias, irony_bias } = calibration;
        for number in scales.iter().chain(&[polarity, emotion, irony, neutral_bias, irony_bias]) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&(rows.len() as u32).to_le_bytes());
        let mut bits = vec![0u8; BITS_BYTES];
        for (slot, _) in rows {
            bits[*slot as usize / 8] |= 1 << (slot % 8);
        }
        bytes.extend_from_slice(&bits);
        for (_, row) in rows {
            let small = |(weight, scale): (&f32, &f32)| (weight / scale).round().clamp(-127.0, 127.0) as i8;
            bytes.extend(row.iter().zip(&scales).map(small).map(|w| w as u8));
        }
        bytes.extend_from_slice(&checksum_of(&bytes).to_le_bytes());
        bytes
    }

    /// The version that every score carries: the name, and a hash of the weights.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// The name that it was given when it was made.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What makes probabilities of its sums.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// Its weights, in the order of their slots.
    pub fn rows(&self) -> impl Iterator<Item = (u32, [f32; COLUMNS])> {
        let slots = (0..self.blocks.len() as u32 * 64).filter(|slot| self.has(*slot));
        slots.zip(self.rows.as_chunks::<COLUMNS>().0).map(|(slot, row)| {
            (slot, std::array::from_fn(|column| f32::from(row[column] as i8) * self.scales[column]))
        })
    }

    /// What it says of a text.
    pub fn read(&self, features: &Features) -> Outputs {
        let mut sums = [0.0; COLUMNS];
        for (slots, value) in features.runs() {
            for slots in slots.chunks(ROWS_AT_ONCE) {
                for (total, sum) in sums.iter_mut().zip(self.sum(slots)) {
                    *total += f32::from(sum) * value;
                }
            }
        }
        for (total, scale) in sums.iter_mut().zip(&self.scales) {
            *total *= scale;
        }
        features.rules.apply(&mut sums);
        Outputs { sums, calibration: self.calibration }
    }

    /// The sum of the rows of at most [`ROWS_AT_ONCE`] slots. Rows lie far apart in memory, so all are asked
    /// for before the first is added: the waits overlap.
    fn sum(&self, slots: &[u32]) -> [i16; COLUMNS] {
        let rows = self.rows.as_chunks::<COLUMNS>().0;
        let mut found = [0u32; ROWS_AT_ONCE];
        let mut count = 0;
        for slot in slots {
            let block = &self.blocks[*slot as usize / 64];
            let below = block.bits & ((1 << (slot % 64)) - 1);
            // Whether a slot has weights can't be foreseen, so there is no branch on it.
            found[count] = block.rank + below.count_ones();
            count += (block.bits >> (slot % 64) & 1) as usize;
        }
        let found = &found[..count];
        std::hint::black_box(found.iter().fold(0, |touched, row| touched ^ rows[*row as usize][0]));
        let mut sum = [0i16; COLUMNS];
        for row in found {
            for (sum, weight) in sum.iter_mut().zip(&rows[*row as usize]) {
                // No more rows than i16 holds; a check at each step would keep them from being added at once.
                *sum = sum.wrapping_add(i16::from(*weight as i8));
            }
        }
        sum
    }

    fn has(&self, slot: u32) -> bool {
        self.blocks[slot as usize / 64].bits >> (slot % 64) & 1 == 1
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model {} of {} rows", self.version, self.rows.len() / COLUMNS)
    }
}

/// The greatest weight is 127 steps; one in two thousand may be cut off, so that a few do not make all
/// others coarse.
fn scale(rows: &[(u32, [f32; COLUMNS])], column: usize) -> f32 {
    let mut sizes: Vec<f32> = rows.iter().map(|(_, row)| row[column].abs()).filter(|w| *w > 0.0).collect();
    sizes.sort_unstable_by(f32::total_cmp);
    let greatest = sizes.len().saturating_sub(1 + sizes.len() / 2000);
    sizes.get(greatest).map_or(1.0, |size| size / 127.0)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], NotAModel> {
    let (taken, behind) = rest.split_first_chunk::<N>().ok_or(NotAModel::Length)?;
    *rest = behind;
    Ok(*taken)
}

/// Eight bytes at a time, multiplied and rotated (FxHash).
fn checksum_of(bytes: &[u8]) -> u64 {
    let step = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| step(hash, u64::from(*byte)));
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests;
