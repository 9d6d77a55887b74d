import type { FaultCode, FaultDetail } from '@huiyuan/shared/faults'
import { countText, yuanText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { clockText, dayWords } from '@huiyuan/shared/time'
import type { Trouble } from './api'

/** What can be done about it: shown as the button beside the words. */
export type WayOut = 'retry' | 'sign_in' | 'join' | 'none'

export interface FaultWords {
  title: string
  detail?: string
  way: WayOut
}

type Words = { [C in FaultCode]: (detail: FaultDetail<C>) => FaultWords }

const say = (title: string, detail: string | undefined, way: WayOut): FaultWords => ({
  title,
  ...(detail ? { detail } : {}),
  way,
})
const seconds = (count: number) => (count >= 90 ? `${Math.ceil(count / 60)} 分钟` : `${count} 秒`)
const day = (iso: string) => dayWords(new Date(iso), new Date())
const moment = (iso: string) => `${day(iso)} ${clockText(new Date(iso))} `
const until = (iso: string) => `${clockText(new Date(iso))} 以后再试`

const BLOCKERS: Record<string, string> = {
  same_record: '这是同一位会员',
  own_record: '这是您自己的会员，请别的运营来处理',
  already_merged: '其中一位已经并入别的会员',
  not_active: '其中一位已经注销',
  leaving: '其中一位正在注销中',
  two_jobs: '两边都是在职员工，请先结束一边',
  undone: '这次合并已经撤销过了',
  later_merge: '之后又有一次合并，请先撤销那一次',
  live_hold: '收银台正锁定着一笔价格，十分钟后再试',
}

const LEAVE_BLOCKERS: Record<string, string> = {
  job: '请店长先结束你的员工身份',
  live_hold: '收银台正锁定着一笔价格，十分钟后再试',
  adjustment: '有一笔积分调整在等复核，有结果后再申请',
}

/** Every fault of the server has words here; one without them does not compile. */
const WORDS: Words = {
  SESSION_NEEDED: () => say('请先登录', undefined, 'sign_in'),
  SESSION_OVER: () => say('登录已过期', '重新登录后接着来', 'sign_in'),
  GUEST_NEEDED: () => say('登录已过期', '重新登录后再入会', 'sign_in'),
  STAFF_NEEDED: () => say('这里是店员入口', '你的账号不是店员，请联系店长', 'none'),
  ROLE_NEEDED: ({ role }) => say('权限不够', role === 'manager' ? '需要店长来操作' : '需要总部运营来操作', 'none'),
  NOT_FOUND: () => say('没有找到', '可能已经被移除了', 'none'),
  BAD_INPUT: () => say('填写有误', '请检查一下再提交', 'none'),
  TOO_LARGE: () => say('内容太大了', '请精简后再提交', 'none'),
  TOO_MANY: ({ retryAfterSeconds }) => say('操作太频繁', `${seconds(retryAfterSeconds)}后再试`, 'none'),
  REQUEST_REUSED: () => say('这次操作已经提交过', '刷新看看结果', 'retry'),
  BUSY: () => say('刚好有点忙', '再试一次就好', 'retry'),
  SERVICE_AWAY: () => say('服务暂时离开一下', '数据都在，稍后再试', 'retry'),
  UNKNOWN: ({ rid }) =>
    say('出了点问题', rid ? `再试一次；还不行请告诉店员编号 ${rid.slice(0, 8)}` : '再试一次', 'retry'),
  WECHAT_CODE_BAD: () => say('微信授权已失效', '再授权一次就好', 'sign_in'),
  WECHAT_DOWN: () => say('微信暂时没有回应', '稍等片刻再试', 'retry'),
  WECHAT_BLOCKED: () => say('微信提示账号有风险', '请在微信里解除后再来', 'none'),
  PHONE_INVALID: () => say('手机号不对', '请检查号码', 'none'),
  SMS_WRONG: ({ triesLeft }) => say('验证码不对', triesLeft > 0 ? `还可以试 ${triesLeft} 次` : '请重新获取', 'none'),
  SMS_EXPIRED: () => say('验证码已过期', '请重新获取', 'none'),
  SMS_TOO_SOON: ({ retryAfterSeconds }) => say('验证码刚发过', `${seconds(retryAfterSeconds)}后可以再发`, 'none'),
  CONSENT_STALE: () => say('会员协议更新了', '请阅读新版本再同意', 'retry'),
  ALREADY_MEMBER: () => say('你已经是会员', undefined, 'none'),
  PROOF_NEEDED: () => say('还不知道你是谁', '请授权微信或验证手机号', 'sign_in'),
  CLAIM_WRONG: ({ triesLeft }) =>
    say('后四位不对', triesLeft > 0 ? `还可以试 ${triesLeft} 次` : '请到门店请店员帮忙', 'none'),
  CLAIM_OVER: () => say('这张老卡暂时不能认领', '请到门店请店员帮忙', 'none'),
  MERGE_BLOCKED: ({ blocker }) => say('两张会员卡暂时不能合并', BLOCKERS[blocker] ?? '请联系客服', 'none'),
  CODE_MALFORMED: () => say('这不是会员码', '请扫顾客的会员码', 'none'),
  CODE_WRONG: ({ triesLeft }) =>
    say('会员码不对', triesLeft > 0 ? `请顾客刷新会员码，还可以试 ${triesLeft} 次` : '请一小时后再试', 'none'),
  CODE_USED: () => say('这个会员码用过了', '请顾客等 30 秒，出示新码', 'none'),
  CODE_LOCKED: (detail) => say('这部手机的会员码已锁定', until(detail.until), 'none'),
  TILL_LOCKED: (detail) => say('收银台试错太多次', until(detail.until), 'none'),
  TILL_UNKNOWN: () => say('请先选择收银台', '这个收银台不属于你的门店', 'none'),
  MEMBER_UNKNOWN: () => say('没有找到这位会员', '请核对会员号或手机号', 'none'),
  VISIT_OVER: () => say('这次到店已超过 10 分钟', '请重新扫码', 'none'),
  VISIT_UNKNOWN: () => say('没有找到这次到店', '请重新扫码', 'none'),
  AMOUNT_INVALID: () => say('金额不对', '请输入 0.01 到 100,000.00 元', 'none'),
  POINTS_SHORT: ({ shortPoints }) => say(`还差 ${countText(shortPoints)} 积分`, '积分没有扣', 'none'),
  IN_DEBT: ({ debtPoints }) => say(`还欠 ${countText(debtPoints)} 积分`, '补上以后才能使用积分', 'none'),
  CODE_NEEDED: () => say('要扫会员码才能办', '报会员号或手机号只能积分，请顾客出示会员码', 'none'),
  QUOTE_CHANGED: ({ payableFen }) => say('价格有变化', `现在应收 ${yuanText(payableFen)}，请核对后再收`, 'retry'),
  HOLD_OVER: () => say('价格锁定已过期', '券已经退回，请重新算一次', 'retry'),
  RETURN_OVER: (detail) => say('已过退货期', `${day(detail.until)}前可以退，请店长处理`, 'none'),
  RETURN_DONE: () => say('这一单已经退过了', undefined, 'none'),
  RETURN_TOO_MUCH: ({ leftFen }) => say('超过可退的金额', `这一单还可以退 ${yuanText(leftFen)}`, 'none'),
  COUPON_TAKEN: () => say('这张券已经用掉了', '请换一张，或不用券', 'none'),
  COUPON_SHORT: ({ missingFen }) => say(`还差 ${yuanText(missingFen)}`, '够了就能用这张券', 'none'),
  COUPON_OVER: () => say('这张券已过期', undefined, 'none'),
  COUPON_GONE: () => say('领完了', '下次早点来', 'none'),
  COUPON_LIMIT: ({ limit }) => say('已经领过了', `每人限领 ${limit} 张`, 'none'),
  COUPON_NOT_OPEN: (detail) => say('还没到领取时间', `${moment(detail.opensAt)}开始`, 'none'),
  GIFT_TAKEN: () => say('这份礼已经领过了', '每个人一份', 'none'),
  GIFT_OVER: () => say('这份礼的领取时间过了', undefined, 'none'),
  GIFT_GONE: () => say('这份礼送完了', undefined, 'none'),
  NOT_NEW: ({ reason }) =>
    say('这份礼物留给新朋友', reason === 'bought_before' ? '近半年你在门店买过' : '你之前就是会员了', 'none'),
  REWARD_GONE: () => say('换完了', '积分没有扣', 'none'),
  REWARD_LIMIT: ({ limit }) => say('已经换过了', `每人限 ${limit} 件，积分没有扣`, 'none'),
  REWARD_NOT_OPEN: (detail) => say('还没开始', `${moment(detail.opensAt)}开始兑换`, 'none'),
  REWARD_OVER: () => say('这件商品已下架', '积分没有扣', 'none'),
  REWARD_CHANGED: ({ points }) => say('兑换价有变化', `现在需要 ${countText(points)} 积分`, 'retry'),
  TIER_NEEDED: ({ tier }) => say(`${rungOf(tier, DEMO_POLICY).name}会员起`, '升级后就可以', 'none'),
  REDEMPTION_DONE: () => say('这一单已经办完了', undefined, 'none'),
  PICKUP_WRONG: () => say('取货码不对', '请核对顾客手机上的 8 位取货码', 'none'),
  PICKUP_NOT_READY: (detail) => say('还在备货', `${moment(detail.readyAt)}可以取`, 'none'),
  OBLIGATION_OVER: () => say('活动已经结束', undefined, 'none'),
  OBLIGATION_NOT_OPEN: (detail) => say('活动还没开始', `${moment(detail.opensAt)}开始`, 'none'),
  OBLIGATION_DONE: () => say('已经完成了', undefined, 'none'),
  OBLIGATION_ELSEWHERE: ({ storeName }) => say('不在这家店签到', `请到${storeName}`, 'none'),
  CHECKIN_TOO_SOON: (detail) => say('今天已经记过了', `${moment(detail.until)}以后可以再记`, 'none'),
  RIGHT_USED_UP: ({ backAt }) =>
    say('这项权益的次数用完了', backAt ? `${moment(backAt)}起又可以用` : undefined, 'none'),
  ADJUSTMENT_OWN: () => say('自己提的不能自己复核', '请另一位运营来复核', 'none'),
  ADJUSTMENT_DONE: () => say('这一笔已经有结果了', '下拉刷新看看', 'none'),
  PREVIEW_CHANGED: () => say('情况刚刚变了', '请重新看一遍预览，再决定', 'none'),
  CARD_TAKEN: () => say('这张卡已经是别人的了', '如果是您的卡，请到店请店员核对', 'none'),
  CARD_UNKNOWN: () => say('没有找到这张卡', '请核对卡面上的号码', 'none'),
  CANCEL_BLOCKED: ({ blocker }) => say('现在还不能注销', LEAVE_BLOCKERS[blocker] ?? '请稍后再试', 'none'),
  LEAVING: () => say('会员正在注销中', '撤回注销申请后再办理', 'none'),
  CODE_OLD: ({ secondsOff }) =>
    secondsOff > 0
      ? say(`这是 ${seconds(secondsOff)}前的码`, '请顾客打开会员码页，出示现在的码', 'none')
      : say('手机时间比现在快', `快了 ${seconds(-secondsOff)}，请顾客把手机时间设为自动`, 'none'),
  PRODUCT_UNKNOWN: () => say('菜单里没有这一款', '请看看条码，或者手动选择', 'none'),
  PRODUCT_NOT_OPEN: ({ opensAt }) => say('这一款还没上市', `${moment(opensAt)}开卖`, 'none'),
  PRODUCT_OVER: () => say('这一款已经下市', '请换一款', 'none'),
  COUPON_STACK: () => say('这几张券不能同用', '请换一种组合', 'none'),
  COUPON_SCOPE: () => say('这一单用不上这张券', '券上写着适用的商品', 'none'),
  POINTS_CAP: ({ mostPoints }) => say('积分抵扣超过上限', `这一单最多用 ${countText(mostPoints)} 积分`, 'none'),
  RIGHT_LOCKED: ({ tier }) =>
    say('这项权益还没有解锁', tier === null ? undefined : `${rungOf(tier, DEMO_POLICY).name}起可用`, 'none'),
  RETURN_LINE: ({ leftQty }) => say('退的件数对不上', `这一行还能退 ${leftQty} 件，没付钱的要一起退`, 'none'),
  BIRTHDAY_FIXED: ({ until: iso }) => say('生日现在不能改', `${day(iso)}起可以修改`, 'none'),
  BIRTHDAY_NEEDED: () => say('还没有填生日', '填好生日，生日礼会准时送到', 'none'),
  GIFT_NOT_OPEN: ({ opensAt }) => say('还没到时候', `${day(opensAt)}起可以打开`, 'none'),
  KEY_UNKNOWN: () => say('密钥不可用', '可能已经停用，请联系店长', 'none'),
  SIGNATURE_BAD: () => say('签名不对', '请检查密钥和签名方法', 'none'),
  SIGNATURE_OLD: () => say('请求的时间不对', '请校准收银机的时钟', 'none'),
  SIGNATURE_REPLAYED: () => say('这个请求已经收到过', '请用新的请求重试', 'none'),
  WEBHOOK_ADDRESS: () => say('这个地址不能用', '请填写公网的 https 地址', 'none'),
  TABLET_REVOKED: () => say('这台平板已被停用', '请联系店长重新启用', 'none'),
  TABLET_TAKEN: () => say('这个收银台已有平板', '请先停用原来那台', 'none'),
  CLASH_DONE: () => say('这一笔已经处理过', '刷新看看结果', 'retry'),
  CAMPAIGN_REFUSED: ({ violations }) => say('这样写不能保存', `有 ${violations.length} 处不合规，请看说明`, 'none'),
  CAMPAIGN_CHANGED: () => say('活动刚被别人改过', '刷新后再改', 'retry'),
  ARTICLE_CHANGED: () => say('这篇刚被别人改过', '刷新后再改', 'retry'),
  CAMPAIGN_FIXED: () => say('活动开始后，这一项不能再改', '可以停止它，另建一个活动', 'none'),
  CAMPAIGN_STOPPED: () => say('活动已经停止', '停止后不能再改', 'none'),
  REVIEW_DONE: () => say('这一条已经处理过', '刷新看看结果', 'retry'),
  REVIEW_OWN: () => say('这一条要由别的同事处理', '自己的、或自己处理过的，不能再由自己定', 'none'),
  APPEAL_DONE: () => say('已经申诉过了', '每一条可以申诉一次', 'none'),
  APPEAL_OVER: ({ until: iso }) => say('申诉时间已过', `${day(iso)}前可以申诉`, 'none'),
  UPLOAD_TYPE: () => say('这种照片格式读不了', '换一张 JPG，或截图试试', 'none'),
  UPLOAD_BROKEN: () => say('图片打不开', '可能没有传完整，换一张试试', 'none'),
  UPLOAD_PIXELS: ({ mostPixels }) =>
    say('图片的尺寸太大了', `每张不超过 ${Math.floor(mostPixels / 10_000)} 万像素，缩小后再试`, 'none'),
  UPLOAD_TOO_LARGE: ({ mostBytes }) => say('图片太大了', `每张不超过 ${Math.floor(mostBytes / 1_048_576)} MB`, 'none'),
  UPLOAD_LIMIT: ({ limit }) => say('今天上传的图片太多了', `每天最多 ${limit} 张，明天再来`, 'none'),
  UPLOAD_GONE: () => say('有一张图片已经不在了', '请删掉它重新上传', 'none'),
  CONTENT_REFUSED: () => say('内容没有通过安全检查', '请修改文字或换一张图片', 'none'),
  PROOF_INCOMPLETE: () => say('还有内容没填好', '请按要求补全后再提交', 'none'),
  PROOF_LINK: () => say('这个链接不能用', '请填写公开的 https 网页链接', 'none'),
  PROOF_WAITING: () => say('已经提交，正在审核', '有结果会告诉你', 'none'),
  PROOF_KIND: () => say('这件事不用提交材料', '完成后会自动记上，或由店员确认', 'none'),
  TRIES_OVER: ({ limit }) => say('提交次数用完了', `这件事最多提交 ${limit} 次`, 'none'),
  HONOUR_NEEDED: ({ honourName }) => say(`要有「${honourName}」才能参加`, '先获得这个称号', 'none'),
  OBLIGATION_STOPPED: () => say('这件事已经停止', '已经完成的奖励不受影响', 'none'),
  NOT_TAKEN_UP: () => say('还没有领下这件事', '先领下再提交', 'none'),
}

const NETWORK = {
  OFFLINE: say('没有网络', '连上网络后再试', 'retry'),
  SLOW: say('网络有点慢', '没有等到回应，再试一次', 'retry'),
}

/** The words for whatever went wrong; a code that this version does not know gets a general sentence. */
export function faultText({ code, detail }: Trouble): FaultWords {
  if (code === 'OFFLINE' || code === 'SLOW') return NETWORK[code]
  const words = WORDS[code] as ((detail: unknown) => FaultWords) | undefined
  return words ? words(detail) : WORDS.UNKNOWN({ rid: '' })
}
