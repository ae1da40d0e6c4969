"""Function words: numbers, negations, prepositions of place, and words without visual meaning."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "CLASSIFIERS",
    "COUNTS_EN",
    "COUNTS_ZH",
    "FUNCTION_CHARACTERS",
    "LOCATING_EN",
    "LOCATING_ZH",
    "NEGATIONS_EN",
    "NEGATIONS_ZH",
    "NEGATION_EXCEPTIONS",
    "PHRASES_EN",
    "PRONOUNS_EN",
    "PRONOUNS_ZH",
    "REMOTE_EN",
    "REMOTE_ZH",
    "SIMPLIFIED",
    "STOP_WORDS_EN",
    "STOP_WORDS_ZH",
]

COUNTS_EN: Mapping[str, int] = {
    "one": 1, "single": 1, "lone": 1, "lonely": 1, "solitary": 1,
    "two": 2, "couple": 2, "pair": 2, "twin": 2, "both": 2,
    "three": 3, "some": 3, "few": 3, "trio": 3,
    "four": 4, "several": 4, "five": 5, "group": 5, "pack": 5,
    "six": 6, "many": 6, "bunch": 6, "dozens": 12, "seven": 7, "eight": 8, "flock": 8, "herd": 6, "shoal": 8,
    "school of": 8, "nine": 9, "ten": 10, "eleven": 11, "dozen": 12, "twelve": 12, "countless": 12, "swarm": 12,
    "hundred": 12, "hundreds": 12, "thousands": 12,
}  # fmt: skip
"""English number words and their counts."""

COUNTS_ZH: Mapping[str, int] = {
    "一": 1, "两": 2, "二": 2, "俩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "十二": 12, "几": 3, "一些": 3, "一对": 2, "一双": 2, "一群": 5, "成群": 6, "许多": 6, "很多": 6, "数十": 12,
    "无数": 12, "几十": 12, "上百": 12, "成千上万": 12, "一家三口": 3,
}  # fmt: skip
"""Chinese number words; small numbers count only before a classifier."""

CLASSIFIERS = frozenset("只条匹头个位名辆台架艘朵棵颗株群对双块杯片座栋尾盏把张件份")
"""Chinese measure words, which stand between a number and the counted noun."""

NEGATIONS_EN = frozenset(
    ("no", "not", "without", "never", "nor", "neither", "don't", "dont", "doesn't", "isn't", "aren't", "avoid",
     "minus", "excluding", "exclude", "lacking")
)  # fmt: skip
"""Negations: the rest of the clause is absent."""

NEGATIONS_ZH = frozenset(
    ("没有", "没", "不要", "不", "无", "别", "避免", "禁止", "不含", "不下", "没下", "去掉", "不带")
)

NEGATION_EXCEPTIONS = frozenset(("only", "just", "merely", "too", "far", "long", "longer", "仅", "只"))
"""Words that cancel a preceding negation ("not only dogs", "not far from the sea")."""

LOCATING_EN = frozenset(
    ("in", "on", "at", "through", "across", "along", "over", "inside", "within", "under", "into", "amid", "around",
     "down", "by", "near", "beside", "above", "towards", "toward", "onto", "into")
)  # fmt: skip
"""Prepositions before the place of the action."""

LOCATING_ZH = frozenset(("在", "于", "沿着", "沿", "穿过", "穿越", "飞越", "飞过", "掠过", "来到", "走进", "越过"))

REMOTE_EN = frozenset(
    (
        "background",
        "distance",
        "distant",
        "behind",
        "faraway",
        "like",
        "reminds",
        "painting of",
        "overlooking",
        "above",
        "looks out at",
        "looking out at",
        "looks at",
        "looking at",
        "watching",
        "watches",
    )
)
"""Words that mark a place as only visible in the distance."""

REMOTE_ZH = frozenset(("上空", "远处", "远方", "背景", "身后", "背后", "像", "仿佛", "好像"))

PRONOUNS_EN = frozenset(("he", "she", "it", "they", "him", "her", "them", "his", "its", "their", "same"))
"""Pronouns that refer to an earlier subject."""

PRONOUNS_ZH = frozenset(("他", "她", "它", "他们", "她们", "它们", "同一", "其"))

STOP_WORDS_EN = frozenset(
    """
    a an the this that these those there here is are was were be been being am do does did has have having had will
    would can could may might should must let lets and or but nor so yet as of for from with about after before
    until while when where which who whom whose what why how than then to up off out again further once i you we us
    our your my me very more most much less least such own other another each every all any only just too also still
    almost quite really like if because during between both few their his her its it he she they them him not no

    video clip footage scene shot frame frames image picture view camera lens angle shows showing show shown see seen
    sees featuring features feature depicts depicting make create generate please render style styled look looking
    looks feel feeling effect mood atmosphere quality high detail detailed details resolution hd uhd hdr fps aspect
    ratio portrait landscape vertical horizontal wide medium second seconds sec minute minutes long short audio sound
    sounds music voice dialogue says say reads read saying reading text caption title sign titled word words
    beautiful pretty nice lovely gorgeous stunning amazing epic majestic scenic gentle gently soft softly warm calm
    quiet peaceful serene bright vivid colorful colourful dramatic slowly quickly smoothly smooth ultra
    fade fades fading dissolve crossfade transition transitions cut cuts switch
    background foreground distance front top bottom left right side middle center centre side
    one two three four five six seven eight nine ten
    against back away past toward towards into onto upon over under near next in on at by through across along around
    inside outside above below down empty full busy old new slow old-fashioned narrow endless alone quiet silent light
    lights rays ray sun sunlight wind air sky
    """.split()  # noqa: SIM905 - a list of this many literals would be unreadable
)
"""Words without visual content: ignoring them loses nothing, so they are not reported as unrecognised."""

PHRASES_EN = frozenset(("depth of field", "field of view", "snow capped", "snowcapped", "point of view", "black bars"))
"""Phrases whose words would be misunderstood one by one."""

STOP_WORDS_ZH = frozenset(
    """
    一个 一段 视频 画面 镜头 场景 风格 效果 画质 高清 超高清 生成 制作 请 拍摄
    展现 展示 呈现 描绘 表现 出现 里面 外面 上面 下面 前面 后面 旁边 中间 周围
    之间 以及 并且 同时 然后 接着 最后 突然 非常 十分 美丽 漂亮 唯美 温馨 宁静
    安静 柔和 细节 丰富 质感 景深 氛围 光线 背景 前景 竖屏 横屏 秒 分钟 正在 进行
    充满 形成 静静 热闹 天空 光线 阳光 弥漫 远处 近处 配乐 音乐 声音 字幕 文字 写着 显示 招牌 标题
    """.split()  # noqa: SIM905 - a list of this many literals could not be read
)
"""The Chinese words without visual content."""

FUNCTION_CHARACTERS = frozenset(
    "的了着过在和与是一个有上下里中外边旁着地得之以及被把从向往到对为而也都又就还很最更这那其此并或当于至由给让使将"
)
"""Chinese characters that only connect other words."""

SIMPLIFIED = str.maketrans(
    "貓鳥魚馬龍車門飛機樹葉雲霧風電氣陽陰灘島邊園櫻廟場夢鄉農莊燈賽龐樓廈廳廚館舊橋鐵軌衛艦輪熱師藝學習紅"
    "黃綠藍銀兩隻條輛個幾對雙羣許無沒應還這裡裏後遠處開關東從來進過動緩鏡頭環繞隨變遙現實寫畫筆國紙術說話"
    "聽讀書買賣飯麵湯蘋麼樂頻響聲濤溝溫涼靜鬧節慶煙點線圓亂萬極運撐傘遊戲騎駛躍飄揚灑凍絲髮顏臉齡歲兒孫婦"
    "戀愛親觀眾擁擠",
    "猫鸟鱼马龙车门飞机树叶云雾风电气阳阴滩岛边园樱庙场梦乡农庄灯赛庞楼厦厅厨馆旧桥铁轨卫舰轮热师艺学习红"
    "黄绿蓝银两只条辆个几对双群许无没应还这里里后远处开关东从来进过动缓镜头环绕随变遥现实写画笔国纸术说话"
    "听读书买卖饭面汤苹么乐频响声涛沟温凉静闹节庆烟点线圆乱万极运撑伞游戏骑驶跃飘扬洒冻丝发颜脸龄岁儿孙妇"
    "恋爱亲观众拥挤",
)
"""Traditional characters that occur in the lexicon, mapped to their simplified forms."""
