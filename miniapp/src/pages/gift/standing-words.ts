import { dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'
import { faultText } from '../../lib/fault-text'
import { unlockWords } from '../../lib/right'

export type Gift = RouterOutputs['gift']['list']['gifts'][number]

interface Words {
  title: string
  sub: string
}

/** How a gift stands, over its box. */
export function standingWords(gift: Gift, now: Date): Words {
  const { kind, title, state, opened, refusal, fromName } = gift
  if (opened) return { title: '都是你的了', sub: openedWords(gift, now) }
  if (state === 'open') {
    const until = untilWords(gift, now)
    if (kind === 'birthday') return { title: '生日快乐', sub: `${title}在等你 · ${until}` }
    return { title: `为你备好了一份${title}`, sub: fromName ? `${fromName}请你来喝第一盏 · ${until}` : until }
  }
  switch (refusal?.code) {
    case 'RIGHT_LOCKED':
      return { title: `${title}还没解锁`, sub: lockedWords(gift) }
    case 'BIRTHDAY_NEEDED':
      return { title: '你的生日是哪天', sub: `填好月和日，${title}会准时等你` }
    case 'GIFT_NOT_OPEN':
      return { title: `${title}在路上`, sub: `${dayWords(new Date(refusal.detail.opensAt), now)}起可以打开` }
    default: {
      const told = refusal ? faultText(refusal) : { title: `${title}已经领过了` }
      return { title: told.title, sub: ('detail' in told && told.detail) || '别的好东西在商城里' }
    }
  }
}

/** The same in one line, for the row of a list. */
export function rowWords(gift: Gift, now: Date): string {
  if (gift.opened) return openedWords(gift, now)
  if (gift.state === 'open') return untilWords(gift, now)
  const { title, sub } = standingWords(gift, now)
  switch (gift.refusal?.code) {
    case 'RIGHT_LOCKED':
    case 'BIRTHDAY_NEEDED':
    case 'GIFT_NOT_OPEN':
      return sub
    default:
      return title
  }
}

const lockedWords = ({ unlock }: Gift): string =>
  unlock?.tier || unlock?.honourName ? `${unlockWords(unlock)}就有` : unlockWords(unlock)

const untilWords = ({ claimBy, kind }: Gift, now: Date): string =>
  claimBy ? `${dayWords(new Date(claimBy), now)}前打开` : kind === 'trial_pack' ? '打开后到店取' : '打开就是你的'

function openedWords({ opened, fromName, againAt }: Gift, now: Date): string {
  const day = (iso: string) => dayWords(new Date(iso), now)
  const parts = [
    opened && `${day(opened.openedAt)}打开`,
    fromName && `${fromName}请的`,
    againAt && `${day(againAt)}起又有一份`,
  ]
  return parts.filter(Boolean).join(' · ')
}

/** The one to look at first: what can be opened, what only waits for a word, what was opened, or whatever there is. */
export const firstOf = (gifts: readonly Gift[]): Gift | undefined =>
  gifts.find(({ state }) => state === 'open') ??
  gifts.find(({ refusal }) => refusal?.code === 'BIRTHDAY_NEEDED') ??
  gifts.find(({ state }) => state === 'taken') ??
  gifts[0]
