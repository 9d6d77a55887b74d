import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { go, toTab } from '../../lib/nav'
import { Icon, type IconName } from '../../ui/icon'
import { tapProps } from '../../ui/tap'

/** More signs than fit under an icon. */
const LONG = 5

type Counts = RouterOutputs['home']['show']['counts']

/** The four rooms of the house that are not a day's business; a number says that something is in there. */
export const Entries = ({ gift, counts }: { gift: { title: string } | null; counts: Counts }) => (
  <View className="hm-entries">
    {gift ? (
      <Entry
        id="gift-open"
        icon="gift"
        name={gift.title.length > LONG ? '礼物' : gift.title}
        due
        onTap={() => go('/pages/gift/gift')}
      />
    ) : (
      <Entry
        id="redemptions-open"
        icon="mall"
        name="我的兑换"
        count={counts.pickups}
        onTap={() => go('/pages/mall/redemptions')}
      />
    )}
    <Entry id="coupons-open" icon="ticket" name="我的券" count={counts.coupons} onTap={() => toTab('coupon')} />
    <Entry
      id="obligations-open"
      icon="leaf"
      name="特色义务"
      count={counts.obligations}
      onTap={() => go('/pages/obligation/obligations')}
    />
    <Entry id="referral-open" icon="people" name="请朋友" onTap={() => go('/pages/referral/referral')} />
  </View>
)

interface EntryWish {
  id: string
  icon: IconName
  name: string
  count?: number
  /** Waits to be opened. */
  due?: boolean
  onTap: () => void
}

const Entry = ({ id, icon, name, count = 0, due, onTap }: EntryWish) => (
  <View id={id} className="hm-entry" {...tapProps(onTap, count > 0 ? `${name}，${count}` : name)}>
    <View className={`hm-entry__icon${due ? ' hm-entry__icon--due' : ''}`}>
      <Icon name={icon} />
    </View>
    <Text>{name}</Text>
    {count > 0 && <Text className="hm-entry__n">{count > 99 ? '99+' : count}</Text>}
  </View>
)
