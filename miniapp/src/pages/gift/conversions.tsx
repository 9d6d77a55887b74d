import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh, useRead } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Panel, Tag } from '../../ui/blocks'
import { OperatorPage } from '../../ui/operator-page'
import { Empty, States } from '../../ui/states'
import './conversions.css'

type Pack = RouterOutputs['gift']['conversions']['packs'][number]

/** What became of the trial packs: who took one, who came for it, who came back to buy. For operators. */
export default function ConversionsPage() {
  return (
    <OperatorPage
      title="体验装"
      signInWords="登录后，总部运营可以在这里看体验装带来了多少复购"
      className="cv-page"
      onRefresh={() => refresh('gift.conversions')}
    >
      {() => <Conversions />}
    </OperatorPage>
  )
}

function Conversions() {
  const read = useRead(['gift.conversions'], () => api.gift.conversions.query())
  return (
    <States read={read}>
      {({ packs }) =>
        packs.length === 0 ? (
          <Empty title="还没有体验装" sub="发出体验装后，会在这里看到领取、到店和复购" />
        ) : (
          <View id="conversions">
            {packs.map((pack) => (
              <Funnel key={pack.giftId} pack={pack} />
            ))}
          </View>
        )
      }
    </States>
  )
}

function Funnel({ pack: { title, running, stock, given, pickedUp, followed, converted, percent } }: { pack: Pack }) {
  const steps = [
    { name: '领取', count: given },
    { name: '到店', count: pickedUp },
    { name: '复购', count: converted },
  ]
  return (
    <Panel pad>
      <View className="hy-row hy-between">
        <Text className="hy-title">{title}</Text>
        <Tag {...(running ? { kind: 'ok' as const } : {})}>{running ? '进行中' : '已结束'}</Tag>
      </View>
      <View className="cv-rate">{percent === null ? '—' : `${percent}%`}</View>
      <View className="hy-caption hy-2">领取的人里，用回访券又来买的</View>
      <View className="cv-steps">
        {steps.map(({ name, count }) => (
          <View key={name} className="cv-step">
            <Text className="cv-step__name">{name}</Text>
            <View className="cv-step__bar" {...aria({ hidden: true })}>
              <View className="cv-bar" style={{ width: `${shareOf(count, given)}%` }} />
            </View>
            <Text className="cv-step__n">{`${countText(count)} 人`}</Text>
          </View>
        ))}
      </View>
      <View className="hy-caption hy-3 hy-num hy-mt2">
        {`回访券发出 ${countText(followed)} 张${stock === null ? '' : ` · 共 ${countText(stock)} 份`}`}
      </View>
    </Panel>
  )
}

const shareOf = (count: number, of: number) => (of === 0 ? 0 : Math.round((count / of) * 1_000) / 10)
