//! How many copies the fingerprint finds, and how often it takes others for copies: texts made from a seed,
//! copied as people and robots copy them.

use std::sync::LazyLock;

use tocsin_tokenize::{Scratch, Tokenizer, fingerprint, is_copy};

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| Tokenizer::new([]));

/// Texts, each of which is copied in each way.
const TEXTS: usize = 300;

/// Chance from a seed: xorshift64* (Vigna 2016).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

#[rustfmt::skip] // Many parts a line.
const PARTS: [&[&str]; 6] = [
    &["昨天晚上", "上周五", "刚才", "今天中午", "前天", "国庆假期", "半夜两点", "下班路上", "开会的时候", "出差途中"],
    &["在山岚茶饮", "去楼下超市", "在机场柜台", "打客服电话", "在他们官网", "到朋友推荐的店", "在直播间", "坐地铁回家", "在医院门口", "陪孩子上课"],
    &["点了一杯芋泥奶茶", "买了新出的手机", "退一张机票", "修坏掉的洗衣机", "排队等了两个小时", "交了三个月的押金", "遇到十年没见的同学", "收到一箱发霉的橙子", "试穿一双跑鞋", "看见一只受伤的猫"],
    &["结果喝到一根头发", "第二天屏幕就碎了", "对方说要扣一半的钱", "师傅说零件要等半年", "最后被告知卖完了", "老板直接失联", "聊了一个通宵", "卖家不肯退款", "尺码小了一号", "志愿者把它带走了"],
    &["真的太恶心了", "我整个人都不好了", "越想越生气", "有没有人管一管", "大家引以为戒", "必须讨一个说法", "心里暖暖的", "以后再也不去了", "差评送上", "希望它平安"],
    &["求转发扩散", "已经打了市长热线", "照片我都留着", "同款受害者联系我", "有律师朋友吗", "录音已经保存", "明天继续跟进", "顺便问问还有哪家靠谱", "晚安", "图是现场拍的"],
];

fn text(chance: &mut Chance) -> String {
    PARTS.iter().map(|part| chance.of(part)).collect::<Vec<_>>().join("，")
}

fn of(text: &str) -> u64 {
    fingerprint(text, &TOKENIZER.cut(text, &mut Scratch::default()))
}

/// A way of copying.
type Copy = fn(&str, &mut Chance) -> String;

/// Each with how many of a hundred copies must be found.
const COPIES: [(&str, usize, Copy); 7] = [
    ("with other marks, case, links, accounts, emoji", 100, |text, chance| {
        let marked = text.replace('，', chance.of(&["！", "... ", "\n", " "]));
        format!("{marked} @{} http://t.cn/{}[怒]😡", chance.below(999), chance.below(9999))
    }),
    ("padded in front", 90, |text, chance| {
        format!("{}{text}", chance.of(&["震惊！", "快看：", "转！", "【爆料】"]))
    }),
    ("padded behind", 90, |text, chance| {
        format!("{text}{}", chance.of(&["扩散", "求关注", "转起来", "大家看看"]))
    }),
    ("one word changed", 75, |text, chance| {
        let (from, to) = [("了", "啦"), ("我", "俺"), ("一", "1"), ("的", "滴")][chance.below(4)];
        text.replacen(from, to, 1)
    }),
    ("cut short by a tenth", 75, |text, _| text.chars().take(text.chars().count() * 9 / 10).collect()),
    ("its clauses in another order", 75, |text, chance| {
        let mut clauses: Vec<&str> = text.split('，').collect();
        let first = chance.below(clauses.len());
        clauses.rotate_left(first);
        clauses.join("，")
    }),
    ("one of six clauses said otherwise", 30, |text, chance| {
        let mut clauses: Vec<&str> = text.split('，').collect();
        let i = chance.below(PARTS.len());
        clauses[i] = chance.of(PARTS[i]);
        clauses.join("，")
    }),
];

#[test]
fn copies_are_found_and_others_are_not_taken_for_copies() {
    let mut chance = Chance(7);
    let texts: Vec<String> = (0..TEXTS).map(|_| text(&mut chance)).collect();
    let originals: Vec<u64> = texts.iter().map(|t| of(t)).collect();
    for (how, least, copy) in COPIES {
        let found =
            texts.iter().zip(&originals).filter(|(t, print)| is_copy(**print, of(&copy(t, &mut chance))));
        let percent = found.count() * 100 / TEXTS;
        println!("{percent:>3} % found: {how}");
        assert!(percent >= least, "{how}: {percent} %, less than {least} %");
    }
    // Pairs that share at most two of six clauses: other stories, though told alike.
    let (mut others, mut taken) = (0, 0);
    for i in 0..TEXTS {
        for j in 0..i {
            let alike = texts[i].split('，').zip(texts[j].split('，')).filter(|(a, b)| a == b).count();
            if alike <= 2 {
                others += 1;
                taken += usize::from(is_copy(originals[i], originals[j]));
            }
        }
    }
    println!("{taken} of {others} other pairs taken for copies");
    assert!(taken * 10_000 <= others, "{taken} of {others}: more than one in ten thousand");
}

#[test]
fn nothing_is_a_copy_of_nothing() {
    assert!(!is_copy(of(""), of("")));
    assert!(is_copy(of("好"), of("好！")));
}
