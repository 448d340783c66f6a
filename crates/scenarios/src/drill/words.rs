//! What is said in drills, about a brand of any trade. Nothing here was said by anybody.

/// Everyday talk about the brand: what is liked, …
pub(crate) const LIKED: &[&str] = &[
    "{who}推荐的{brand}{item}，{nice}{smile}",
    "{when}收到{brand}的{item}，{nice}",
    "{brand}{item}，{nice}{smile}",
    "第二次买{brand}了，{item}，{nice}",
    "去{city}的{brand}，店员态度好，{item}也{nice}",
    "{when}给{who}带了{brand}的{item}，{nice}",
];

/// … what is neither, …
pub(crate) const NEITHER: &[&str] = &[
    "{brand}的{item}，{usual}？",
    "{when}路过{brand}，{usual}",
    "{who}问{brand}{item}，{usual}",
    "{brand}{item}今天发货，{usual}",
    "有没有{city}的用过{brand}，{usual}",
    "{brand}出{item}了，{who}说{usual}",
    "{when}在{brand}门口等{who}，{usual}",
];

/// … and what is complained of.
pub(crate) const COMPLAINED: &[&str] = &[
    "{brand}的{item}，{wrong}，失望",
    "吐槽{brand}，{wrong}",
    "{when}买的{brand}{item}，{wrong}，太差了",
    "{who}的{brand}{item}{wrong}，再也不买了",
    "{brand}{wrong}，差评",
    "{brand}，{item}，{wrong}，后悔",
];

/// English, as some write.
pub(crate) const ENGLISH: &[&str] = &[
    "ordered from {brand} {where}, arrived on time, {feel} {smile}",
    "anyone tried the new {brand} set? thinking about it",
    "{brand} {where} was packed today, {feel}",
];

/// English, as some complain.
pub(crate) const ENGLISH_ANGRY: &[&str] = &[
    "{brand} this is disgusting, never buying again {emoji}",
    "shame on you {brand}, I want my money back {emoji}",
    "so {brand} knew and said nothing? terrible company",
];

/// Comments and reposts on an ordinary day; none names the brand.
pub(crate) const EVERYDAY_SHORT: &[&str] =
    &["{nice}{smile}", "{usual}", "{who}也有一个", "{mood}", "链接有吗，{usual}", "{city}能买到吗"];

/// The brand is not in them.
pub(crate) const UNRELATED: &[&str] = &[
    "{when}下雨了，忘了带伞，{who}来接我，{mood}",
    "{when}给{who}做了{dish}，{mood}",
    "有没有{city}一起{sport}的，{mood}也行",
];

/// By a nickname only, which not every query knows; as often bad as the rest.
pub(crate) const NICKNAMED: &[&str] = &[
    "阿巷家的{item}，{usual}",
    "{when}又去阿巷家了，{nice}{smile}",
    "{who}说阿巷家{item}{nice}",
    "阿巷家今天人多吗，{usual}",
];
/// The same, complaining.
pub(crate) const NICKNAMED_COMPLAINED: &[&str] =
    &["阿巷家{item}，{wrong}，失望", "{who}在阿巷家{wrong}，差评"];

/// The angry.
pub(crate) const ANGRY: &[&str] = &[
    "{brand}{item}{wrong}！{demand}{emoji}",
    "看到有人说{brand}{wrong}，我家也是，{demand}{emoji}",
    "{brand}，{wrong}，你们良心不会痛吗{emoji}",
    "{who}的{brand}{item}也{wrong}，垃圾牌子，{demand}",
    "以前还推荐过{brand}，{wrong}，太恶心了，对不起大家{emoji}",
    "{brand}{wrong}，投诉了还删评论，{demand}{emoji}",
    "{city}的{brand}也一样，{wrong}，{demand}",
    "抵制{brand}！{wrong}，{demand}{emoji}",
    "{brand}出来道歉，{wrong}不是第一次了，{demand}",
    "别买{brand}，{item}{wrong}，骗子{emoji}",
];

/// Comments and reposts of the angry; none names the brand.
pub(crate) const ANGRY_SHORT: &[&str] = &[
    "{demand}{emoji}",
    "我家的也{wrong}{emoji}",
    "太恶心了，{demand}",
    "{who}还在用，赶紧扔了，气死了{emoji}",
    "{wrong}，骗子公司",
    "扩散，{demand}",
    "@{who} 快看，别买了，{wrong}",
];

