/**
 * What copy may not say. Patterns look at the words without disguise; what honestly denies a reward (转发没有奖励) or thanks for
 * what a friend buys is taken out first. A guard is no judge: what it lets through a person still reads.
 */

import type { RuleCode } from './compliance'
import { fold } from './compliance-fold'

export interface CopyFinding {
  rule: RuleCode
  /** The passage, as it was written. */
  found: string
}

/** Whoever shares: to send on, to show around, to post; a 分享会 is an evening, not a deed. */
const SHARE =
  '(?:转发|转给|转到|转群|转一下|转一转|转此|群转|分享(?!会(?![得领送获返]))|晒图|晒单|晒一晒|推给|群发|发(?:到|给|个|条|一条|布到|送到|进)?(?:\\d个?|你的|您的|微信|三个|两个|个人|自己的)*(?:朋友圈|群|好友)|发圈|发给[^|]{0,4}?(?:好友|朋友|个人|位人|人)|告诉[^|]{0,4}?(?:朋友|好友|个人|位人)|复制链接|(?:发|打卡)(?:小红书|抖音|微博|视频号))'
/** What may stand between the deed and its price without being about anything else. */
const THEN =
  '(?:给|到|至|本|此|这|一|个|次|条|张|页|小程序|链接|海报|卡片|活动|微信|朋友圈|群|好友|朋友|家人|人|\\d|三|两|五|并|成功|截图|截屏|凭|后|完|了|以后|之后|即|就|可|以|能|便|立|刻|马|上|都|必|会|直接|自动|还|再|你|您|有|免费|来|去|也|和|与|越多|快|赶紧|才|视频|文章|广告|全文)'
/** To get or to give; not 得闲, 享受, 送上祝福. */
const GET =
  '(?:得(?!闲|空|以|体|半|来|意|其|自|失|益|当|很|更|太|知|了的)|领(?!略|会|先|养)|获|送(?!上|去|别|到家)|赢|抽(?!空|时间)|返|赚|换(?!季)|享(?!受|用)|赠|拿|兑|奖)'
const GIVE = '(?:得|领|获|送|赢|抽|返|赚|换|赠|拿|发|奖励|奖|收到|享|减)'
const GOOD = '(?:积分|券|红包|现金|\\d+元|块钱|奖|礼|福利|免单|免费|一杯|折扣|优惠)'
/** Not the friend's own purchase: that may be thanked for. */
const NEAR =
  '(?:(?!\\|)(?!(?:朋友|好友|对方|他们?|她们?|新人|新会员)(?:的)?(?:[来去]店里?|到店)?(?:消费(?!券|金)|首单|下单|购买(?!券)|第一[单笔盏杯次]|首次|买))[^])'

/** Not what a friend buys, wherever it stands: after it a head is no longer what counts. */
const BEFORE_BUYING = '(?:(?!\\||消费(?!券|金)|首单|下单|购买(?!券)|第一[单笔盏杯次]|首次|到场|喝)[^])'

const EN_SHARE = '(?:tell(?:\\d|three|two|five|your|a)*friends?|sharing|share|repost|retweet|forward(?:ing)?|spread)'
const EN_THEN =
  '(?:it|this|now|with|your|our|friends?|onmoments|tomoments|tothe|group|moments|the|link|card|post|and|n|to|2|for|then|u|you|can|will|a|instantly)'
const EN_GET = '(?:get|earn|win|receive|claim|unlock|gain|free|reward|bonus|coupon|points|cash|gift)'

const STARS = '(?:好评|五颗?星|5颗?星|满星|满分评|晒好)'
const LOOK =
  '(?:点击|点开|打开|点一点|点一下|点就|扫码|扫一扫|扫二维码|浏览|观看|访问|看完?(?:视频|文章|广告|直播)|阅读)'

const COUNT = '(?:\\d+|[一两二三四五六七八九十百几])'

type Row = 'tight' | 'loose'

