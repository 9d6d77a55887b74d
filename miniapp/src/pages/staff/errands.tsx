import { Text, View } from '@tarojs/components'
import { Icon, type IconName } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import { CardsSheet } from './cards-sheet'
import { CheckInSheet } from './check-in-sheet'
import type { Over, Visit } from './phase'
import { PickUpSheet } from './pick-up-sheet'
import { RecentSheet } from './recent-sheet'
import { SayAloud } from './say-aloud'
import { Services } from './services'
import type { Counter } from './use-counter'
import { useWaits, type Waits } from './use-waits'

/** What else the customer may have come for: pick up, check in, bring back, bind a card. */
export function Errands({ counter, visit }: { counter: Counter; visit: Visit }) {
  const waits = useWaits(visit)
  const rights = waits.rights.data
  const { over, setOver } = counter
  const close = () => setOver(null)
  return (
    <View>
      <View className="st-errands">
        {errandsOf(waits).map(({ name, icon, words, count, to }) => (
          <View
            key={name}
            id={`${to}-open`}
            className={`st-errand${count ? ' st-errand--on' : ''}`}
            {...tapProps(() => setOver(to), `${name}，${words}`)}
          >
            <Icon name={icon} size="m" />
            <View className="st-errand__name">{name}</View>
            <Text className="st-errand__words">{words}</Text>
          </View>
        ))}
      </View>
      <View>
        {rights && rights.services.length > 0 && (
          <Services services={rights.services} visit={visit} counter={counter} />
        )}
      </View>
      <View>
        <SayAloud words={[...visit.sayAloud, ...(rights?.sayings.map(({ words }) => words) ?? [])]} />
      </View>
      <View>
        {over === 'pickup' && (
          <PickUpSheet pickUp={counter.pickUp} read={waits.waiting} onScan={counter.scan} onClose={close} />
        )}
        {over === 'checkin' && <CheckInSheet read={waits.obligations} visit={visit} onClose={close} />}
        {over === 'cards' && <CardsSheet cards={counter.cards} read={waits.cards} onClose={close} />}
        {over === 'recent' && <RecentSheet read={waits.recent} onClose={close} />}
      </View>
    </View>
  )
}

interface Errand {
  to: NonNullable<Over>
  name: string
  icon: IconName
  count: number
  words: string
}

const told = (count: number | undefined, some: string, none: string) =>
  count === undefined ? '…' : count > 0 ? some : none

function errandsOf({ waiting, obligations, recent, cards }: Waits): Errand[] {
  const ready = waiting.data?.redemptions.filter(({ state }) => state === 'ready').length
  const placed = (waiting.data?.redemptions.length ?? 0) - (ready ?? 0)
  const open = obligations.data?.obligations.filter(({ refusal }) => !refusal).length
  const orders = recent.data?.orders.length
  const claims = cards.data?.claims.length
  return [
    {
      to: 'pickup',
      name: '取货',
      icon: 'gift',
      count: ready ?? 0,
      words: told(ready, `${ready} 件可取`, placed > 0 ? `${placed} 件备货中` : '没有'),
    },
    { to: 'checkin', name: '签到', icon: 'leaf', count: open ?? 0, words: told(open, `${open} 项可记`, '没有') },
    { to: 'recent', name: '退货', icon: 'list', count: 0, words: told(orders, `近 ${orders} 单`, '没有') },
    {
      to: 'cards',
      name: '绑卡',
      icon: 'card',
      count: claims ?? 0,
      words: told(claims, `${claims} 位待核`, cards.data?.cards.length ? '已绑' : '未绑'),
    },
  ]
}
