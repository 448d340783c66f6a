//! Every bound on what comes in, in one place. A record past one of them is rejected with its name.

/// Bytes of a post's text.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a post's title.
pub const TITLE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of an id, of a post or of an author.
pub const ID_BYTES_MAX: usize = 256;
/// Bytes of a source's name.
pub const SOURCE_BYTES_MAX: usize = 64;
/// Bytes of a brand's name.
pub const BRAND_BYTES_MAX: usize = 256;
/// Bytes of an author's name.
pub const NAME_BYTES_MAX: usize = 1024;
/// Bytes of a URL.
pub const URL_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a location.
pub const LOCATION_BYTES_MAX: usize = 1024;
/// Bytes of a language tag.
pub const LANG_BYTES_MAX: usize = 35;
/// Pictures, videos and files on one post.
pub const MEDIA_MAX: usize = 64;
/// Bytes of what a sender read out of one picture or video.
pub const MEDIA_TEXT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one record as it comes in.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// How deep the JSON of a record may be nested.
pub const RECORD_DEPTH_MAX: usize = 32;
/// The greatest count that an engagement field or a number of followers may state: 10^12.
pub const COUNT_MAX: u64 = 1_000_000_000_000;