/** [rule, where it is looked for, pattern]; `loose` keeps sentences apart, `tight` does not. */
const PATTERNS: [RuleCode, Row, string][] = [
  [
    'forced_share',
    'tight',
    `${SHARE}(?:给|到|好友|朋友圈|群|\\d|个|三|两)*(?:后|完|之后|以后)?(?:才|方|即|就|可以|可|能)*(?:解锁|查看|查阅|下载|观看|看|喝到|继续|使用|参加|参与)`,
  ],
  [
    'forced_share',
    'tight',
    `(?:不|未|没)(?:${SHARE})(?:就|则|便)?(?:不能|看不|无法|不可|没法)|(?:先|必须|须|需要?)${SHARE}${THEN}{0,6}(?:再|才|后)`,
  ],
  ['forced_share', 'tight', `${EN_SHARE}(?:it|this)?(?:to|2|and|before)(?:you)?(?:unlock|continue|view|read|see)`],
  [
    'moments_post',
    'tight',
    `朋友圈(?:打卡|集|转|晒|点赞)[^|]{0,8}?(?:${GET}|${GOOD})|(?:发|晒|转|分享|贴|po)[^|]{0,6}(?:朋友圈|圈)[^|]{0,10}?(?:${GET}|${GOOD}|免单)|(?:凭|截|持)[^|]{0,4}朋友圈|(?:poston|shareto|tothe)?moments${EN_THEN}{0,6}${EN_GET}`,
  ],
  ['share_copy', 'loose', `${SHARE}${THEN}{0,12}${GET}`],
  ['share_copy', 'tight', `${SHARE}${NEAR}{0,14}?${GIVE}[^|]{0,5}?${GOOD}`],
  [
    'share_copy',
    'tight',
    `(?:${GET}|免费喝|免费拿|${GOOD})[^|]{0,8}?(?:只要|只需|需要?|请先|必须|方法|条件|任务|方式|就要|就得|靠)[^|]{0,6}?${SHARE}`,
  ],
  [
    'share_copy',
    'tight',
    `${EN_SHARE}${EN_THEN}{0,10}${EN_GET}|${EN_GET}(?:points|coupons?|rewards?)?(?:by|for|when(?:you)?|whenyou)${EN_SHARE}`,
  ],
  [
    'pay_per_head',
    'tight',
    `(?:邀请|邀|拉)(?:好友|朋友|新人|新|人|一人|一个|1人|1个|一位|满?\\d+人|来)*(?:即|就|便|立|必|马上|立刻|立即|入群|进群|注册)+(?:可|能)?${GET}|拉(?:新|人头|人|一个|1个|\\d+个?人?)[^|]{0,6}?${GIVE}|每(?:拉|邀)(?:请)?[^|]{0,6}?${GIVE}|人头费|invite(?:afriend|friends)?(?:and|to|2)(?:instantly)?(?:earn|getpaid|wincash)`,
  ],
  [
    'pay_per_head',
    'tight',
    `(?:拉|邀请?|叫|请|让|带)[^|]{0,6}?(?:入会|注册|进群|加入|加群)${BEFORE_BUYING}{0,8}?(?:${GIVE}|\\d+积分|\\d+元)|(?:每)?(?:邀请?|拉)(?:满|来)?(?:\\d+|[一两三五十])(?:个|位|名)?(?:人|好友|朋友|新人|新会员)?${BEFORE_BUYING}{0,6}?${GIVE}`,
  ],
  [
    'pay_per_visit',
    'tight',
    '(?:朋友|好友|对方|别人|他|她)(?:们)?(?:点|扫|打开|浏览|看|帮你点)[^|]{0,8}?你(?:就|便|即|可|能|也|都|会)*(?:得|有|拿|领|获|收到|赢)',
  ],
  [
    'share_copy',
    'tight',
    `${SHARE}${NEAR}{0,10}?(?:积分|券|红包|免费|免单|升杯|惊喜|礼品|奖品|好礼|有礼|有奖|奖励)|foreveryshare|pershare|aftersharing`,
  ],
  [
    'earning_copy',
    'tight',
    '赚|挣钱|捞金|吸金|躺着?(?:挣|收钱)|副业|兼职|日入|月入|睡后收入|被动收入|管道收入|财富自由|财务自由|搞钱|返利|返佣|佣金|分佣|提成|分红(?!橙|汤|茶|艳)|earn(?:money|cash|income|from|up|big)|makemoney|getpaid|(?:invite|refer|bring)(?:a|your)?(?:friends?)?(?:and|to|n|2)?earn|推广员|推广大使|passiveincome|sidehustle|commission',
  ],
  [
    'promise_copy',
    'tight',
    '必得|必中|必领|稳得|稳中(?!有|带)|100(?:中奖|有奖)|百分(?:之)?百(?:中奖|有奖|得|领到|送)|人人(?:有奖|有份|有礼|可领|都送)|白送|白拿|白嫖|白给|不要钱|0元(?:购|喝|领|拿)|零元(?:购|喝|领|拿)|包赢|guaranteed(?:win|prize|reward|gift)',
  ],
  ['pay_per_visit', 'loose', `${LOOK}${THEN}{0,8}${GET}(?!取?会员卡|取?会员码)`],
  [
    'pay_per_visit',
    'tight',
    `(?:点|看|扫)(?:就|即|必)(?:送|领|得|返|有奖|有礼)|每(?:次|个)?(?:点击|打开|浏览|访问|阅读)[^|]{0,6}?${GIVE}|(?:click|open|scan|visit|tap|view)(?:it|now|here|thelink)?(?:and|to|2)(?:get|earn|win|claim|receive)`,
  ],
  [
    'pressure_copy',
    'tight',
    '不转(?:不是|就|会|后悔|死|倒霉|走)|不分享不是|必转|速转|疯转|转疯|(?:帮我|帮忙|求|请)(?:你|大家|各位)?(?:点一?[下个]|点击|点点|砍|助力|投|加速|浇水|拼一|转发|扩散|转一)|帮我点|(?:好友|朋友|邀请|\\d人|人人?|点击|为我|差\\d个?)助力|助力(?:领|得|拿|砍|免|解锁|抢|购|好友|成功|一下|\\d)|砍(?:一刀|价|一下)|(?:速|急|快|求|紧急)扩散|扩散(?:给|出去|到)|转发(?:保|积德|好运|平安)|不看后悔|删前(?:速|快|看)|(?:是|还是)(?:中国人|朋友|兄弟|真爱)就(?:转|点|顶|来|帮)|就差你(?:一个|一票|一刀|了)',
  ],
  [
    'exaggerated_card',
    'tight',
    '震惊|惊呆|惊爆|疯抢|抢疯|秒光|手慢无|史上最|有人@|@(?:我|你|所有人|全体)|(?:你|您)有(?:一|1|\\d)?(?:个|封|条|份)?(?:红包|新红包|未领|未读|转账)|红包(?:待|未|等你)|恭喜(?:你|您)?(?:获得|中|抽中|被选|成为幸运)|系统(?:通知|消息|提示)|微信(?:官方|团队|红包|支付通知)|紧急通知|内部消息|仅此一次|不点后悔|错过(?:再等|后悔|不再|就没)|速看|youhavewon|congratulationsyou',
  ],
  [
    'cash_reward',
    'tight',
    '(?:送|领|返|得|奖|抽|发|赢|拿|给)[^|]{0,6}?(?:现金|红包|零钱|微信钱包)|现金(?:奖|红包|返|大奖|券)|提现|返现|红包|到零钱|cashback|wincash|freecash|redpacket',
  ],
  [
    'random_reward',
    'tight',
    '抽奖|抽大奖|抽取|抽中|抽(?:一|\\d)(?:位|名|个|次|杯)|手气|随机(?:奖|红包|金额|积分|券|立减|返|得|送)|大?转盘|砸金蛋|老虎机|刮一刮|拆福袋|瓜分|刮刮|摇一摇|摇奖|盲盒|开宝箱|中奖|幸运(?:奖|大奖|鹅|抽|星)|锦鲤|扭蛋|luckydraw|lottery|raffle|jackpot|mysterybox',
  ],
  [
    'growing_reward',
    'tight',
    '(?:邀|拉|请|转|分享|推荐|人|带)[^|]{0,6}?越多[^|]{0,6}?(?:越|赚|奖|送|得|领|拿)|阶梯奖|奖励(?:翻倍|递增|升级)|(?:邀|拉|请|人数)[^|]{0,8}?翻倍|上不封顶|themoreyou(?:invite|share|bring)',
  ],
  [
    'second_level',
    'tight',
    '下线|下级|(?:朋友|好友)(?:再|又)?(?:邀|请|拉|推荐)[^|]{0,8}?你(?:再|也|还|又|都|能|可)*(?:得|拿|有|算|奖|赚|返|收)|pyramid|(?:二|两|双|三|多|2|3)[级层](?:分|奖|返|佣|提|推|关系|邀|好友|朋友|裂|代|收)|裂变|分销|代理(?:商|制|级|权)|招代理|收徒|师徒|徒弟|传销|间接(?:邀|推荐|奖)|再(?:邀|请|拉|推荐)[^|]{0,8}?(?:你|您)?(?:也|都|还|又)(?:能|可|会)?以?(?:得|算|拿|有|奖|赚|返|收)|人脉变现|金字塔|downline|multilevel|mlm|twolevels?|secondlevel|tiercommission',
  ],
  [
    'team_pay',
    'tight',
    '团队(?:奖|提成|业绩|计酬|收益|佣|返|长奖)|合伙人|业绩(?:奖|提成|分)|teambonus|teampay|teamcommission',
  ],
  [
    'entry_fee',
    'tight',
    '入门费|入会费|加盟费|押金|保证金|报名费|门槛费|(?:交|缴|付|充)(?:值|纳|满)?\\d+元?[^|]{0,8}?(?:成为|加入|入会|资格|开通|参加|参与|升级)|先(?:交|缴|充)|(?:买|消费|充)[^|]{0,10}?(?:成为|加入|升级|当)(?:为)?(?:代言人|合伙|代理|大使|团长)|joiningfee|entryfee|deposit',
  ],
  [
    'paid_praise',
    'tight',
    `${STARS}[^|]{0,8}?(?:返|送|得|领|奖|抽|免单|减|换|赠|有礼)|(?:返|送|领|得|奖|减|换)[^|]{0,8}?(?:要|需|请|给|写|打|凭|留)(?:个|出|一个)?${STARS}|(?:删|改)(?:差|中|掉差)评|差评(?:不|没|无)(?:奖|送|给|算)|只(?:收|要|奖|谢|算)${STARS}|(?:good|positive|5star|fivestar)(?:reviews?|ratings?)[^|]{0,10}?(?:get|earn|win|free|reward|coupon|gift|points)`,
  ],
  [
    'paid_like',
    'tight',
    `集(?:\\d+个?)?赞|攒赞|求赞|点(?:个)?赞[^|]{0,8}?(?:得|领|送|返|奖|抽|赢|换|赠)|满\\d+个?赞|赞(?:满|够|到)\\d+|\\d+个赞|likes?(?:and|to|2)(?:get|win|earn)`,
  ],
  [
    'paid_vote',
    'tight',
    '拉票|刷票|(?:投票|投我|投一票|投上一票)[^|]{0,8}?(?:得|领|送|返|奖|抽|赢|换|赠)|(?:领|得|送|奖|返)[^|]{0,6}?(?:要|需|请|先|凭)投票|vote(?:forus|now)?(?:and|to|2)(?:get|win|earn)',
  ],
  [
    'pay_per_follow',
    'tight',
    `关注(?:本|我们|公众号|视频号|微信|店铺|一下|了|并|后|即|就|可|以|能|立|马|上|刻|都|有|免费)*(?:${GET})|(?:关注|加群|进群|加微信|加企微|添加客服)[^|]{0,8}?(?:领|送|返|抽|奖|赠)[^|]{0,6}?${GOOD}|(?:加群|进群|加微信|加企微)(?:就|即|可|能|立)*${GET}|follow(?:us|me)?(?:and|to|2)(?:get|win|earn|claim)`,
  ],
  [
    'contacts',
    'tight',
    '通讯录|(?:上传|导入|填写?|留下?|提供|交)[^|]{0,4}?(?:好友|朋友|亲友|家人|联系人)(?:的)?(?:手机|电话|号码|微信号|联系)|导入联系人|uploadcontacts',
  ],
  [
    'superlative_copy',
    'tight',
    '国家级|世界级|宇宙级|最高级|最佳|最好喝|最好的(?!时|日|季|一[天年刻]|那|年|自己|朋友|状态|礼物|心情|距离|陪伴|安排)|最(?:香|醇|鲜|地道|高端|专业)的(?!时|那|一[天段刻]|日|季)|(?:杭州|上海|北京|浙江|江南|西湖|全省|全市|本地|本城)第一(?!家|次|场|盏|杯|站|批|天|笔|个|步|位|缕)|最优(?!雅)|最低价|最便宜|最正宗|最先进|最顶级|顶级|极品|(?:全国|全网|全球|世界|行业|中国|销量|排名|品质|口碑)第一|第一好喝|第一品牌|no1|史无前例|绝无仅有|独一无二|万能|全网独家|thebest|worldsbest|numberone',
  ],
  [
    'medical_copy',
    'tight',
    '治疗|治病|治好|根治|包治|(?:防|抗)癌|降(?:血)?(?:压|糖|脂)|降三高|三高|减肥|瘦身|燃脂|排毒|消炎|杀菌|延年益寿|(?:增强|提高|提升)免疫|预防(?:疾病|感冒|癌|流感|糖尿|高血)|疗效|药效|药用|养胃|祛湿|清肠|降火|去火|清热解毒|抗氧化|补肾|壮阳|改善睡眠|治失眠|抗衰|延缓衰老|医生推荐|curesdisease|loseweight|anticancer',
  ],
  ['last_word_copy', 'tight', '最终解释权|解释权(?:归|属)|finalinterpretation'],
]

