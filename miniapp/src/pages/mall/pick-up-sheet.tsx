import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import type { Redemption } from '../../lib/mall'
import { toTab } from '../../lib/nav'
import { Button } from '../../ui/button'
import { QrCode } from '../../ui/code-pictures'
import { Sheet } from '../../ui/sheet'

/** Eight digits as they are read aloud. */
export const inFours = (digits: string) => digits.replace(/(\d{4})(?=\d)/g, '$1 ')

/** The pick-up code as large as the counter needs it: to be scanned, or read aloud. */
export function PickUpSheet({ redemption, onClose }: { redemption: Redemption | null; onClose: () => void }) {
  const code = redemption?.pickupCode
  if (!redemption || !code) return null
  return (
    <Sheet open onClose={onClose} title={redemption.title}>
      <View className="hy-codebox rd-box">
        <View id="pickup-code" className="rd-box__n">
          {inFours(code)}
        </View>
        <QrCode text={code} />
        {redemption.pieceNo !== null && (
          <View className="rd-box__piece">{`第 ${redemption.pieceNo}/${redemption.stockTotal} 件`}</View>
        )}
      </View>
      <View className="hy-2 hy-center hy-mt3">
        {`先出示会员码，再给店员看取货码。${dayWords(new Date(redemption.pickupBy), new Date())}前取走。`}
      </View>
      <View className="hy-dock">
        <Button
          id="pickup-to-code"
          block
          kind="secondary"
          onTap={() => {
            onClose()
            toTab('code')
          }}
        >
          出示会员码
        </Button>
      </View>
    </Sheet>
  )
}
