import { Text, View } from '@tarojs/components'
import { Cell, Panel, Section } from '../../ui/blocks'
import { proofWords, rewardWords, unitOf, whenWords } from './group'
import type { Obligation } from './obligations'

/** How it counts, where, until when, for whom, and what the brand answers with. */
export function Facts({ obligation }: { obligation: Obligation }) {
  const { target, storeName, proof, forHonour } = obligation
  const times = target > 1 ? `，共 ${target} ${unitOf(obligation)}` : ''
  const first = proof === 'staff_scan' ? '到店出示会员码，店员扫码确认' : proofWords(obligation)
  return (
    <View>
      <Panel>
        <Cell
          icon={proof === 'staff_scan' ? 'scan' : 'check'}
          tone="quiet"
          title="怎么算做到"
          sub={`${first}${times}`}
        />
        {proof === 'staff_scan' && <Cell icon="store" tone="quiet" title="在哪里" sub={storeName ?? '哪家店都可以'} />}
        <Cell icon="clock" tone="quiet" title="到什么时候" sub={whenWords(obligation, new Date())} />
        {forHonour && <Cell icon="people" tone="quiet" title="谁可以做" sub={`「${forHonour.name}」`} />}
        <Cell icon="medal" tone="quiet" title="做完得到" sub={rewardWords(obligation)} />
      </Panel>
    </View>
  )
}

/** The rules as the server applies them, one sentence each. */
export const Rules = ({ rules }: { rules: string[] }) => (
  <View id="obligation-rules">
    <Section title="规则" />
    <Panel pad>
      {rules.map((rule) => (
        <View key={rule} className="ob-rule">
          <View className="ob-rule__dot" />
          <Text className="hy-grow hy-2">{rule}</Text>
        </View>
      ))}
    </Panel>
  </View>
)