/** Sharing, asking, getting, as people say it without the word for it. */
const SPOKEN: [RuleCode, Row, string][] = [
  [
    'share_copy',
    'tight',
    `(?:${SHARE}|转出去|替我转|每转|转一次|转至|转起来|传(?:播)?给|发(?:动态|状态|笔记|帖)|投稿朋友圈|(?:丢|甩|扔|贴|发)(?:到|进|在)?(?:${COUNT}个)?群|(?:艾特|@|圈|喊|呼叫)${COUNT}(?:个|位|名)(?:好友|朋友|茶友|人))${NEAR}{0,12}?(?:${GIVE}[^|]{0,5}?${GOOD}|请你(?:喝|一[杯盏]|吃)|回头请你|抵扣?\\d|福利|凭图|免单|全家喝|就${GIVE})|(?:分享|转|推|传)给[^|]{0,5}?[领得送赢抽换](?:一?[杯盏]|好?茶|奶茶|小料)|奔走相告|[交凭传附][^|]{0,6}?截[图屏]|免费[^|]{0,4}?转起来|告诉你的[^|]{0,4}?人手一`,
  ],
  [
    'share_copy',
    'tight',
    `(?:转出去|每转|转一次|传(?:播)?给|发(?:动态|状态|笔记|帖)|转至|(?:艾特|@|圈|喊|呼叫)${COUNT}(?:个|位|名)(?:好友|朋友|茶友))${NEAR}{0,6}?${GIVE}`,
  ],
  ['forced_share', 'tight', '先转(?:再|后|才)|不转(?:就)?(?:看|喝|领|进|用)不'],
  [
    'pay_per_head',
    'tight',
    `带来?${COUNT}(?:位|个|名)?新?(?:会员|人|好友|朋友|客)${BEFORE_BUYING}{0,6}?${GIVE}[^|]{0,5}?${GOOD}|(?:朋友|好友|新人|他|她)(?:们)?(?:来)?(?:报到|登录|注册|开卡|办卡|入会)${BEFORE_BUYING}{0,6}?你(?:就|也|能|可|以|会|都)*[得拿收]`,
  ],
  [
    'contacts',
    'tight',
    '(?:好友|朋友)的?(?:登记|填|留|交)[^|]{0,2}?(?:手机|电话|号码)[^|]{0,6}?(?:送你|你得|换)|填个?(?:手机|电话)号?[^|]{0,4}?换',
  ],
  [
    'pay_per_visit',
    'tight',
    `${LOOK}(?:就|即|便)?有(?:好礼|惊喜|奖|礼|红包|福利)|(?:朋友|好友)(?:们)?(?:点|扫|打开)[^|]{0,6}?你(?:就|也|会)?多(?:一|\\d|得)`,
  ],
  [
    'earning_copy',
    'tight',
    '佣(?!人)|带货(?!郎)|躺着?(?:也|就|都)?(?:能|可以)?(?:收积分|收券|领|拿)|动动手(?:指)?[^|]{0,4}?(?:到手|有|领|得|拿|送)|(?:代理|推广)(?:招募|加盟)|招募代理',
  ],
  ['promise_copy', 'tight', '不落空|全员有(?:奖|礼|份)|来了就有份|(?:奖|礼)不停|零门槛|[1一]分钱'],
  [
    'growing_reward',
    'tight',
    `(?:请|邀|带|拉)[^|]{0,2}?${COUNT}(?:人|位|个)[^|]{0,6}?(?:得|送|奖|谢|领)(?:你)?\\d+[^]{0,6}?(?:请|邀|带|拉)?[^|]{0,2}?${COUNT}(?:人|位|个)[^|]{0,6}?(?:得|送|奖|谢|领)(?:你)?\\d+|第(?:[二三四五六七八九十]|\\d+)(?:个|位)(?:朋友|好友|人)?(?:起|开始)[^|]{0,4}?(?:双倍|加倍|翻倍|多|更)`,
  ],
  [
    'second_level',
    'tight',
    '下家|直推|间推|[二两三]代以内|(?:朋友|好友)的(?:朋友|好友)[^|]{0,10}?你(?:也|都|还|又|再|就|会|能|可)*以?(?:得|拿|有|奖|收)',
  ],
  [
    'team_pay',
    'tight',
    '冲业绩|团队(?:卖|买|喝|消费)[^|]{0,6}?你(?:也|就|都)?(?:得|拿|有|越)|队长(?:多拿|多得|多分|提|奖|分)',
  ],
  [
    'entry_fee',
    'tight',
    '(?:花|付|交|充)(?:值|满)?\\d+[元块]?[^|]{0,6}?(?:解锁|资格|推荐官|成为)|先(?:买|消费)[^|]{0,8}?[再才后][^|]{0,4}?(?:资格|推荐|参加|参与|成为)',
  ],
  [
    'cash_reward',
    'tight',
    '(?:送|返|给|奖|得|领|拿)你?(?:\\d+|[一两三五十百]+)块钱(?!的)|转账给?你|(?:换|兑|变)成?钱(?!包|币)|微信零钱|话费|京东卡',
  ],
  ['random_reward', 'tight', '盲袋|[开拆]盲(?!品)|抽签[^|]{0,4}?[送赢得领奖]|抓阄|开奖'],
  [
    'pay_per_follow',
    'tight',
    `进(?:社|店|粉丝|微信)?群[^|]{0,6}?(?:给券|[送领]|免费)|加(?:店长|店主|小编|客服|老师)的?(?:微信|企微|好友|vx?)[^|]{0,4}?${GET}`,
  ],
  [
    'pressure_copy',
    'tight',
    '大家快转|快转给|不看就(?:删|亏|没)|差(?:\\d+|[一两三])个?人?(?:就|即|便)(?:能|可|领|得|成)|错过这[^|]{0,4}?再等|(?:好友|朋友)[^|]{0,3}?助阵|助阵[^|]{0,2}?[得领送]|(?:好友|朋友)帮你?我?(?:加热|点亮|解冻|浇水)',
  ],
  [
    'paid_praise',
    'tight',
    `${STARS}[^|]{0,2}?才|(?:给|打|评)(?:个|出)?(?:满分|高分)[^|]{0,6}?[返送得领奖换]|评分满\\d分?[^|]{0,4}?[返送得领奖换]`,
  ],
  ['superlative_copy', 'tight', '(?:全国|全网|全城|全球|行业)最|销量冠军'],
  ['exaggerated_card', 'tight', '你有(?:一|\\d)?笔[^|]{0,6}?(?:领|到账|未)'],
  ['medical_copy', 'tight', '助眠|(?:帮|有)助(?:于)?睡眠|安神|护肝|护胃|健脾|通便|喝出(?:好身体|健康)'],
  ['last_word_copy', 'tight', '解释权(?:在|由|为|所有)'],
]

