import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import { platform } from '../../lib/device'
import { useCommand } from '../../lib/query'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import type { Poster } from './poster'
import { allowAlbum, download, type Saved, saveToAlbum } from './save-picture'
import { SendButton } from './send-dock'
import type { Painted } from './use-painted'

const TOLD: Record<Exclude<Saved, 'not_allowed' | 'dropped'>, string> = {
  saved: '存好了，去发给朋友吧',
  failed: '没有存成，再试一次',
}
const say = (title: string) => void Taro.showToast({ title, icon: 'none', duration: 2_000 })

/** Keep it or hand it on. */
export function PosterActions({ poster, painted }: { poster: Poster; painted: Painted }) {
  const [refused, setRefused] = useState(false)
  const save = useCommand(async () => {
    if (painted.picture) {
      download(painted.picture, `${DEMO_POLICY.brand.name}-请你喝第一盏.png`)
      say('存好了；没有的话，长按海报保存')
      return
    }
    if (!painted.canvas) return
    const saved = await saveToAlbum(painted.canvas)
    if (saved === 'not_allowed') setRefused(true)
    else if (saved !== 'dropped') say(TOLD[saved])
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
          kind="secondary"
          label="存到相册"
          busy={save.busy}
          disabled={painted.state !== 'done'}
          onTap={() => void save.run(undefined)}
        >
          <Icon name="save" size="m" />
          <View className="rf-icon-words">存到相册</View>
        </Button>
        <SendButton icon sharePath={`tabs/home/index?${poster.scene}`} />
      </View>
      {platform === 'h5' && <View className="hy-caption hy-3 hy-center hy-mt2">长按海报，也能保存或识别</View>}
      <Sheet open={refused} onClose={() => setRefused(false)} title="还不能存到相册">
        <View className="hy-2">在设置里打开「添加到相册」，海报就能存下来。只写这一张，不看你的照片。</View>
        <View className="hy-dock">
          <Button id="allow-album" block busy={allow.busy} onTap={() => void allow.run(undefined)}>
            去打开
          </Button>
        </View>
      </Sheet>
    </View>
  )
}
