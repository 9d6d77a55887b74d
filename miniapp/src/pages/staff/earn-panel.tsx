import { yuanText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { Text, View } from '@tarojs/components'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import type { Counter, Visit } from './use-counter'
import { type Preview, usePreview } from './use-preview'

/** What the amount earns, told before the button that takes it into account. */
export function EarnPanel({ counter }: { counter: Counter }) {
  const { phase, amountFen, settling, settle, unsure } = counter
  const visit = phase.step === 'ring' ? phase.visit : null
  const preview = usePreview(visit, amountFen)
  return (
    <View className="st-earn">
      <View className="st-earn__words">
        <Earned visit={visit} amountFen={amountFen} preview={preview.data} />
      </View>
      {!settling.fault && preview.fault && <FaultNote fault={preview.fault} onRetry={() => void preview.reload()} />}
      <View className="st-settle">
        {settling.fault && <FaultNote fault={settling.fault} onRetry={() => void settle()} />}
        {unsure && <View className="hy-caption hy-2 st-unsure">金额先别改，再点一次，不会重复入账</View>}
        <Button
          id="settle"
          block
          busy={settling.busy}
          disabled={!settling.busy && (!visit || amountFen === 0)}
          onTap={() => void settle()}
        >
          {amountFen > 0 ? `收款入账 ${yuanText(amountFen)}` : '收款入账'}
        </Button>
      </View>
    </View>
  )
}

function Earned({ visit, amountFen, preview }: { visit: Visit | null; amountFen: number; preview?: Preview }) {
  if (!visit) return <View className="hy-2">扫到会员码，这里就告诉你能得多少积分</View>
  if (amountFen === 0) return <View className="hy-2">输入金额，看看能得多少积分</View>
  if (!preview) return <View className="hy-3">正在算…</View>
  return (
    <View id="earn">
      {preview.words.map((words) => (
        <View key={words} className="st-say__line">
          <Icon name="spark" size="s" className="hy-brandly" />
          <Text className="st-say__words">{words}</Text>
        </View>
      ))}
      {preview.tierAfter > visit.member.tier && (
        <View className="hy-mt2">
          <Tag kind="accent">{`这一单升${rungOf(preview.tierAfter, DEMO_POLICY).name}`}</Tag>
        </View>
      )}
    </View>
  )
}
