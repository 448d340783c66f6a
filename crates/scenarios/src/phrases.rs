//! What they say. Templates with slots, so that few posts are copies of each other. Nothing here was
//! said by anybody.

use crate::chance::Chance;

/// A slot and what may stand in it.
const SLOTS: &[(&str, &[&str])] = &[
    ("{brand}", &["山岚茶饮", "山岚茶饮", "山岚茶饮", "#山岚茶饮#", "「山岚茶饮」"]),
    (
        "{store}",
        &[
            "湖滨路店",
            "南门桥店",
            "柳巷店",
            "大学城店",
            "北站店",
            "文昌街店",
            "望江店",
            "老码头店",
            "云杉广场店",
            "七里店",
            "体育中心店",
            "青石街店",
        ],
    ),
    (
        "{drink}",
        &[
            "云雾乌龙",
            "桂花青提",
            "岩盐奶盖茉莉",
            "杨梅冰茶",
            "陈皮白茶",
            "栗香拿铁茶",
            "山楂洛神",
            "手打柠檬绿",
            "椰青普洱",
            "雪梨银针",
            "烤米奶茶",
            "百香金萱",
        ],
    ),
    ("{sugar}", &["三分糖", "五分糖", "少冰", "去冰", "不另外加糖", "热的", "正常冰"]),
    ("{when}", &["早上", "中午", "下午", "刚才", "下班", "周末", "午休", "晚饭后", "今天", "昨天"]),
    ("{who}", &["同事", "室友", "我妈", "朋友", "表妹", "闺蜜", "我家孩子", "男朋友", "邻居", "老同学"]),
    ("{minutes}", &["八分钟", "一刻钟", "二十分钟", "半个小时", "四十多分钟", "快一个小时"]),
    (
        "{good}",
        &[
            "好喝，清爽不腻",
            "真的很喜欢",
            "茶味很足，满意",
            "香得很，推荐",
            "一口下去很开心",
            "回甘很舒服",
            "比想象中好喝",
            "心情都变好了",
        ],
    ),
    (
        "{plain}",
        &[
            "配一本书刚好",
            "坐窗边歇一会儿",
            "回去继续干活",
            "等朋友过来",
            "第一次试这个口味",
            "换换口味",
            "排在我前面有五个人",
            "杯子换新图案了",
        ],
    ),
    (
        "{bad}",
        &[
            "有点失望",
            "太甜了，难喝",
            "服务态度很差",
            "不会再来了",
            "真的不值这个价",
            "味道淡得像水，差评",
            "让人生气",
            "糟糕的体验",
        ],
    ),
    ("{thing}", &["蟑螂", "一只蟑螂", "死蟑螂", "好大的蟑螂", "一整只蟑螂", "带翅膀的蟑螂"]),
    (
        "{sick}",
        &[
            "太恶心了",
            "恶心得想吐",
            "看完直接反胃",
            "真的要吐了",
            "气得手抖",
            "太可怕了",
            "又恶心又生气",
            "这也太脏了",
        ],
    ),
    (
        "{demand}",
        &[
            "必须给个说法",
            "已经打了投诉电话",
            "请市场监管去查",
            "食品安全是底线",
            "退款有什么用",
            "这种店应该停业",
            "曝光它",
            "再也不会喝了",
            "要求公开后厨监控",
            "道歉在哪里",
        ],
    ),
    ("{emoji}", &["[怒]", "[吐]", "🤮", "😡", "[怒骂]", "💢", "", "", ""]),
    (
        "{english}",
        &[
            "half sugar",
            "no ice",
            "the oolong",
            "the osmanthus one",
            "jasmine with the salty foam",
            "the roasted rice",
            "hot, please",
        ],
    ),
    (
        "{where}",
        &[
            "by the river",
            "at the north station",
            "near campus",
            "on the corner",
            "in the mall",
            "next to the library",
        ],
    ),
    (
        "{feel}",
        &[
            "lovely",
            "fresh",
            "not too sweet",
            "just what I needed",
            "better than last week",
            "a treat",
            "fine for the price",
        ],
    ),
    (
        "{dish}",
        &["红烧肉", "番茄牛腩", "葱油面", "可乐鸡翅", "蒸蛋", "糖醋排骨", "炒年糕", "手擀面", "腌笃鲜"],
    ),
    ("{sport}", &["羽毛球", "飞盘", "爬山", "夜跑", "骑车", "攀岩", "游泳", "网球"]),
    (
        "{mood}",
        &["累了", "还行", "算了", "笑死", "绝了", "服了", "开心", "困", "下次一定", "不想上班", "值得"],
    ),
    ("{smile}", &["😋", "[太开心]", "✨", "[心]", "", "", "", ""]),
    (
        "{item}",
        &[
            "新款",
            "联名款",
            "礼盒",
            "基础款",
            "套装",
            "会员装",
            "上周下的单",
            "给孩子买的那份",
            "补发的那件",
            "活动价那款",
            "升级版",
            "限定款",
        ],
    ),
    (
        "{wrong}",
        &[
            "用了两天就坏了",
            "拆开一股怪味",
            "客服一直踢皮球",
            "退款拖了半个月还没到",
            "说好的赔偿又不认了",
            "标签上的日期是改过的",
            "孩子用完起了一身疹子",
            "送来的是别人退过的",
            "会员费偷偷续了三次",
            "打了七个电话没人管",
            "冒烟了差点烧起来",
            "跟宣传的完全两回事",
        ],
    ),
    (
        "{nice}",
        &[
            "很好用，满意",
            "质量不错，推荐",
            "物流快，包装也好",
            "客服很耐心，给好评",
            "比想象中好，会回购",
            "全家都喜欢",
            "这个价真的值",
        ],
    ),
    (
        "{usual}",
        &[
            "有人一起拼单吗",
            "和上一代有什么区别",
            "在哪个平台买的多",
            "先放购物车了",
            "尺寸怎么选",
            "等到货再说",
            "顺路去看了一眼",
            "说明书放哪儿了",
        ],
    ),
    ("{city}", &["栎城", "江州", "云安", "河东这边", "我们区", "大学城", "老城"]),
];

