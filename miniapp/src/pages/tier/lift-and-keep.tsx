import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { Bar, Panel, Section, Tag } from '../../ui/blocks'
import { type Explained, rungIn } from './explained'

/** What lifts and what keeps, each with how far it is and by when. */
export function LiftAndKeep({ explained }: { explained: Explained }) {
  const { next } = explained
  const nextName = rungIn(explained, next?.tier)?.name ?? ''
  return (
    <View>
      <Section title="升级和保级" />
      <Panel>
        {next && (
          <Goal
            id="lift"
            title={`再积 ${countText(next.needGrowth)} 升${nextName}`}
            sub={`近 12 个月满 ${countText(next.atGrowth)} 成长值，当场就升`}
            share={explained.growth / Math.max(1, next.atGrowth)}
          />
        )}
        <Keep explained={explained} />
      </Panel>
    </View>
  )
}

/** What keeps is what still counts on the tier's last day, not what counts today. */
function Keep({ explained }: { explained: Explained }) {
  const { keep, tier } = explained
  const held = rungIn(explained, tier)
  const name = held?.name ?? ''
  if (!keep) return <Goal id="keep" title={`${name}一直都在`} sub="入会就有，不会到期" />
  const by = dayWords(new Date(keep.by), new Date())
  const needs = countText(held?.atGrowth ?? 0)
  const counts = countText(keep.countsAtEnd)
  if (keep.needGrowth === 0)
    return (
      <Goal id="keep" kept title={`${name}保到 ${by}`} sub={`到那天还计入 ${counts}，满 ${needs}，会再留 12 个月`} />
    )
  const lands = rungIn(explained, keep.landsOn ?? undefined)?.name ?? ''
  return (
    <Goal
      id="keep"
      title={`${by}前再积 ${countText(keep.needGrowth)} 留住${name}`}
      sub={`到那天还计入 ${counts}，满 ${needs} 就再留 12 个月；不够会先到${lands}，一步一步来`}
      share={keep.countsAtEnd / Math.max(1, keep.countsAtEnd + keep.needGrowth)}
    />
  )
}

interface GoalWish {
  id: string
  title: string
  sub: string
  share?: number
  kept?: boolean
}

const Goal = ({ id, title, sub, share, kept }: GoalWish) => (
  <View id={id} className="hy-cell">
    <View className="hy-cell__main tr-goal">
      <View className="hy-row hy-between">
        <View className="hy-bold hy-num">{title}</View>
        {kept && <Tag kind="ok">已达标</Tag>}
      </View>
      <View className="hy-cell__sub hy-num">{sub}</View>
      {share !== undefined && (
        <View className="hy-mt2">
          <Bar parts={[share]} />
        </View>
      )}
    </View>
  </View>
)
