import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import type { Mine } from './referral'

const ON_WHAT = ['只算直接邀请的朋友', '首单过退款期到账']
const NONE_NOW = ['现在没有邀请奖励', '待确认的照常到账，朋友照样能来入会']

/** What the reward depends on, before anything else is said. */
export function Headline({ campaign }: { campaign: Mine['campaign'] }) {
  const running = campaign?.running ?? false
  return (
    <View id="referral" className={`rf-head hy-tier-${running ? 3 : 1}`}>
      <View className="hy-card__pattern" />
      <View className="hy-card__light" />
      <View className="rf-head__in">
        <View className="rf-big">{running ? '朋友喝到第一盏，' : '好茶，'}</View>
        <View className="rf-big">
          {campaign && running ? `你得 ${countText(campaign.rewardPoints)} 积分` : '还是一起喝'}
        </View>
        <View className="rf-foot">
          <View className="hy-grow">
            {(running ? ON_WHAT : NONE_NOW).map((words) => (
              <View key={words}>{words}</View>
            ))}
            {running && campaign?.endsAt && (
              <View className="hy-mt1">{`到 ${dayWords(new Date(campaign.endsAt), new Date())}为止`}</View>
            )}
          </View>
          <View className="rf-cups" {...aria({ hidden: true })} />
        </View>
      </View>
    </View>
  )
}
