import { View } from '@tarojs/components'
import { toTab } from '../../lib/nav'
import type { Redemption } from '../../lib/reward'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'
import { PickUpCode } from './pick-up-code'

/** The code of an exchange over the list, and the way to the member code that is shown before it. */
export function PickUpSheet({ redemption, onClose }: { redemption: Redemption | null; onClose: () => void }) {
  const code = redemption?.pickupCode
  if (!redemption || !code) return null
  return (
    <Sheet open onClose={onClose} title={redemption.title}>
      <PickUpCode redemption={redemption} code={code} />
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
