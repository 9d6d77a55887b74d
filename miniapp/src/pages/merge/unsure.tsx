import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'

interface SendWish {
  id: string
  words: string
  sending: { fault: Trouble | null; busy: boolean; unsure: boolean }
  onSend: () => void
  /** Back to what is shown anew. */
  onBack: () => void
}

/** Says yes for the last time. What was refused is not asked again as it was: the way leads back to the preview. */
export const SendDock = ({ id, words, sending: { fault, busy, unsure }, onSend, onBack }: SendWish) => (
  <View className="hy-dock">
    {fault && <FaultNote fault={fault} onRetry={onSend} />}
    {unsure && <Text className="hy-caption hy-2 mg-unsure">再点一次就好，不会做两次</Text>}
    {fault && !unsure ? (
      <Button id={`${id}-back`} block kind="secondary" onTap={onBack}>
        回去看预览
      </Button>
    ) : (
      <Button id={`${id}-submit`} block busy={busy} onTap={onSend}>
        {words}
      </Button>
    )}
  </View>
)

/** Stands in place of the form while nobody knows whether it was done. */
export const Unsure = ({ id, fault, onAgain }: { id: string; fault: Trouble | null; onAgain: () => void }) => (
  <View id={`${id}-unsure`} className="hy-mt4">
    {fault && <FaultNote fault={fault} />}
    <Panel pad>
      <View className="hy-2">这一次还不知道有没有成功。再问一次就清楚了，不会做两次。</View>
      <View className="hy-dock">
        <Button id={`${id}-reopen`} block onTap={onAgain}>
          再问一次
        </Button>
      </View>
    </Panel>
  </View>
)
