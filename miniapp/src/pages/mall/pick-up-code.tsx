import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import type { Redemption } from '../../lib/reward'
import { QrCode } from '../../ui/code-pictures'

/** Eight digits as they are read aloud. */
export const inFours = (digits: string) => digits.replace(/(\d{4})(?=\d)/g, '$1 ')

/** The pick-up code as large as the counter needs it: to be scanned, or read aloud. */
export function PickUpCode({ redemption, code }: { redemption: Redemption; code: string }) {
  const { kind, pieceNo, stockTotal, pickupBy } = redemption
  return (
    <View>
      <View className="hy-codebox rd-box">
        <View id="pickup-code" className="rd-box__n">
          {inFours(code)}
        </View>
        <QrCode text={code} />
        {pieceNo !== null && <View className="rd-box__piece">{`第 ${pieceNo}/${stockTotal} 件`}</View>}
      </View>
      <View className="hy-center hy-mt3">先出示会员码，再给店员看取货码</View>
      <View className="hy-caption hy-2 hy-center hy-mt1">
        {`${dayWords(new Date(pickupBy), new Date())}前${kind === 'service' ? '到店使用' : '取走'}`}
      </View>
    </View>
  )
}
