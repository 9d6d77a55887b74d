import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'
import { becauseWords } from '../../lib/merge-words'

export type Identities = RouterOutputs['member']['identities']
type Identity = Identities['identities'][number]

const day = (iso: string, now: Date) => dayWords(new Date(iso), now)

/** What each kind of identity is good for, to the one it is of. */
const BRINGS: Record<string, string> = {
  wechat_openid: '打开微信就是会员，不用再登录',
  phone: '换了手机或微信，也能找回会员',
  store_card: '没带手机，报卡号也能积分',
  external: '在那边的消费也算到这里',
}

/** `138****2207 · 11 月 22 日验证` and `换了手机或微信，也能找回会员`. */
export const identityWords = ({ kind, hint, provenAt }: Identity, now: Date): string[] => [
  [hint, `${day(provenAt, now)}验证`].filter(Boolean).join(' · '),
  ...(BRINGS[kind] ? [BRINGS[kind]] : []),
]

/** Why a number does not lead here any more. */
export function formerWords({ because, endedAt }: Identities['former'][number], now: Date): string {
  const since = day(endedAt, now)
  if (because === 'moved')
    return `${since}起，别的会员验证了这个号码。你的积分、券和订单都没有动；号码还在你手里的话，再验证一次就回来。`
  if (because === 'newer_phone') return `${since}换成了新号码`
  if (because === 'revoked') return `${since}你在微信里撤回了手机号授权，我们已经删掉`
  return `${since}起不再使用`
}

/** What the number's new holder is told: it came alone. */
export const CAME_ALONE =
  '这个号码以前是另一位会员的。只有号码过来了，那位的积分和订单还是那位的；那也是你的话，请到店让店员核对。'

/** How another record became this one, or was separated from it again. */
export function mergeWords(merge: Identities['merges'][number], now: Date): string[] {
  const { because, points, growth, at, undoneAt } = merge
  if (undoneAt) return [`${day(undoneAt, now)}核对后又分开了，各自的积分回到各自名下`]
  const came = [points > 0 && `${countText(points)} 积分`, growth > 0 && `${countText(growth)} 成长值`].filter(Boolean)
  return [`${day(at, now)}并进来${came.length > 0 ? `，带来 ${came.join('、')}` : ''}`, becauseWords(because)]
}
