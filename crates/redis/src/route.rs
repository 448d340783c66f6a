//! Which server holds a key: CRC16 (XMODEM) of what stands in its first braces, modulo 16,384 (Redis Cluster
//! specification, "Key distribution model").

/// Slots of a Cluster.
pub(crate) const SLOTS: usize = 16_384;

/// The slot of a key.
pub(crate) fn slot(key: &[u8]) -> usize {
    let tag = key.iter().position(|b| *b == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        rest.iter().position(|b| *b == b'}').filter(|end| *end > 0).map(|end| &rest[..end])
    });
    crc16(tag.unwrap_or(key)) as usize % SLOTS
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot(b"t:{user1000}.following"), slot(b"{user1000}.followers"));
        assert_eq!(slot(b"foo{}{bar}"), crc16(b"foo{}{bar}") as usize % SLOTS);
        assert_eq!(slot(b"foo{{bar}}zap"), crc16(b"{bar") as usize % SLOTS);
    }
}
