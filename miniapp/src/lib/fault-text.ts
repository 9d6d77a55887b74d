import type { FaultCode, FaultDetail } from '@huiyuan/shared/faults'
import { countText } from '@huiyuan/shared/money'
import { clockText } from '@huiyuan/shared/time'
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
const until = (iso: string) => `${clockText(new Date(iso))} 以后再试`

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
  MERGE_BLOCKED: () => say('两张会员卡暂时不能合并', '请联系客服', 'none'),
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
