//! The weights of a model: which slots have any, and 16 small integers for each of these and for each sign.
//!
//! As bytes (all little-endian): [`MAGIC`], the length of the name in one byte and the name, 16 scales for the
//! signs and 16 for the n-grams, five numbers of calibration (f32), the number of rows (u32), a row for each
//! sign, the slots that have a row in their order (u32), their rows, and a checksum of all before it (u64).

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::features::{Features, SIGN_VALUE, SIGNS, SLOT_BITS};
use super::outputs::{COLUMNS, Calibration, Outputs};

/// The first bytes of a model's file; the digit is the version of its layout and of what its slots stand for.
pub const MAGIC: &[u8; 8] = b"tocsinM4";
/// Slots that may have weights: a file of at most 5 MiB.
pub const ROWS_MAX: usize = BUCKETS * WAYS;
/// Slots of one bucket that may.
pub const WAYS: usize = 4;
/// Bytes of a model's name.
pub const NAME_BYTES_MAX: usize = 64;

const SHIPPED: &[u8] = include_bytes!("../../data/model.bin");
/// A slot's lowest bits are its tag, the others say in which bucket it may have a row. The tags of all buckets are
/// 256 KiB, which stay in a core's own cache.
const TAG_BITS: u32 = 8;
const BUCKETS: usize = 1 << (SLOT_BITS - TAG_BITS);
/// Rows of which i16 holds the sum.
const ROWS_AT_ONCE: usize = 256;

/// What a feature says for each column.
pub type Row = [f32; COLUMNS];
/// The same in steps of the columns' scales; aligned, so that it never lies in two cache lines.
#[derive(Clone, Copy, Default, PartialEq)]
#[repr(align(16))]
struct Steps([i8; COLUMNS]);

/// A model that reads.
pub struct Model {
    version: Arc<str>,
    name: String,
    calibration: Calibration,
    sign_scales: Row,
    signs: Box<[Steps]>,
    scales: Row,
    /// The tags of each bucket, and their rows; where there is none, a row of zeros.
    tags: Box<[[u8; WAYS]]>,
    rows: Box<[[Steps; WAYS]]>,
}

