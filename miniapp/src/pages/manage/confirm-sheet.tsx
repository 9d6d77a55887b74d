import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'

export interface Sending {
  fault: Trouble | null
  busy: boolean
  unsure: boolean
}

interface ConfirmWish {
  id: string
  title: string
  words: string
  button: string
  sending: Sending
  onSend: () => void
  onClose: () => void
}

/** Once more before something ends for good. */
export const ConfirmSheet = ({ id, title, words, button, sending, onSend, onClose }: ConfirmWish) => (
  <Sheet open onClose={onClose} title={title}>
    <View id={id} className="hy-2">
      {words}
    </View>
    <SendDock id={`${id}-submit`} button={button} sending={sending} onSend={onSend} />
  </Sheet>
)

/** The button that sends, what stood in its way, and that a second tap does nothing twice. */
export const SendDock = ({
  id,
  button,
  sending: { fault, busy, unsure },
  disabled = false,
  onSend,
}: {
  id: string
  button: string
  sending: Sending
  disabled?: boolean
  onSend: () => void
}) => (
  <View className="hy-dock">
    {fault && <FaultNote fault={fault} onRetry={onSend} />}
    {unsure && <Text className="hy-caption hy-2 mn-unsure">再点一次就好，不会做两次</Text>}
    <Button id={id} block busy={busy} disabled={disabled && !busy && !unsure} onTap={onSend}>
      {button}
    </Button>
  </View>
)