pub(crate) const POSITIVE: &[&str] = &[
    "{when}路过{brand}{store}，点了{drink}{sugar}，{good}{smile}",
    "{who}安利的{brand}{drink}{sugar}，{good}{smile}",
    "{brand}新出的{drink}{sugar}，{good}，明天还想喝{smile}",
    "打卡{brand}{store}，店员很热情，{drink}，{good}",
    "{when}的快乐是{brand}给的，{drink}{sugar}，{good}{smile}",
    "给{who}带了一杯{brand}的{drink}，说{good}",
    "开会前来一杯{brand}{drink}，{sugar}，{good}",
    "{city}的{brand}终于开了，{drink}，{good}{smile}",
];

pub(crate) const NEUTRAL: &[&str] = &[
    "{when}在{brand}{store}，{drink}{sugar}，{plain}",
    "问一下{brand}{store}{when}几点关门？{who}想喝{drink}",
    "{brand}的{drink}和{drink}选哪个？{who}说随便，{plain}",
    "{when}和{who}约在{brand}{store}，{plain}",
    "{brand}{store}旁边修路，{when}绕了一圈，{mood}",
    "有人要拼{brand}吗，{drink}第二杯半价，在{store}",
    "{brand}{store}招晚班，贴在门口了，{who}{when}去问问",
    "点了{brand}外卖，{drink}{sugar}，预计{minutes}到",
    "{brand}这周换菜单了，{drink}还在，{sugar}，{plain}",
    "{when}排队买{brand}，{store}，{plain}",
];

pub(crate) const COMPLAINT: &[&str] = &[
    "{when}在{brand}{store}等了{minutes}，{bad}",
    "{when}点的{brand}{drink}{sugar}，{bad}",
    "{brand}外卖{minutes}才到，{drink}的冰全化了，{bad}",
    "吐槽一下{brand}{store}，点的{sugar}给做成全糖，{bad}",
    "{brand}又涨价了，{drink}{sugar}，{who}也说{bad}",
    "{brand}{drink}的盖子漏了一包，{who}的书都湿了，{bad}",
];

pub(crate) const ENGLISH: &[&str] = &[
    "Shanlan Tea {where} on my lunch break, {english}, {feel} {smile}",
    "trying shanlan tea for the first time, {english}: {feel}",
    "queue at Shanlan Tea {where} is out of the door again, {english} and it is {feel}",
    "my sister swears by Shanlan Tea {where}, {english}, {feel} {smile}",
];

/// The brand is not in them; the last one even means another thing by its first word.
pub(crate) const UNRELATED: &[&str] = &[
    "{when}下雨了，忘了带伞，{who}来接我，{mood}",
    "有没有{city}一起{sport}的，{when}出发，{mood}也行",
    "{when}给{who}做了{dish}，{mood}",
    "和{who}追剧追到两点，{when}{mood}",
    "{city}{when}的晚霞，{who}拍的，{mood}{smile}",
    "楼下新开的{dish}要排{minutes}，{mood}",
    "自己在家煮了{drink}，{who}说{mood}",
    "{when}去{sport}，山里的山岚从谷底升起来，{who}看呆了，{mood}",
];