/// Those who have heard something.
pub(crate) const RUMOUR: &[&str] = &[
    "听说{brand}{wrong}，是真的吗？吓死了",
    "群里在传{brand}{item}{wrong}，{who}都慌了，{demand}{emoji}",
    "{brand}的事越传越吓人，{item}还能不能用，{demand}",
    "有人说{brand}{wrong}，要是真的太可怕了{emoji}",
];

/// After the brand has spoken: still angry, …
pub(crate) const STILL_ANGRY: &[&str] =
    &["{brand}这声明避重就轻，{demand}{emoji}", "道歉有什么用，{brand}{wrong}，{demand}"];
/// … and content.
pub(crate) const CONTENT: &[&str] = &[
    "{brand}这次回应还算快，等结果",
    "看了{brand}的说明，挺诚恳的，支持一下",
    "原来是误会，{brand}{item}我家一直用着，{nice}",
    "{brand}愿意负责就好，{nice}",
];

/// Comments after the brand has spoken; none names it.
pub(crate) const CALMER_SHORT: &[&str] =
    &["这还差不多", "等结果吧", "知错能改就好", "还行，支持", "{demand}"];

/// A campaign's guests.
pub(crate) const PRAISE: &[&str] = &[
    "#{brand}新品日# {item}到手，{nice}{smile}",
    "冲着代言人买的{brand}{item}，{nice}{smile}",
    "{brand}的活动太划算了，{item}，{nice}",
    "{city}{brand}快闪打卡，{item}，{nice}{smile}",
    "{who}给我抢到了{brand}{item}，开心{smile}",
];

/// Those who pass on to win.
pub(crate) const LOTTERY_SHORT: &[&str] =
    &["中一个吧{smile}", "许愿{item}", "来了来了", "拉上{who}一起", "好运{smile}"];

/// Greetings.
pub(crate) const GREETING: &[&str] = &[
    "节日快乐！{who}送的{brand}{item}{smile}",
    "一家人聚在一起，桌上有{brand}的{item}，{nice}{smile}",
    "回{city}过节，带了{brand}{item}，{usual}",
    "放假第一天，{brand}排了{minutes}，{mood}",
    "假期值班，{brand}{item}陪我，{usual}",
];

/// What robots say: few texts, to the letter.
pub(crate) const ROBOTS: &[&str] = &[
    "{brand}产品质量太差了，大家千万别买，已经向有关部门举报，希望严查到底",
    "强烈抵制{brand}，黑心商家，坑害消费者，建议大家转发让更多人看到",
    "买了{brand}后悔死了，客服态度恶劣，拒绝退款，垃圾品牌",
];

/// What somebody well known has found out.
pub(crate) const REPORT: &str = "收到三十多位读者的投诉：{brand}的同一批产品出了问题，有人受伤，客服让删帖才肯退款。录音和检测报告都在这里，我们已经问了{brand}，没有答复。";
/// What somebody well known has heard.
pub(crate) const HEARSAY: &str =
    "刚听一位在{brand}做过的朋友说，他们这批货早就查出问题了还在卖，太可怕了，家里有的先别用。";
/// What happened to somebody whom nobody knows.
pub(crate) const MISFORTUNE: &str = "用了{brand}半年，昨晚突然冒烟，差点烧了沙发。客服说是我使用不当，最多赔两百。视频里就是当时的样子，气得我手抖。";
/// What the brand says of a prize.
pub(crate) const SAYS_LOTTERY: &str =
    "{brand}周年庆：关注并转发这一条，抽一百位送礼盒，后天开奖，人人有机会！";
/// What the brand says against a rumour.
pub(crate) const SAYS_DENIAL: &str =
    "{brand}说明：网传批次问题不属实，送检报告附后，欢迎大家监督。造谣内容已取证。给大家带来困扰，抱歉。";
/// What the brand says when it was wrong.
pub(crate) const SAYS_APOLOGY: &str =
    "{brand}致歉：这批产品确有问题，责任在我们。即日起全部召回，全额退款并承担检查费用，专线今晚开通。";
