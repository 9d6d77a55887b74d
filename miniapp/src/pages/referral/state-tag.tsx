import { countText } from '@huiyuan/shared/money'
import { Tag } from '../../ui/blocks'
import type { Friend } from './friends'

/** In a word or two how it stands; never by colour alone. */
export function StateTag({ of: { state, reason, points, appeal, past } }: { of: Friend }) {
  if (appeal?.state === 'asked') return <Tag kind="accent">申诉中</Tag>
  if (state === 'released') return <Tag kind="ok">{`+${countText(points)} 积分`}</Tag>
  if (state === 'held') return <Tag kind="accent">待确认</Tag>
  if (state === 'review') return <Tag kind="accent">核对中</Tag>
  if (state === 'joined' && !past) return <Tag kind="brand">等第一盏</Tag>
  return reason === 'purchase_returned' ? <Tag kind="bad">已收回</Tag> : <Tag>没有算</Tag>
}