/** Honest denials; each becomes a full stop that no pattern crosses. */
const DENIALS: RegExp[] = [
  /(?:转发|分享|打开|扫码|点赞|邀请|浏览|关注|集赞|投票|和|与|或|以及|也|都|朋友圈|到群)+(?:这件事|这个动作|本身|都|也|并|是)*(?:没有|没|不给|不送|不发|不算|不会有|不会给|不会得到|不能换|不换|不得|不涉及|无)(?:任何)?(?:奖励|积分|优惠券?|券|谢礼|好处|东西|礼品?|奖|数)?/g,
  /(?:不|没有|无|从不|绝不|也不)(?:会|能|可以?|支持|做|搞|设|是|收取?|用交|需要?交?|用付|涉及|含|发|给|送)?(?:任何)?(?:抽奖|随机|提现|换现金|兑换?现金|兑?换成?钱|兑换成钱|变钱|折现|现金|红包|返现|入会费|入门费|加盟费|押金|保证金|报名费|分销|传销|裂变|佣金|返利|提成|拉人头|二级|多级|下线|集赞|点赞|投票|助力|砍价|盲盒|中奖)/g,
  /不?(?:会|是)?不?(?:也不会)?越多越(?:高|多)(?=的?不)|不(?:会|是)?(?:请得|邀得|人)?越多越(?:高|多)/g,
  /(?:无论|不管|不论|不分)?(?:是)?好评(?:和|与|或|还是|跟|也好)?(?:差评|坏评|中评)/g,
  /(?:sharing|forwarding|reposting)(?:itself)?(?:earns|gets|pays|brings)nothing|norewards?for(?:sharing|forwarding|reposting)/g,
]

const COMPILED = [...PATTERNS, ...SPOKEN].map(([rule, row, pattern]) => ({
  rule,
  row,
  pattern: new RegExp(pattern, 'u'),
}))

const withoutDenials = (row: string): string =>
  DENIALS.reduce((text, denial) => text.replace(denial, (said) => '|'.repeat(said.length)), row)

/** What a text says that it may not: each rule once, with the passage. */
export function copyFindings(text: string): CopyFinding[] {
  const folded = fold(text)
  const rows: Record<Row, string> = { tight: withoutDenials(folded.tight), loose: withoutDenials(folded.loose) }
  const found = new Map<RuleCode, string>()
  for (const { rule, row, pattern } of COMPILED) {
    const hit = found.has(rule) ? null : pattern.exec(rows[row])
    if (hit) found.set(rule, folded.passage(row, hit.index, hit[0].length))
  }
  return [...found].map(([rule, passage]) => ({ rule, found: passage }))
}
