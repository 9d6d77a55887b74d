import { View } from '@tarojs/components'
import { useState } from 'react'
import { deviceLabel } from '../../lib/device'
import { Chip, Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import type { Job } from './phase'
import type { Offline } from './use-offline'

/** Makes this device a till that may take purchases without a network: a manager decides it, once. */
export function OfflineEnrol({ job, offline: { enrol, enrolling, book, sync } }: { job: Job; offline: Offline }) {
  const [tillId, setTillId] = useState(job.tills[0]?.tillId ?? '')
  const manager = job.role !== 'clerk'
  const send = () => void enrol({ tillId, label: deviceLabel(), storeId: job.storeId })
  return (
    <Panel pad>
      <View className="st-scan">
        <View className="st-scan__art">
          <Icon name="off" />
        </View>
        <View className="hy-title">没有网络也能记单</View>
        <View className="hy-2 hy-mt1">
          这台设备只记消费、只积分。它存的是验码用的公钥，丢了也伪造不了会员码，店长随时可以停用。
        </View>
      </View>
      {book.waiting.length > 0 && (
        <View className="hy-caption hy-mt3">{`这台设备还有 ${book.waiting.length} 笔没有同步，启用后一起同步。`}</View>
      )}
      {sync.fault?.code === 'TABLET_REVOKED' && <FaultNote fault={sync.fault} />}
      {manager ? (
        <View>
          <View className="hy-chips hy-mt3">
            {job.tills.map((till) => (
              <View key={till.tillId} id={`enrol-${till.tillId}`} className="st-till-chip">
                <Chip on={till.tillId === tillId} onTap={() => setTillId(till.tillId)}>
                  {till.name}
                </Chip>
              </View>
            ))}
          </View>
          <View className="hy-dock">
            {enrolling.fault && <FaultNote fault={enrolling.fault} onRetry={send} />}
            <Button id="offline-enrol" block busy={enrolling.busy} disabled={tillId === ''} onTap={send}>
              启用这台设备
            </Button>
          </View>
        </View>
      ) : (
        <View id="offline-ask" className="hy-2 hy-mt3">
          还没有启用，请店长登录这台设备来启用。
        </View>
      )}
    </Panel>
  )
}
