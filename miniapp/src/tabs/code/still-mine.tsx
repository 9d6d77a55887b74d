import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { type Enrolment, forgetEnrolment } from '../../lib/member-code'
import { useRead } from '../../lib/query'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'

/** Whether this phone's code was ended from another place; unknown counts as no, since codes work offline. */
export function useEnded(own: Enrolment | null): boolean {
  const deviceId = own?.deviceId ?? ''
  const { data } = useRead(['devices', deviceId], () => api.code.devices.query(), { enabled: own !== null })
  if (!own || !data) return false
  return data.devices.every((one) => one.deviceId !== deviceId)
}

/** Starts again only when asked to: whoever ended the code may have lost this very phone. */
export const Ended = () => (
  <Panel pad>
    <View className="hy-title">这部手机的会员码停用了</View>
    <View className="hy-2 hy-mt1">在别的地方停用过，或者太久没用。换一个新码就能接着用。</View>
    <View className="hy-dock">
      <Button id="code-renew" block onTap={forgetEnrolment}>
        换一个新码
      </Button>
    </View>
  </Panel>
)
