import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import { go } from '../../lib/nav'
import { useOnline } from '../../lib/network'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import { FindSheet } from './find-sheet'
import type { Counter } from './use-counter'

/** A hand scanner may type the code with its proof into the field, too. */
const LONGEST_CODE = 600
/** The server cannot be reached, whoever is to blame. */
const AWAY = ['OFFLINE', 'SLOW', 'SERVICE_AWAY']
const camera = process.env.TARO_ENV === 'weapp'

/** Step one: the customer's code, by camera, hand scanner or fingers. */
export function ScanPanel({ counter }: { counter: Counter }) {
  const { scanning, scan, scanAgain } = counter
  const { online } = useOnline()
  const away = !online || AWAY.includes(scanning.fault?.code ?? '')
  const [code, setCode] = useState('')
  const [finding, setFinding] = useState(false)
  const send = (digits: string) => {
    // the field is emptied, so that a scanner can type the next code into it
    setCode('')
    if (digits) void scan(digits)
  }
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
        <View className="st-scan">
          <View className="st-scan__art">
            <Icon name="scan" />
          </View>
          <View className="hy-title">请顾客出示会员码</View>
          <View className="hy-2 hy-mt1">{camera ? '对准屏幕上的码扫一下' : '扫码枪直接扫，随时都在听'}</View>
        </View>
        {camera && (
          <View className="hy-dock">
            <Button id="scan-open" block busy={scanning.busy} onTap={() => void byCamera(send)}>
              扫会员码
            </Button>
          </View>
        )}
        <Field
          id="code-input"
          label="也可以输入 18 位会员码"
          type="number"
          value={code}
          maxLength={LONGEST_CODE}
          onInput={setCode}
          onConfirm={() => send(code)}
        />
        <View className="hy-dock">
          <Button
            id="scan-submit"
            block
            kind={camera ? 'secondary' : 'primary'}
            busy={scanning.busy}
            disabled={code === '' && !scanning.busy}
            onTap={() => send(code)}
          >
            确认
          </Button>
          <Button id="find-open" block kind="ghost" onTap={() => setFinding(true)}>
            没带手机，报号查找
          </Button>
        </View>
      </Panel>
      <FindSheet open={finding} counter={counter} onClose={() => setFinding(false)} />
    </View>
  )
}

/** Leaving the camera without a scan is no fault. */
async function byCamera(send: (digits: string) => void): Promise<void> {
  const read = await Taro.scanCode({ onlyFromCamera: true, scanType: ['barCode', 'qrCode'] }).catch(() => null)
  if (read) send(read.result)
}
