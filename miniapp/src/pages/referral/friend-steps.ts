import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import type { TrackStep } from '../../ui/track'
import type { Friend } from './friends'

type Told = Pick<
  Friend,
  'state' | 'points' | 'joinedAt' | 'heldAt' | 'releaseAt' | 'settledAt' | 'byActivity' | 'words'
> &
  Partial<Pick<Friend, 'past'>>

/** How far one friend has come, from joining to what became of the reward; what is still to come stands there already. */
export function stepsOf(friend: Told, now: Date): TrackStep[] {
  const { state, points, joinedAt, heldAt, releaseAt, settledAt, byActivity } = friend
  const day = (at: string | null) => (at ? dayWords(new Date(at), now) : '')
  const first = byActivity ? '来参加活动' : '喝到第一盏'
  const joined: TrackStep = { key: 'joined', title: '入会', sub: day(joinedAt), state: 'done' }
  const came: TrackStep = { key: 'came', title: first, sub: day(heldAt), state: 'done' }
  const paid = `${countText(points)} 积分到账`
  switch (friend.past ? 'past' : state) {
    case 'joined':
      return [
        joined,
        { key: 'came', title: '喝到第一盏', sub: friend.words, state: 'ahead' },
        { key: 'paid', title: '过了退款期，积分到账', state: 'ahead' },
      ]
    case 'held':
      return [
        joined,
        came,
        { key: 'wait', title: byActivity ? '再等几天' : '等退款期过去', sub: `到 ${day(releaseAt)}`, state: 'now' },
        { key: 'paid', title: paid, state: 'ahead' },
      ]
    case 'review':
      return [
        joined,
        came,
        { key: 'look', title: '同事正在核对', sub: '家人朋友一起用也常会这样，核对好照常到账', state: 'now' },
        { key: 'paid', title: paid, sub: releaseAt ? `最早 ${day(releaseAt)}` : '', state: 'ahead' },
      ]
    case 'released':
      return [joined, came, { key: 'paid', title: paid, sub: day(settledAt), state: 'done' }]
    default:
      return [
        joined,
        ...(heldAt ? [came] : []),
        { key: 'ended', title: friend.words, sub: heldAt || settledAt ? day(settledAt) : '', state: 'bad' },
      ]
  }
}
