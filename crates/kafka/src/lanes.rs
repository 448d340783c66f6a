//! Which key is in which lane.

use tocsin_model::{Lane, PostId, SourceId};

/// Kafka's murmur2, as its Java client has it (`org.apache.kafka.common.utils.Utils.murmur2`): who writes to
/// `posts.raw` from elsewhere with the same key puts it in the same lane.
pub fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let mut h = 0x9747_b28c ^ data.len() as u32;
    let (fours, rest) = data.as_chunks::<4>();
    for four in fours {
        let mut k = u32::from_le_bytes(*four).wrapping_mul(M);
        k ^= k >> R;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (i, byte) in rest.iter().enumerate() {
            h ^= u32::from(*byte) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

/// The lane of a key among so many: murmur2 without its sign, modulo, as Kafka's default partitioner.
///
/// # Panics
/// When there are no lanes.
pub fn lane_of(key: &[u8], lanes: u32) -> Lane {
    Lane((murmur2(key) & 0x7fff_ffff) % lanes)
}

/// The key of a post: `source/id`.
pub fn post_key(source: &SourceId, id: &str) -> Vec<u8> {
    [source.as_str().as_bytes(), b"/", id.as_bytes()].concat()
}

pub(crate) fn key_of(post: &PostId) -> Vec<u8> {
    post_key(&post.source, post.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn the_hash_is_that_of_the_java_client() {
        let known: [(&[u8], i32); 7] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
            (b"", 275_646_681),
        ];
        for (key, hash) in known {
            assert_eq!(murmur2(key) as i32, hash, "{:?}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn a_lane_is_the_positive_hash_modulo_the_lanes() {
        assert_eq!(lane_of(b"foobar", 6), Lane((-790_332_482_i32 & 0x7fff_ffff) as u32 % 6));
        let used: std::collections::BTreeSet<_> =
            (0..100).map(|i| lane_of(format!("weibo/{i}").as_bytes(), 6)).collect();
        assert_eq!(used.len(), 6);
    }
}
