import { clockText } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import type { RouterOutputs } from '../../lib/api'
import { Cell, Chip, Panel, Section, Tag } from '../../ui/blocks'

type Store = RouterOutputs['store']['list']['stores'][number]

const isOpen = ({ opensAt, closesAt }: Store, clock: string) => opensAt <= clock && clock < closesAt

/** The cities, the one with the most shops first. */
function citiesOf(stores: Store[]): string[] {
  const shops = new Map<string, number>()
  for (const { city } of stores) shops.set(city, (shops.get(city) ?? 0) + 1)
  return [...shops].sort(([, a], [, b]) => b - a).map(([city]) => city)
}

/** The shops, by city; a tap opens the map. */
export function Nearby({ stores }: { stores: Store[] }) {
  const cities = citiesOf(stores)
  const [city, setCity] = useState(cities[0])
  const clock = clockText(new Date())
  return (
    <View>
      <Section title="门店" />
      <View className="hy-chips">
        {cities.map((name) => (
          <Chip key={name} on={name === city} onTap={() => setCity(name)}>
            {name}
          </Chip>
        ))}
      </View>
      <Panel>
        {stores
          .filter((store) => store.city === city)
          .map((store) => (
            <Cell
              key={store.storeId}
              icon="store"
              tone="quiet"
              title={store.name}
              sub={
                <>
                  <Text className="hy-whole">{store.address}</Text>
                  <Text className="hy-whole hy-num">{`${store.opensAt}–${store.closesAt}`}</Text>
                </>
              }
              end={isOpen(store, clock) ? <Tag kind="ok">营业中</Tag> : <Tag>已打烊</Tag>}
              {...(process.env.TARO_ENV === 'weapp' ? { onTap: () => void openMap(store) } : {})}
            />
          ))}
      </Panel>
    </View>
  )
}

const openMap = ({ latitude, longitude, name, address }: Store) =>
  Taro.openLocation({ latitude, longitude, name, address })
