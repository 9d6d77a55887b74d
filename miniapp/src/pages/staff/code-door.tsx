import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { type PropsWithChildren, useState } from 'react'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'

/** A hand scanner may type the code with its proof into the field, too. */
const LONGEST_CODE = 600
export const camera = process.env.TARO_ENV === 'weapp'

interface CodeDoorWish {
  ids: { camera: string; field: string; submit: string }
  /** What to do, below the title. */
  words: string
  busy?: boolean
  onCode: (digits: string) => void
}

/** Where a customer's code comes in: by camera, hand scanner or fingers. */
export function CodeDoor({ ids, words, busy = false, onCode, children }: PropsWithChildren<CodeDoorWish>) {
  const [code, setCode] = useState('')
  const send = (digits: string) => {
    // the field is emptied, so that a scanner can type the next code into it
    setCode('')
    if (digits) onCode(digits)
  }
  return (
    <View>
      <View className="st-scan">
        <View className="st-scan__art">
          <Icon name="scan" />
        </View>
        <View className="hy-title">请顾客出示会员码</View>
        <View className="hy-2 hy-mt1">{words}</View>
      </View>
      {camera && (
        <View className="hy-dock">
          <Button id={ids.camera} block busy={busy} onTap={() => void byCamera(send)}>
            扫会员码
          </Button>
        </View>
      )}
      <Field
        id={ids.field}
        label="也可以输入 18 位会员码"
        type="number"
        value={code}
        maxLength={LONGEST_CODE}
        onInput={setCode}
        onConfirm={() => send(code)}
      />
      <View className="hy-dock">
        <Button
          id={ids.submit}
          block
          kind={camera ? 'secondary' : 'primary'}
          busy={busy}
          disabled={code === '' && !busy}
          onTap={() => send(code)}
        >
          确认
        </Button>
        {children}
      </View>
    </View>
  )
}

/** Leaving the camera without a scan is no fault. */
async function byCamera(send: (digits: string) => void): Promise<void> {
  const read = await Taro.scanCode({ onlyFromCamera: true, scanType: ['barCode', 'qrCode'] }).catch(() => null)
  if (read) send(read.result)
}
