import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { toTab } from '../lib/nav'
import { GrowthRing } from './growth-ring'
import { Icon } from './icon'
import { Points } from './points'
import { tapProps } from './tap'
import { TierMark } from './tier-mark'

export interface CardOf {
  memberNo: string
  tier: number
  tierUntil: string | null
  points: number
  pendingPoints: number
  debtPoints: number
  growth: number
  nextTier: { tier: number; needGrowth: number; atGrowth: number; fromGrowth: number } | null
}

const inFours = (digits: string) => digits.replace(/(\d{4})(?=\d)/g, '$1 ')

/** The face of the member centre: tier, points, growth and the way to the code. */
export function MemberCard({ card }: { card: CardOf }) {
  const [open, setOpen] = useState(false)
  const { name, glaze } = rungOf(card.tier, DEMO_POLICY)
  const until = card.tierUntil ? `有效至 ${dayWords(new Date(card.tierUntil), new Date())}` : ''
  const shownNo = open ? inFours(card.memberNo) : `尾号 ${card.memberNo.slice(-4)}`
  return (
    <View className={`hy-card hy-tier-${card.tier}`}>
      <View className="hy-card__pattern" />
      <View className="hy-card__light" />
      <View className="hy-card__top">
        <View className="hy-grow">
          <View className="hy-card__tier">
            <TierMark tier={card.tier} size="l" className="hy-card__mark" />
            <Text>{`${name}会员`}</Text>
          </View>
          <View className="hy-card__glaze">
            <Text className="hy-whole">{glaze}</Text>
            {until && <Text className="hy-whole">{until}</Text>}
          </View>
        </View>
        <GrowthRing growth={card.growth} next={card.nextTier} />
      </View>
      <View className="hy-card__foot">
        <View>
          <Points id="card-points" value={card.points} countUp />
          {card.debtPoints > 0 ? (
            <View className="hy-card__glaze">{`还欠 ${countText(card.debtPoints)} 积分`}</View>
          ) : (
            card.pendingPoints > 0 && (
              <View className="hy-card__glaze">{`${countText(card.pendingPoints)} 积分待生效`}</View>
            )
          )}
          <View
            className="hy-card__no"
            {...tapProps(() => setOpen(!open), `${shownNo}，${open ? '收起' : '显示完整会员号'}`)}
          >
            <Text>{shownNo}</Text>
          </View>
        </View>
        <View id="card-code" className="hy-card__code" {...tapProps(() => toTab('code'), '打开会员码')}>
          <Icon name="code" size="m" />
          <Text>会员码</Text>
        </View>
      </View>
    </View>
  )
}
