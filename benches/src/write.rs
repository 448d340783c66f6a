//! What was read of a post, as bytes: the cleaned text once, tokens as offsets into it.

use tocsin_model::{MentionedBy, Milli, Scored, Sentiment, Token};

/// Appends one post: everything that a later reader would need of it besides the post itself.
pub(crate) fn write(scored: &Scored, out: &mut Vec<u8>) {
    let matched = &scored.tokenized.matched;
    number(matched.position.0, out);
    number(matched.at.millis() as u64, out);
    text(matched.post.id.as_str(), out);
    text(&matched.clean, out);
    number(matched.own as u64, out);
    out.extend_from_slice(&scored.tokenized.fingerprint.to_le_bytes());
    number(scored.tokenized.tokens.len() as u64, out);
    tokens(&scored.tokenized.tokens, out);
    sentiment(scored.sentiment, out);
    scored.emotions.0.iter().for_each(|e| milli(*e, out));
    milli(scored.irony, out);
    out.push(scored.intent as u8);
    number(scored.concerns.len() as u64, out);
    scored.concerns.iter().for_each(|c| text(&c.0, out));
    number(scored.reach, out);
    number(matched.mentions.len() as u64, out);
    for (mention, (_, mood)) in matched.mentions.iter().zip(&scored.by_brand) {
        text(mention.brand.as_str(), out);
        out.push(u8::from(mention.by == MentionedBy::Descent));
        sentiment(*mood, out);
    }
}

/// Each in three bytes: the distance from the one before, its length, its kind. 255 stands for more, and
/// what is more follows behind all of them.
fn tokens(tokens: &[Token], out: &mut Vec<u8>) {
    let (first, mut end, mut any_more) = (out.len(), 0, false);
    out.resize(first + 3 * tokens.len(), 0);
    let (places, _) = out[first..].as_chunks_mut::<3>();
    for (token, place) in tokens.iter().zip(places) {
        let (gap, length) = (token.start - end, token.end - token.start);
        *place = [gap.min(255) as u8, length.min(255) as u8, token.kind as u8];
        any_more |= gap.max(length) >= 255;
        end = token.end;
    }
    for token in tokens.iter().filter(|_| any_more) {
        number(u64::from(token.start), out);
        number(u64::from(token.end), out);
    }
}

fn sentiment(mood: Sentiment, out: &mut Vec<u8>) {
    milli(mood.negative, out);
    milli(mood.positive, out);
}

fn milli(milli: Milli, out: &mut Vec<u8>) {
    out.extend_from_slice(&(milli.thousandths() as u16).to_le_bytes());
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Seven bits a byte, the lowest first.
fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
