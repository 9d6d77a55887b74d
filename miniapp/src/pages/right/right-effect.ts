import { foldText } from '@huiyuan/shared/price-receipt'
import type { IconName } from '../../ui/icon'
import type { OwnRight } from './rights'

const ICONS: Record<OwnRight['kind'], IconName> = {
  member_price: 'cup',
  tier_discount: 'leaf',
  volume_discount: 'people',
  repurchase_discount: 'list',
  points_multiplier: 'spark',
  early_access: 'sun',
  limited_edition: 'bowl',
  birthday_gift: 'gift',
  service_manager: 'chat',
  free_service: 'heart',
  trial_pack: 'gift',
}

export const iconOf = ({ kind }: OwnRight): IconName => ICONS[kind]

const DAYS = ['', '周一', '周二', '周三', '周四', '周五', '周六', '周日']

/** What it does, in a few signs: `¥15 起`, `满 3 件 9 折`, `1.5 倍`. Null where its words say it all. */
export function effectOf(right: OwnRight): string | null {
  switch (right.kind) {
    case 'member_price':
      return `¥${Math.min(...Object.values(right.payload.prices)) / 100} 起`
    case 'tier_discount':
    case 'repurchase_discount':
      return foldText(right.payload.payPercent)
    case 'volume_discount':
      return stepWords(right.payload)
    case 'points_multiplier':
      return `${(right.payload.weekdays ?? []).map((day) => DAYS[day]).join('、')} ${right.payload.percent / 100} 倍`.trim()
    case 'early_access':
      return `早 ${right.payload.hours} 小时`
    case 'free_service':
      return '免费'
    default:
      return null
  }
}

/** The first step; further ones stand in the words of the brand. */
function stepWords({ by, steps }: Extract<OwnRight, { kind: 'volume_discount' }>['payload']): string | null {
  const [first] = steps
  if (!first) return null
  const from = by === 'pieces' ? `满 ${first.from} 件` : `满 ${first.from / 100}`
  return first.payPercent === undefined
    ? `${from} 减 ${(first.offFen ?? 0) / 100}`
    : `${from} ${foldText(first.payPercent)}`
}
