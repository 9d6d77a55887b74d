import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { Icon, type IconName } from '../../ui/icon'
import { momentWords } from './standing'

type Step = RouterOutputs['mall']['redemption']['steps'][number]

const SIGNS: Record<Step['state'], IconName> = {
  placed: 'check',
  ready: 'bell',
  done: 'check',
  cancelled: 'x',
  returned: 'back',
}

/** What happened, with its time, and what is still to come. */
export const Steps = ({ steps }: { steps: Step[] }) => (
  <View id="steps" className="rd-steps">
    {steps.map((step) => (
      <View key={step.state} className={`rd-step${step.at ? '' : ' rd-step--ahead'} rd-step--${step.state}`}>
        <View className="rd-step__dot">{step.at && <Icon name={SIGNS[step.state]} size="s" />}</View>
        <View className="rd-step__in">
          <View className="rd-step__words">{step.words}</View>
          <Text className="hy-caption hy-3 hy-num">{step.at ? momentWords(step.at, new Date()) : '还没到这一步'}</Text>
        </View>
      </View>
    ))}
  </View>
)
