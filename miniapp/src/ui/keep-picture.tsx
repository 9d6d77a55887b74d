import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { type PropsWithChildren, useState } from 'react'
import { platform } from '../lib/device'
import { useCommand } from '../lib/query'
import { allowAlbum, download, saveToAlbum } from '../lib/save-picture'
import type { Painted } from '../lib/use-painted'
import { Button } from './button'
import { Icon } from './icon'
import { Sheet } from './sheet'

const say = (title: string) => void Taro.showToast({ title, icon: 'none', duration: 2_000 })

interface KeepWish {
  painted: Painted
  /** What it is called: 海报. */
  noun: string
  fileName: string
  /** Said when it lies in the album. */
  saved: string
  /** Below the buttons, in a browser. */
  hint: string
}

/** Keeps what was painted: in the phone's album, in a browser as a file. Beside it whatever else can be done with it. */
export function KeepPicture({ painted, noun, fileName, saved, hint, children }: PropsWithChildren<KeepWish>) {
  const [refused, setRefused] = useState(false)
  const save = useCommand(async () => {
    if (painted.picture) {
      download(painted.picture, fileName)
      say(`存好了；没有的话，长按${noun}保存`)
      return
    }
    if (!painted.canvas) return
    const end = await saveToAlbum(painted.canvas)
    if (end === 'not_allowed') setRefused(true)
    else if (end !== 'dropped') say(end === 'saved' ? saved : '没有存成，再试一次')
  })
  const allow = useCommand(async () => {
    if (!(await allowAlbum())) return
    setRefused(false)
    await save.run(undefined)
  })
  return (
    <View className="po-actions">
      <View className="po-actions__in">
        <Button
          id="save"
          kind={children ? 'secondary' : 'primary'}
          label="存到相册"
          busy={save.busy}
          disabled={painted.state !== 'done'}
          onTap={() => void save.run(undefined)}
        >
          <Icon name="save" size="m" />
          <View className="po-icon-words">存到相册</View>
        </Button>
        {children}
      </View>
      {platform === 'h5' && <View className="hy-caption hy-3 hy-center hy-mt2">{hint}</View>}
      <Sheet open={refused} onClose={() => setRefused(false)} title="还不能存到相册">
        <View className="hy-2">{`在设置里打开「添加到相册」，${noun}就能存下来。只写这一张，不看你的照片。`}</View>
        <View className="hy-dock">
          <Button id="allow-album" block busy={allow.busy} onTap={() => void allow.run(undefined)}>
            去打开
          </Button>
        </View>
      </Sheet>
    </View>
  )
}