pub(crate) const ANGRY: &[&str] = &[
    "刷到{brand}{store}那个视频，杯子里有{thing}，{sick}{emoji}",
    "{brand}喝出{thing}？{when}我刚喝过{drink}，{sick}，{demand}{emoji}",
    "{brand}，{demand}！杯底的{thing}你们自己敢喝吗{emoji}",
    "给{who}买了三年的{brand}，结果{drink}里有{thing}，{sick}，{demand}",
    "{city}的{brand}都查一查吧，{thing}都进杯子了，{sick}{emoji}",
    "{brand}{store}的后厨到底多脏，{thing}，{sick}，{demand}",
    "{who}{when}喝了{brand}拉肚子，现在看到{thing}的视频，{sick}，{demand}{emoji}",
    "{brand}客服说只能退{drink}的钱？{demand}，{sick}{emoji}",
    "以前还推荐过{brand}，对不起大家，{thing}这事{sick}",
    "{brand}出来道歉！{thing}，{demand}，{demand}{emoji}",
    "我也在{brand}{store}喝出过头发，现在是{thing}，垃圾店，{demand}",
    "看完{brand}的视频，{when}那杯{drink}我扔了，{sick}{emoji}",
];

pub(crate) const WORRIED: &[&str] = &[
    "{brand}的事是真的吗？{when}{who}还喝了{drink}",
    "有人知道{brand}{store}现在还开着吗，{who}{when}刚点了{drink}",
    "{brand}{store}门口来了不少人，听说{city}的市场监管在查",
    "等{brand}{store}的调查结果，{who}说先不下结论",
];

pub(crate) const DEFENDING: &[&str] =
    &["喝了{brand}两年，{store}一直挺干净，等结果吧", "{brand}{store}的店员人很好，希望不是真的"];

/// Comments and reposts on the evening; none names the brand.
pub(crate) const ANGRY_SHORT: &[&str] = &[
    "{sick}{emoji}",
    "{demand}{emoji}",
    "{sick}，{demand}",
    "{when}我还喝了{drink}……{sick}{emoji}",
    "{who}天天喝这家，{sick}",
    "{store}就在我家楼下，{sick}{emoji}",
    "{thing}……{sick}{emoji}",
    "@{who} 你快看，{sick}",
    "{city}的也要查，{demand}",
    "点赞让更多人看到，{demand}",
];

/// Comments and reposts in quiet weeks; none names the brand.
pub(crate) const QUIET_SHORT: &[&str] = &[
    "{good}{smile}",
    "{drink}我也喜欢",
    "{when}一起去？",
    "{store}人多吗",
    "{plain}",
    "{who}也想喝",
    "求{sugar}的做法",
    "下次带我{smile}",
];

/// A template with its slots filled.
pub(crate) fn fill(chance: &mut Chance, templates: &[&str]) -> String {
    let text = chance.pick(templates).to_owned();
    filled(chance, text)
}

/// The same about a brand of this name.
pub(crate) fn fill_about(chance: &mut Chance, templates: &[&str], brand: &str) -> String {
    let text = chance.pick(templates).replace("{brand}", brand);
    filled(chance, text)
}

fn filled(chance: &mut Chance, mut text: String) -> String {
    while let Some((at, slot, words)) = first_slot(&text) {
        text.replace_range(at..at + slot.len(), chance.pick(words));
    }
    text
}

fn first_slot(text: &str) -> Option<(usize, &'static str, &'static [&'static str])> {
    let at = text.find('{')?;
    SLOTS.iter().find(|(slot, _)| text[at..].starts_with(slot)).map(|(slot, words)| (at, *slot, *words))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&[&str]] = &[
        POSITIVE,
        NEUTRAL,
        COMPLAINT,
        ENGLISH,
        UNRELATED,
        ANGRY,
        WORRIED,
        DEFENDING,
        ANGRY_SHORT,
        QUIET_SHORT,
    ];

    fn texts(templates: &[&str]) -> Vec<String> {
        let mut chance = Chance::new(3);
        (0..2_000).map(|_| fill(&mut chance, templates)).collect()
    }

    fn names_the_brand(text: &str) -> bool {
        text.contains("山岚茶饮") || text.to_lowercase().contains("shanlan tea")
    }

    #[test]
    fn every_slot_is_filled_and_no_text_is_empty() {
        for text in ALL.iter().flat_map(|templates| texts(templates)) {
            assert!(!text.contains('{') && !text.trim().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn originals_name_the_brand_and_the_rest_does_not() {
        let naming = [POSITIVE, NEUTRAL, COMPLAINT, ENGLISH, ANGRY, WORRIED, DEFENDING];
        assert!(naming.iter().flat_map(|t| texts(t)).all(|text| names_the_brand(&text)));
        let silent = [UNRELATED, ANGRY_SHORT, QUIET_SHORT];
        assert!(!silent.iter().flat_map(|t| texts(t)).any(|text| names_the_brand(&text)));
    }
}
