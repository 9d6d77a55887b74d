import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import { Earned } from './earned'
import type { Counter } from './use-counter'
import { usePreview } from './use-preview'

/** What the amount earns, told before the button that takes it into account. */
export function EarnPanel({ counter }: { counter: Counter }) {
  const { phase, amountFen, settling, rescan } = counter
  const visit = phase.step === 'ring' ? phase.visit : null
  const preview = usePreview(visit, amountFen)
  const over = visitOver(settling.fault) ?? visitOver(preview.fault)
  return (
    <View className="st-earn">
      <View className="st-earn__words">
        <Earned visit={visit} amountFen={amountFen} preview={preview.data} />
      </View>
      {!settling.fault && preview.fault && <FaultNote fault={preview.fault} onRetry={() => void preview.reload()} />}
      <View className="st-settle">
        {settling.fault && <FaultNote fault={settling.fault} onRetry={() => void counter.settle()} />}
        {over ? (
          <Button id="scan-again" block onTap={rescan}>
            重新扫码，金额留着
          </Button>
        ) : (
          <Settle counter={counter} ready={visit !== null} />
        )}
      </View>
    </View>
  )
}

const visitOver = (fault: Trouble | null) =>
  fault?.code === 'VISIT_OVER' || fault?.code === 'VISIT_UNKNOWN' ? fault : null

const Settle = ({ counter: { amountFen, settling, settle, unsure }, ready }: { counter: Counter; ready: boolean }) => (
  <>
    {unsure && <Text className="hy-caption hy-2 st-unsure">金额先别改，再点一次，不会重复入账</Text>}
    <Button
      id="settle"
      block
      busy={settling.busy}
      disabled={!settling.busy && (!ready || amountFen === 0)}
      onTap={() => void settle()}
    >
      {amountFen > 0 ? `收款入账 ${yuanText(amountFen)}` : '收款入账'}
    </Button>
  </>
)
