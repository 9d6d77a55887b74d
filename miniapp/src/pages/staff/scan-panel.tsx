import { View } from '@tarojs/components'
import { useState } from 'react'
import { go } from '../../lib/nav'
import { useOnline } from '../../lib/network'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import { CodeDoor, camera } from './code-door'
import { FindSheet } from './find-sheet'
import type { Counter } from './use-counter'

/** The server cannot be reached, whoever is to blame. */
const AWAY = ['OFFLINE', 'SLOW', 'SERVICE_AWAY']
const IDS = { camera: 'scan-open', field: 'code-input', submit: 'scan-submit' }

/** Step one: the customer's code, or a number that is said. */
export function ScanPanel({ counter }: { counter: Counter }) {
  const { scanning, scan, scanAgain } = counter
  const { online } = useOnline()
  const away = !online || AWAY.includes(scanning.fault?.code ?? '')
  const [finding, setFinding] = useState(false)
  return (
    <View>
      {scanning.fault && <FaultNote fault={scanning.fault} onRetry={() => void scanAgain()} />}
      <View>
        {away && (
          <Button id="offline-open" block kind="secondary" onTap={() => go('/pages/staff/offline')}>
            没有网络，离线记单
          </Button>
        )}
      </View>
      <Panel pad>
        <CodeDoor
          ids={IDS}
          words={camera ? '对准屏幕上的码扫一下' : '扫码枪直接扫，随时都在听'}
          busy={scanning.busy}
          onCode={(digits) => void scan(digits)}
        >
          <Button id="find-open" block kind="ghost" onTap={() => setFinding(true)}>
            没带手机，报号查找
          </Button>
        </CodeDoor>
      </Panel>
      <FindSheet open={finding} counter={counter} onClose={() => setFinding(false)} />
    </View>
  )
}