/// In which bucket a slot may have a row.
pub fn bucket(slot: u32) -> usize {
    (slot >> TAG_BITS) as usize
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
        let mut scales = [[0.0; COLUMNS]; 2];
        for scale in scales.as_flattened_mut() {
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
        let expected = SIGNS * COLUMNS + count * (size_of::<u32>() + COLUMNS) + sum.len();
        if count > ROWS_MAX || rest.len() != expected {
            return Err(NotAModel::Length);
        }
        let checksum = u64::from_le_bytes(*sum);
        if checksum != checksum_of(body) {
            return Err(NotAModel::Checksum);
        }
        let (signs, rest) = rest.split_at(SIGNS * COLUMNS);
        let signs = signs.as_chunks().0.iter().map(|row| Steps(row.map(|b| b as i8))).collect();
        let (slots, rest) = rest.split_at(count * size_of::<u32>());
        let mut tags = vec![[0; WAYS]; BUCKETS].into_boxed_slice();
        let mut rows = vec![[Steps::default(); WAYS]; BUCKETS].into_boxed_slice();
        let (mut last, mut way) = (usize::MAX, 0);
        for (slot, row) in slots.as_chunks().0.iter().zip(rest.as_chunks().0) {
            let slot = u32::from_le_bytes(*slot);
            way = if bucket(slot) == last { way + 1 } else { 0 };
            last = bucket(slot);
            let place = tags.get_mut(last).and_then(|tags| tags.get_mut(way)).ok_or(NotAModel::Length)?;
            *place = slot as u8;
            rows[last][way] = Steps(row.map(|b: u8| b as i8));
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let version = Arc::from(format!("{name}:{:08x}", checksum >> 32));
        let [sign_scales, scales] = scales;
        Ok(Model { version, name, calibration, sign_scales, signs, scales, tags, rows })
    }

    /// The bytes of a model's file, from a name (at most [`NAME_BYTES_MAX`] bytes of it are kept), a row for each
    /// sign, and rows in the order of their slots, each slot once, at most [`WAYS`] of a [`bucket`].
    pub fn to_bytes(
        name: &str,
        calibration: Calibration,
        signs: &[Row; SIGNS],
        rows: &[(u32, Row)],
    ) -> Vec<u8> {
        debug_assert!(rows.is_sorted_by(|a, b| a.0 < b.0), "in order, each slot once");
        let sign_scales = scales(signs.iter());
        let row_scales = scales(rows.iter().map(|(_, row)| row));
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        let mut bytes = Vec::with_capacity((SIGNS + rows.len()) * (COLUMNS + size_of::<u32>()) + 512);
        bytes.extend_from_slice(MAGIC);
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name.as_bytes());
        let Calibration { polarity, emotion, irony, neutral_bias, irony_bias } = calibration;
        let numbers = [polarity, emotion, irony, neutral_bias, irony_bias];
        for number in sign_scales.iter().chain(&row_scales).chain(&numbers) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&(rows.len() as u32).to_le_bytes());
        signs.iter().for_each(|row| bytes.extend(steps(row, &sign_scales)));
        rows.iter().for_each(|(slot, _)| bytes.extend(slot.to_le_bytes()));
        rows.iter().for_each(|(_, row)| bytes.extend(steps(row, &row_scales)));
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

    /// Its weights of signs.
    pub fn signs(&self) -> impl Iterator<Item = Row> {
        self.signs.iter().map(|row| weights(row, &self.sign_scales))
    }

    /// Its weights of slots, in their order.
    pub fn rows(&self) -> impl Iterator<Item = (u32, Row)> {
        let buckets = (0u32..).zip(self.tags.iter().zip(&self.rows));
        let all = buckets.flat_map(|(bucket, (tags, rows))| {
            tags.iter().zip(rows).map(move |(tag, row)| (bucket << TAG_BITS | u32::from(*tag), row))
        });
        let some = all.filter(|(_, row)| **row != Steps::default());
        some.map(|(slot, row)| (slot, weights(row, &self.scales)))
    }

    /// What it says of a text, together with the rules.
    pub fn read(&self, features: &Features) -> Outputs {
        let mut sums = self.sums(features);
        let signs = features.signs.iter().map(|sign| &self.signs[*sign as usize]);
        for ((total, sum), scale) in sums.iter_mut().zip(add(signs)).zip(&self.sign_scales) {
            *total += f32::from(sum) * scale * SIGN_VALUE;
        }
        features.rules.apply(&mut sums);
        Outputs { sums, calibration: self.calibration }
    }

    /// What the n-grams say by themselves.
    pub(crate) fn sums(&self, features: &Features) -> Row {
        let mut sums = [0.0; COLUMNS];
        for (slots, value) in features.runs() {
            for slots in slots.chunks(ROWS_AT_ONCE) {
                for (total, sum) in sums.iter_mut().zip(self.add_slots(slots)) {
                    *total += f32::from(sum) * value;
                }
            }
        }
        sums.iter_mut().zip(&self.scales).for_each(|(total, scale)| *total *= scale);
        sums
    }

    /// The sum of the rows of at most [`ROWS_AT_ONCE`] slots. Rows lie far apart in memory, so all are asked for
    /// before the first is added: the waits overlap.
    fn add_slots(&self, slots: &[u32]) -> [i16; COLUMNS] {
        let mut found = [0u32; ROWS_AT_ONCE];
        let mut count = 0;
        for &slot in slots {
            // Which byte is 0 (Warren, Hacker's Delight, 6-1): the lowest that is told is one.
            let apart = u32::from_le_bytes(self.tags[bucket(slot)]) ^ ((slot & 0xFF) * 0x0101_0101);
            let zeros = apart.wrapping_sub(0x0101_0101) & !apart & 0x8080_8080;
            // Whether a slot has a row can't be foreseen, so there is no branch on it.
            found[count] = (slot >> TAG_BITS) * WAYS as u32 + (zeros.trailing_zeros() / 8) % WAYS as u32;
            count += usize::from(zeros != 0);
        }
        let rows = self.rows.as_flattened();
        let found = &found[..count];
        std::hint::black_box(found.iter().fold(0, |touched, row| touched ^ rows[*row as usize].0[0]));
        add(found.iter().map(|row| &rows[*row as usize]))
    }
}

/// Adds up at most [`ROWS_AT_ONCE`] rows; a check at each step would keep columns from being added at once.
fn add<'a>(rows: impl Iterator<Item = &'a Steps>) -> [i16; COLUMNS] {
    let mut sum = [0i16; COLUMNS];
    for row in rows {
        for (column, sum) in sum.iter_mut().enumerate() {
            *sum = sum.wrapping_add(i16::from(row.0[column]));
        }
    }
    sum
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model {}", self.version)
    }
}

fn steps(row: &Row, scales: &Row) -> [u8; COLUMNS] {
    std::array::from_fn(|column| (row[column] / scales[column]).round().clamp(-127.0, 127.0) as i8 as u8)
}

fn weights(row: &Steps, scales: &Row) -> Row {
    std::array::from_fn(|column| f32::from(row.0[column]) * scales[column])
}

/// The greatest weight is 127 steps; one in two thousand may be cut off, so that a few do not make all
/// others coarse.
fn scales<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Row {
    std::array::from_fn(|column| {
        let mut sizes: Vec<f32> = rows.clone().map(|row| row[column].abs()).filter(|w| *w > 0.0).collect();
        sizes.sort_unstable_by(f32::total_cmp);
        let greatest = sizes.len().saturating_sub(1 + sizes.len() / 2000);
        sizes.get(greatest).map_or(1.0, |size| size / 127.0)
    })
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
