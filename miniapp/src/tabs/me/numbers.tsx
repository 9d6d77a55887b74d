import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { Panel } from '../../ui/blocks'
import type { CardOf } from '../../ui/member-card'
import { tapProps } from '../../ui/tap'

const STATEMENT = '/pages/ledger/statement'

/** What the member has, in three numbers; each leads to how it came about. */
export const Numbers = ({ card }: { card: CardOf }) => (
  <Panel>
    <View className="me-numbers">
      <One name="积分" value={card.points} onTap={() => go(STATEMENT)} />
      <One name="待生效" value={card.pendingPoints} onTap={() => go(`${STATEMENT}?view=lots`)} />
      <One name="成长值" value={card.growth} onTap={() => go('/pages/tier/tier')} />
    </View>
  </Panel>
)

const One = ({ name, value, onTap }: { name: string; value: number; onTap: () => void }) => (
  <View className="me-number" {...tapProps(onTap)}>
    <View className="me-number__n">{countText(value)}</View>
    <View className="hy-caption hy-2">{name}</View>
  </View>
)
