import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import type { Redemption } from '../../lib/reward'
import { Icon, type IconName } from '../../ui/icon'
import { aheadWords, momentWords } from './standing'

type Step = RouterOutputs['mall']['redemption']['steps'][number]

const SIGNS: Record<Step['state'], IconName> = {
  placed: 'check',
  ready: 'bell',
  done: 'check',
  cancelled: 'x',
  returned: 'check',
}

/** What happened, with its time, and what is still to come. */
export const Steps = ({ steps, redemption }: { steps: Step[]; redemption: Redemption }) => (
  <View id="steps" className="rd-steps">
    {steps.map((step) => (
      <View
        key={step.state}
        className={`hy-track__step ${step.at ? `rd-step--${step.state}` : 'hy-track__step--ahead'}`}
      >
        <View className="hy-track__dot">{step.at && <Icon name={SIGNS[step.state]} size="s" />}</View>
        <View className="hy-track__in">
          <View className="hy-track__title">{step.words}</View>
          <Text className="hy-caption hy-3 hy-num">
            {step.at ? momentWords(step.at, new Date()) : aheadWords(step.state, redemption, new Date())}
          </Text>
        </View>
      </View>
    ))}
  </View>
)
