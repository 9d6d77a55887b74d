import { Text, View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import { Empty } from '../../ui/states'
import type { Mine } from './referral'

/** The rules as the server applies them, one sentence each. */
export function Rules({ campaign }: { campaign: Mine['campaign'] }) {
  if (!campaign) return <Empty title="现在没有邀请奖励" sub="有新的活动时，规则会写在这里" />
  return (
    <View id="rules">
      <Panel pad>
        <View className="hy-bold rf-rules">{campaign.title}</View>
        {campaign.rules.map((rule, index) => (
          <View key={rule} className="rf-rule">
            <View className="rf-rule__n">{index + 1}</View>
            <Text className="hy-grow">{rule}</Text>
          </View>
        ))}
      </Panel>
    </View>
  )
}
